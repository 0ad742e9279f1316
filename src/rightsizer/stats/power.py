"""How much more would have to be seen before a decision."""

from __future__ import annotations

from rightsizer.stats.require import require_counts, require_open_unit

LARGEST = 10_000_000


def calls_needed(
    losses: int, n: int, alpha: float, delta: float, *, power: float = 0.8, doubt: float = 0.0
) -> int | None:
    """Size of the sample (not the addition to it) at which the exact test would show rate < alpha.

    Takes the observed rate losses / n as the truth, so without a loss it is the least that could
    suffice, and nothing about how the student would improve; None where nothing was seen, that rate is
    not below alpha, or more than ten million are needed. `power` is the chance that such a sample
    suffices. `doubt` losses more in as many calls more are taken to have been seen: .5 is the middle of what
    may be true. From the exact binomial test.
    """
    require_counts(losses, n)
    for name, value in (("alpha", alpha), ("delta", delta), ("power", power)):
        require_open_unit(name, value)
    if n == 0:
        return None
    rate = (losses + doubt) / (n + doubt)
    if rate >= alpha:
        return None
    low, high = 0, 16
    while not _suffices(high, rate, alpha, delta, power):
        low, high = high, 2 * high
        if high > LARGEST:
            return None
    while high - low > max(1, high // 200):  # the saw-tooth of the exact test makes more precision idle
        middle = (low + high) // 2
        low, high = (low, middle) if _suffices(middle, rate, alpha, delta, power) else (middle, high)
    return high


def _suffices(n: int, rate: float, alpha: float, delta: float, power: float) -> bool:
    """P(the exact test at level delta rejects | n, rate) ≥ power."""
    from scipy.special import bdtr

    low, high = -1, n  # the largest k that rejects lies in [low, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if float(bdtr(middle, n, alpha)) <= delta else (low, middle)
    return low >= 0 and float(bdtr(low, n, rate)) >= power
