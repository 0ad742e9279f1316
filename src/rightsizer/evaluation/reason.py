"""The gate's verdict in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from rightsizer.evaluation.risk import Risk, Split


def explain(
    why: str,
    risks: Sequence[Risk],
    p_values: Sequence[float],
    chosen: int | None,
    test: Sequence[Risk],
    cal: Split,
    alpha: float,
    min_coverage: float,
    more: int | None,
    enough: int,
) -> str:
    """One or two plain sentences for a verdict's slug `why`."""
    if why == "proved" and chosen is not None:
        return f"proved: {_observed(risks[chosen], cal)} on calibration, at most {alpha:.1%} tolerated"
    if why == "contradicted" and chosen is not None:
        at = test[chosen]
        return (
            f"the test split contradicts the calibration split: {at.losses} of {at.served} served calls "
            f"disagree there, at most {alpha:.1%} tolerated"
        )
    if why == "abstains":
        return f"the student answers too rarely: less than {min_coverage:.1%} of calls could be served"
    if why == "too-few":
        return "nothing to judge from: no calibration calls, or no answered calls in the test split"
    tried = [(p, -r.served, r) for p, r in zip(p_values, risks, strict=True) if r.served]
    best = min(tried, key=lambda row: row[:2])[2] if tried else None
    seen = f"; best: {_observed(best, cal)}" if best else ""
    if why == "disagrees":
        return f"disagrees with the LLM more than {alpha:.1%} at every threshold{seen}"
    if more is None:
        return f"no threshold shows less than {alpha:.1%} disagreement{seen}; more calls alone may not help"
    return (
        f"not enough evidence for at most {alpha:.1%} disagreement{seen}; at least {more:,} more calls "
        f"needed ({enough:,} calibration sessions in which it serves; there are {cal.n_sessions:,})"
    )


def _observed(risk: Risk, cal: Split) -> str:
    return (
        f"{risk.served / cal.n_calls:.1%} of calls served with {risk.losses} of {risk.served} disagreeing "
        f"({risk.sessions} sessions)"
    )
