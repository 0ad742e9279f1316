"""The gate: may this student serve, and from which confidence on?

Learn-then-Test (Angelopoulos, Bates, Candès, Jordan & Lei 2021): each threshold of a family fixed in
advance is a hypothesis "the risk of serving above it is at least α"; the lowest threshold whose hypothesis
is rejected, with the family-wise error held at δ by a fallback chain, is certified. The test split, touched
once, can only take a pass back. See docs/decisions/0008-gate.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rightsizer.errors import InputError
from rightsizer.evaluation.plan import CURRENT, Family, Plan, make_plan
from rightsizer.evaluation.reason import explain
from rightsizer.evaluation.risk import Risk, Split, make_split, p_above, p_below, risk_at
from rightsizer.stats import binomial_upper, calls_needed, fallback, p_at_least
from rightsizer.stats.require import require_open_unit
from rightsizer.types import Score, Verdict

FORESEEABLE = 100  # a need of more than so many times the log is no advice to anybody
DOUBT = 0.5  # of a loss: none of 20 is no rate of 0
GROWTH_STEP = 1.01  # how finely the growth of a log is tried
Growth = Callable[[float], float]  # a log so many times as large → the calibration split, so many times

CONTRADICTION = 0.05  # level at which the test split takes a pass back; costs power, never validity


@dataclass(frozen=True)
class Decision:
    """What follows from the scores of both splits, and nothing else. `chosen` indexes the plan."""

    verdict: Verdict
    reason: str
    threshold: float | None
    chosen: int | None
    plan: Plan
    calibration: tuple[Risk, ...]
    test: tuple[Risk, ...]
    p_values: tuple[float, ...]
    levels: tuple[float, ...]
    rejected: tuple[bool, ...]
    n_calibration: int
    n_test: int
    n_sessions_calibration: int
    n_sessions_test: int
    calls_needed: int | None


def decide(
    calibration: Sequence[Score],
    test: Sequence[Score],
    *,
    alpha: float,
    delta: float,
    min_coverage: float,
    n_calls: int | None = None,
    family: Family = CURRENT,
    growth: Growth = float,
) -> Decision:
    """The decision, recomputable by anyone who holds the scores in the same order.

    Args:
        alpha: tolerated mean loss of served calls.
        delta: chance that a threshold with more than that is certified.
        min_coverage: a student that could serve a smaller share of calls is not worth it.
        n_calls: calls in the whole dataset, to state `calls_needed` in calls of the task.
        family: the rules of the plan, fixed in advance.
        growth: how the calibration split grows with the log, for `calls_needed`; in proportion if not said.

    Raises:
        InputError: a parameter out of range, a loss that is not 0 or 1, a call in both splits.
    """
    _check(calibration, test)
    n_calls = n_calls or len(calibration) + len(test)
    return decide_splits(
        make_split(calibration),
        make_split(test),
        alpha=alpha,
        delta=delta,
        min_coverage=min_coverage,
        n_calls=n_calls,
        family=family,
        growth=growth,
    )


def decide_splits(
    cal: Split,
    held_out: Split,
    *,
    alpha: float,
    delta: float,
    min_coverage: float,
    n_calls: int,
    family: Family = CURRENT,
    growth: Growth = float,
) -> Decision:
    """`decide` on arrays."""
    require_open_unit("alpha", alpha)
    require_open_unit("delta", delta)
    if not 0.0 <= min_coverage <= 1.0:
        raise InputError(f"min_coverage is {min_coverage}, not a share")
    plan = make_plan(
        held_out, cal.n_sessions, alpha=alpha, delta=delta, min_coverage=min_coverage, family=family
    )
    at = tuple(zip(plan.thresholds, plan.caps, strict=True))
    risks = tuple(risk_at(cal, threshold, cap) for threshold, cap in at)
    test_risks = tuple(risk_at(held_out, threshold, cap) for threshold, cap in at)
    p_values = tuple(
        p_below(risk, alpha, cap, stakes)
        for risk, cap, stakes in zip(risks, plan.caps, plan.stakes, strict=True)
    )
    chain = fallback(p_values, plan.weights, delta)
    chosen = max((i for i, r in enumerate(chain.rejected) if r), default=None)
    verdict, why = _verdict(cal, plan, risks, test_risks, chosen, alpha, delta, min_coverage)
    more, enough = None, 0
    if verdict == "undecided":
        more, enough = _more_calls(risks, alpha, delta, n_calls, growth)
    return Decision(
        verdict=verdict,
        reason=explain(why, risks, p_values, chosen, test_risks, cal, alpha, min_coverage, more, enough),
        threshold=plan.thresholds[chosen] if chosen is not None and verdict == "pass" else None,
        chosen=chosen if verdict == "pass" else None,
        plan=plan,
        calibration=risks,
        test=test_risks,
        p_values=p_values,
        levels=chain.levels,
        rejected=chain.rejected,
        n_calibration=cal.n_calls,
        n_test=held_out.n_calls,
        n_sessions_calibration=cal.n_sessions,
        n_sessions_test=held_out.n_sessions,
        calls_needed=more,
    )


def _check(calibration: Sequence[Score], test: Sequence[Score]) -> None:
    for score in (*calibration, *test):
        if score.loss not in (0.0, 1.0) or not 0.0 <= score.confidence <= 1.0:
            raise InputError(f"the score of {score.call_id} has a loss or confidence out of range")
    if {s.group for s in calibration} & {s.group for s in test}:
        raise InputError(
            "a session is in the calibration and in the test split",
            hint="split the dataset by session (or by the group key) again",
        )


def _verdict(
    cal: Split,
    plan: Plan,
    risks: Sequence[Risk],
    test: Sequence[Risk],
    chosen: int | None,
    alpha: float,
    delta: float,
    min_coverage: float,
) -> tuple[Verdict, str]:
    """Verdict and a slug of why."""
    if chosen is not None:
        # every served call counts here, however long its session: a brake may be crude, a proof may not
        against = p_at_least(test[chosen].losses, test[chosen].served, alpha)
        return ("fail", "contradicted") if against <= CONTRADICTION else ("pass", "proved")
    answering = risk_at(cal, 0.0, 1).sessions  # sessions in which the student answers anything
    if cal.n_sessions and binomial_upper(answering, cal.n_sessions, delta) < min_coverage:
        return "fail", "abstains"
    if not plan.thresholds or not cal.n_calls:
        return "undecided", "too-few"
    if all(p_above(r, alpha, cap) <= delta for r, cap in zip(risks, plan.caps, strict=True)):
        return "fail", "disagrees"
    return "undecided", "unproved"


def _more_calls(
    risks: Sequence[Risk], alpha: float, delta: float, n_calls: int, growth: Growth
) -> tuple[int | None, int]:
    """Calls of the task needed beyond the present ones at the threshold that needs the fewest, and how many
    served calibration sessions those are in all.

    Half a loss more than were seen is allowed for; where nothing could be proved then, what was seen is
    taken for the truth, and the number is a lower bound.
    """
    for doubt in (DOUBT, 0.0):
        needs = []
        for risk in risks:
            losses = round(risk.losses / max(1, risk.served) * risk.sessions)
            enough = calls_needed(losses, risk.sessions, alpha, delta / 4, doubt=doubt)
            times = None if enough is None else _times(enough / risk.sessions, growth)
            if enough is not None and times is not None:
                needs.append((max(1, round(n_calls * (times - 1))), enough))
        if needs:
            return min(needs)
    return None, 0


def _times(wanted: float, growth: Growth) -> float | None:
    """How many times as large the log must be for the calibration split to be `wanted` times as large.

    A split that follows the number of sessions need not grow with the log: where few sessions calibrate on
    half, more of them calibrate on less. None where the log would have to be beyond what is foreseeable.
    """
    times = wanted if growth(wanted) >= wanted else 1.0
    while growth(times) < wanted and times <= 1 + FORESEEABLE:
        times *= GROWTH_STEP
    return times if times <= 1 + FORESEEABLE else None
