"""The ledger of δ: its sum, and a simulated lifetime of tasks, retrainings and looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rightsizer.errors import InputError
from rightsizer.evaluation.gate import decide_splits
from rightsizer.evaluation.risk import arrange
from rightsizer.evaluation.spending import next_batch, spent
from rightsizer.types import DeltaBatch


def test_a_thousand_batches_stay_below_the_total():
    ledger: list[DeltaBatch] = []
    for _ in range(1000):
        ledger.append(next_batch(ledger, 3, total=0.1))
    assert 0.099 < spent(ledger) <= 0.1
    assert [b.number for b in ledger] == list(range(1, 1001))


def test_a_batch_is_split_equally_over_its_decisions():
    batch = next_batch([], 4, total=0.1)
    assert batch.delta == pytest.approx(0.1 * 6 / math.pi**2)
    assert batch.delta_each * 4 == pytest.approx(batch.delta)


def test_order_of_the_ledger_does_not_matter_and_numbers_never_repeat():
    first = next_batch([], 1, total=0.1)
    second = next_batch([first], 1, total=0.1)
    third = next_batch([second, first], 1, total=0.1)
    assert third.number == 3
    assert third.delta == pytest.approx(first.delta / 9)


def test_a_total_made_smaller_later_is_held_from_there_on():
    first = next_batch([], 1, total=0.5)
    with pytest.raises(InputError, match="is spent"):
        next_batch([first], 1, total=0.1)


@pytest.mark.parametrize(("n", "total"), [(0, 0.1), (1, 0.0), (1, 1.0), (1, math.nan)])
def test_impossible_batches_are_refused(n, total):
    with pytest.raises(InputError):
        next_batch([], n, total=total)


@pytest.mark.parametrize(("ledger_used", "holds"), [(True, True), (False, False)])
def test_a_lifetime_of_retrainings_certifies_a_bad_student_at_most_once_in_ten(ledger_used, holds):
    """3 tasks × 3 retrainings, each student just above α. Without the ledger the same test must fail."""
    rng, delta, alpha, lives = np.random.default_rng(21), 0.1, 0.05, 200
    wrong = 0
    for _ in range(lives):
        ledger: list[DeltaBatch] = []
        bad = False
        for _ in range(3):
            ledger.append(next_batch(ledger, 3, total=delta))
            each = ledger[-1].delta_each if ledger_used else delta
            for _ in range(0 if bad else 3):
                cal, test = (
                    arrange(np.arange(n), rng.random(n), (rng.random(n) < alpha * 1.001).astype(float))
                    for n in (150, 80)
                )
                decision = decide_splits(cal, test, alpha=alpha, delta=each, min_coverage=0.05, n_calls=1)
                bad = bad or any(decision.rejected)
        wrong += bad
    assert (wrong / lives <= delta + 3 * math.sqrt(delta * (1 - delta) / lives)) is holds
