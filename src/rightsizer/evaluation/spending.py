"""Spending δ over every gate decision that is ever taken in a home: tasks, retrainings, second looks.

Batch b (1, 2, …) of decisions gets δ·6/(π²b²), because Σ 1/b² = π²/6, split equally over its decisions;
so the chance that any certificate ever issued is wrong stays ≤ δ by the union bound, however many
batches follow and whatever made somebody look again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from rightsizer.errors import InputError
from rightsizer.stats.require import require_open_unit
from rightsizer.types import DeltaBatch, new_id


def next_batch(ledger: Sequence[DeltaBatch], n_decisions: int, *, total: float) -> DeltaBatch:
    """The next entry of the ledger; store it *before* deciding, so that a crash spends and never saves.

    Args:
        ledger: all entries so far, in any order.
        n_decisions: gate decisions (students) that this batch will take, ≥ 1.
        total: δ of the home. A total smaller than what a former batch assumed is held from here on:
            the entry never takes more than what is left of it.

    Raises:
        InputError: no decision, a total outside (0, 1), or nothing is left of the total.
    """
    if n_decisions < 1:
        raise InputError("a batch of no decisions spends nothing")
    require_open_unit("delta", total)
    number = 1 + max((entry.number for entry in ledger), default=0)
    share = batch_delta(total, number)
    share = min(share, total - spent(ledger))
    if share <= 0:
        raise InputError(
            f"all of delta = {total:g} is spent by {len(ledger)} earlier batches",
            hint="raise gate.delta: earlier decisions were taken under a larger one",
        )
    return DeltaBatch(
        id=new_id("delta"),
        number=number,
        n_decisions=n_decisions,
        delta=share,
        delta_each=share / n_decisions,
        total=total,
        created_at=datetime.now(UTC),
    )


def batch_delta(total: float, number: int) -> float:
    """δ of the batch of this number, 1 the first."""
    return total * 6.0 / (math.pi**2 * number**2)


def spent(ledger: Sequence[DeltaBatch]) -> float:
    """δ spent so far."""
    return math.fsum(entry.delta for entry in ledger)
