"""Type-I error of the gate at the boundary, by seeded simulation, and a broken gate that fails the same test.

Every population here has, at every threshold, a true risk just above α: whatever is certified on
the calibration split is an error. The brake of the test split is left out, so what is tested is the proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from rightsizer.evaluation.gate import decide_splits
from rightsizer.evaluation.risk import Split, arrange

RUNS, DELTA, ALPHA = 1000, 0.1, 0.05
RISK = ALPHA * 1.001
LIMIT = DELTA + 3 * math.sqrt(DELTA * (1 - DELTA) / RUNS)

Population = Callable[[np.random.Generator, int], Split]
Gate = Callable[[Split, Split], bool]


def independent(rng: np.random.Generator, n: int) -> Split:
    return arrange(np.arange(n), rng.random(n), (rng.random(n) < RISK).astype(float))


def ties(rng: np.random.Generator, n: int) -> Split:
    """Three confidences only, one of them for two thirds of the calls."""
    confidence = rng.choice([0.2, 0.7, 1.0], n, p=[0.1, 0.25, 0.65])
    return arrange(np.arange(n), confidence, (rng.random(n) < RISK).astype(float))


def skewed(rng: np.random.Generator, n: int) -> Split:
    """Nearly all calls at confidences close to 1, one in five not answered."""
    confidence = np.where(rng.random(n) < 0.2, -1.0, 1 - rng.random(n) ** 8)
    return arrange(np.arange(n), confidence, (rng.random(n) < RISK).astype(float))


def whole_sessions(rng: np.random.Generator, n: int) -> Split:
    """Sessions of five calls, wrong as a whole: the worst dependence there is."""
    session = np.arange(n) // 5
    return arrange(session, rng.random(n), (rng.random(n)[session] < RISK).astype(float))


def mixed_sessions(rng: np.random.Generator, n: int) -> Split:
    """Sessions of 1 to 4 calls whose losses and confidences share a part."""
    session = np.repeat(np.arange(n), rng.integers(1, 5, n))[:n]
    shared = rng.random(n)[session] < 0.5
    loss = np.where(shared, rng.random(n)[session], rng.random(n)) < RISK
    confidence = (rng.random(n)[session] + rng.random(n)) / 2
    return arrange(session, confidence, loss.astype(float))


def long_sessions_worse(rng: np.random.Generator, n: int) -> Split:
    """Sessions of 1 or 3 calls in equal number; only the long ones fail, so weighting by call matters."""
    size = np.where(rng.random(n) < 0.5, 1, 3)
    session = np.repeat(np.arange(n), size)[:n]
    long = np.repeat(size == 3, size)[:n]
    loss = (rng.random(n) < RISK * 4 / 3) & long
    return arrange(session, rng.random(n), loss.astype(float))


def one_sure_call(rng: np.random.Generator, n: int) -> Split:
    """Sessions of 1 to 20 calls of which one is far surer than the others; all share one draw of the loss."""
    session = np.repeat(np.arange(n), rng.integers(1, 21, n))[:n]
    first = np.r_[True, session[1:] != session[:-1]]
    confidence = np.where(first, 0.9 + rng.random(n) / 10, rng.random(n) / 2)
    return arrange(session, confidence, (rng.random(n)[session] < RISK).astype(float))


def the_gate(cal: Split, test: Split) -> bool:
    decision = decide_splits(cal, test, alpha=ALPHA, delta=DELTA, min_coverage=0.05, n_calls=1)
    return any(decision.rejected)


def naive_gate(cal: Split, test: Split) -> bool:
    """Broken on purpose: certifies the first threshold whose observed rate is tolerable."""
    levels = np.quantile(test.confidence[test.confidence >= 0], np.linspace(0, 0.95, 20))
    served = (cal.confidence >= level for level in levels)
    return any(s.any() and cal.loss[s].mean() <= ALPHA for s in served)


def pointwise_gate(cal: Split, test: Split) -> bool:
    """Broken on purpose: exact tests, but each threshold at the whole δ, as if it were the only one."""
    decision = decide_splits(cal, test, alpha=ALPHA, delta=DELTA, min_coverage=0.05, n_calls=1)
    return any(p <= DELTA for p in decision.p_values)


def call_gate(cal: Split, test: Split) -> bool:
    """Broken on purpose: takes the calls of a session for independent."""

    def alone(split: Split) -> Split:
        return arrange(np.arange(split.n_calls), split.confidence, split.loss)

    return the_gate(alone(cal), alone(test))


def error_share(population: Population, n: int, gate: Gate, seed: int, runs: int = RUNS) -> float:
    rng = np.random.default_rng(seed)
    return sum(gate(population(rng, n), population(rng, n // 2)) for _ in range(runs)) / runs


@pytest.mark.parametrize(
    ("population", "n"),
    [
        (independent, 70),
        (independent, 300),
        (ties, 300),
        (skewed, 120),
        (whole_sessions, 300),
        (mixed_sessions, 150),
        (long_sessions_worse, 200),
        (one_sure_call, 700),
        (one_sure_call, 3000),
    ],
)
def test_wrong_certificates_are_at_most_delta(population, n):
    assert error_share(population, n, the_gate, seed=n) <= LIMIT


def test_wrong_certificates_are_at_most_delta_with_many_calls():
    assert error_share(independent, 1500, the_gate, seed=11) <= LIMIT


@pytest.mark.parametrize("population", [independent, whole_sessions])
def test_five_calls_prove_nothing(population):
    assert error_share(population, 8, the_gate, seed=12, runs=200) == 0.0


@pytest.mark.parametrize(
    ("gate", "population"),
    [(naive_gate, independent), (pointwise_gate, independent), (call_gate, whole_sessions)],
)
def test_a_broken_gate_fails_the_same_test(gate, population):
    assert error_share(population, 300, gate, seed=13, runs=300) > LIMIT


def test_a_good_student_is_certified_almost_as_far_as_it_is_good():
    """The case of a 150-intent student: 1.2 % wrong at 93 % served, 3,000 calls, α = 2 %, δ ≈ 6 %."""
    rng = np.random.default_rng(14)

    def draw(n: int) -> Split:
        confidence = rng.random(n)
        risk = np.where(confidence < 0.07, 0.5, np.where(confidence < 0.25, 0.035, 0.0065))
        return arrange(np.arange(n), confidence, (rng.random(n) < risk).astype(float))

    shares = []
    for _ in range(100):
        cal = draw(3000)
        d = decide_splits(cal, draw(1500), alpha=0.02, delta=0.06, min_coverage=0.05, n_calls=1)
        certified = [t for t, ok in zip(d.plan.thresholds, d.rejected, strict=True) if ok]
        shares.append(1 - min(certified, default=1.0))
    assert np.mean(shares) >= 0.90


def test_the_one_sure_call_of_long_sessions_is_proved():
    """A look-up in the first of 14 calls, 1 % wrong, the rest as good as a coin: 250 calibration sessions."""
    rng = np.random.default_rng(15)

    def draw(n: int) -> Split:
        confidence = np.where(np.arange(14 * n) % 14 == 0, 0.9, 0.5) + rng.random(14 * n) / 20
        risk = np.where(confidence > 0.8, 0.01, 0.5)
        return arrange(np.repeat(np.arange(n), 14), confidence, (rng.random(14 * n) < risk).astype(float))

    passed = 0
    for _ in range(100):
        d = decide_splits(draw(250), draw(100), alpha=0.05, delta=0.06, min_coverage=0.02, n_calls=1)
        passed += d.verdict == "pass"
        assert all(t > 0.8 for t, ok in zip(d.plan.thresholds, d.rejected, strict=True) if ok)
    assert passed >= 75
