"""What moving a task would save, as a range with its assumptions: never one number without its edges.

The share of a task's calls that can move comes from its certificate (coverage on the test split, with a
Wilson 95 % interval over sessions); where nothing has been evaluated there is only a guess from the task's
readiness, and it says so. Savings are given against the incumbent *and* against the cheapest untrained
models, whose quality nobody has measured here: a student that loses to a cheap LLM on price is not worth it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from rightsizer.economics.assumptions import DAYS_PER_MONTH, Assumptions
from rightsizer.economics.prices import PriceRow, PriceTable, cheapest
from rightsizer.economics.tokens import SPREAD
from rightsizer.economics.totals import Spend
from rightsizer.stats import wilson
from rightsizer.types import Evaluation, Frozen

Basis = Literal["certified", "readiness", "none"]


class Range(Frozen):
    """A quantity with its edges: `low` ≤ `point` ≤ `high`."""

    low: float
    point: float
    high: float

    def scaled(self, factor: float) -> Range:
        """The range in another unit; `factor` ≥ 0."""
        return Range(low=self.low * factor, point=self.point * factor, high=self.high * factor)

    @classmethod
    def total(cls, ranges: Sequence[Range]) -> Range:
        """The sum; edges are added as if all errors went the same way, which is the widest it can be."""
        return cls(
            low=sum(r.low for r in ranges),
            point=sum(r.point for r in ranges),
            high=sum(r.high for r in ranges),
        )


ZERO = Range(low=0.0, point=0.0, high=0.0)


class Movable(Frozen):
    """The share of a task's calls that a student may serve, and where that figure comes from."""

    share: Range
    basis: Basis


class Alternative(Frozen):
    """All calls of a task (or of the log) answered one way, and what that costs in the report's unit."""

    kind: Literal["incumbent", "student", "cheap_llm", "small_model"]
    label: str
    model: str = ""
    provider: str = ""
    usd: Range
    as_of: str = ""
    note: str = ""


class BreakEven(Frozen):
    """Calls of a task a day from which its fixed costs are paid. `high` None: at worst, never."""

    low: float
    point: float
    high: float | None = None


class Savings(Frozen):
    """What moving one task's calls to a student saves on the bill, in the report's unit.

    `gross` is LLM spend avoided less the student's CPU and the audit; people and reserved machines are
    in `fixed_usd_month` and in the break-even, which needs volume: calls of the task a day.
    """

    gross: Range
    vs_cheap_llm: Range | None = None
    fixed_usd_month: float = 0.0
    break_even_calls_per_day: BreakEven | None = Field(default=None, description="against the incumbent")
    break_even_vs_cheap_llm: float | None = Field(default=None, description="None: never pays against it")


def movable(evaluation: Evaluation | None, readiness: float | None) -> Movable:
    """The share that can move: certified coverage with its interval, else a guess from readiness."""
    if evaluation is not None and evaluation.verdict == "pass":
        low, high = coverage_interval(evaluation.coverage, evaluation.n_sessions_test or evaluation.n_test)
        return Movable(share=Range(low=low, point=evaluation.coverage, high=high), basis="certified")
    failed = evaluation is not None and evaluation.verdict == "fail"
    if failed or not readiness:
        return Movable(share=ZERO, basis="none")
    return Movable(share=Range(low=0.0, point=readiness / 2, high=readiness), basis="readiness")


def coverage_interval(share: float, n: int) -> tuple[float, float]:
    """95 % interval of the coverage seen on `n` independent sessions (Wilson 1927; for display)."""
    low, high = wilson(round(share * n), n)
    return min(share, low), max(share, high)


def estimate_savings(
    spend: Spend, moving: Movable, cheap: PriceRow | None, assumptions: Assumptions, *, scale: float
) -> Savings:
    """Savings on one task.

    Args:
        spend: what its calls in the log cost.
        cheap: the cheapest untrained LLM that could take them, or None.
        scale: factor from the log to the report's unit (a month, or 1,000 calls).
    """
    per_call = cost_per_call(spend)
    serving = assumptions.serving_usd()
    calls = spend.priced_calls * scale
    keep = 1 - assumptions.audit_share
    gain = Range(
        low=per_call.low * keep - serving[2],
        point=per_call.point * keep - serving[1],
        high=per_call.high * keep - serving[0],
    )
    fixed = assumptions.fixed_usd_month(1)
    gross = _times(moving.share.scaled(calls), gain)
    if cheap is None or spend.priced_calls == 0:
        return Savings(
            gross=gross, fixed_usd_month=fixed, break_even_calls_per_day=_break_even(fixed, moving, gain)
        )
    rival = cheap_cost(spend, cheap)
    margin = Range(low=rival.low - serving[2], point=rival.point - serving[1], high=rival.high - serving[0])
    pays = moving.share.point * margin.point
    return Savings(
        gross=gross,
        vs_cheap_llm=_times(moving.share.scaled(calls), margin),
        fixed_usd_month=fixed,
        break_even_calls_per_day=_break_even(fixed, moving, gain),
        break_even_vs_cheap_llm=fixed / DAYS_PER_MONTH / pays if pays > 0 else None,
    )


def cost_per_call(spend: Spend) -> Range:
    """Mean cost of a call whose price is known."""
    n = spend.priced_calls
    return ZERO if n == 0 else Range(low=spend.low_usd, point=spend.usd, high=spend.high_usd).scaled(1 / n)


def cheap_cost(spend: Spend, row: PriceRow) -> Range:
    """Mean cost of such a call on another model: the same tokens at its list price.

    Its tokenizer and its answers differ, so the tokens are taken as ± `SPREAD` even where logged.
    """
    n = max(1, spend.calls)
    usd = row.usd(spend.input_tokens / n, spend.output_tokens / n)
    return Range(low=usd * (1 - SPREAD), point=usd, high=usd * (1 + SPREAD))


def cheapest_for(spend: Spend, table: PriceTable, kind: Literal["llm", "small"]) -> PriceRow | None:
    """The cheapest untrained model that could take these calls: context, tools, mean tokens."""
    n = max(1, spend.calls)
    return cheapest(
        table,
        input_tokens=spend.input_tokens / n,
        output_tokens=spend.output_tokens / n,
        context_tokens=int(spend.largest_input * 1.25),
        tools=spend.calls_with_tools > 0,
        kind=kind,
    )


def _times(share: Range, gain: Range) -> Range:
    """Product of a share ≥ 0 and a gain that may be negative."""
    corners = [s * g for s in (share.low, share.high) for g in (gain.low, gain.high)]
    return Range(low=min(corners), point=share.point * gain.point, high=max(corners))


def _break_even(fixed_month: float, moving: Movable, gain: Range) -> BreakEven | None:
    """Calls of the task a day from which its fixed costs are paid; None when it never pays."""
    day = fixed_month / DAYS_PER_MONTH
    worst, point, best = (
        moving.share.low * gain.low,
        moving.share.point * gain.point,
        moving.share.high * gain.high,
    )
    if point <= 0:
        return None
    return BreakEven(low=day / best, point=day / point, high=day / worst if worst > 0 else None)
