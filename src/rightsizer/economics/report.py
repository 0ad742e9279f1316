"""The report: what the agent does, what it costs, what can move and what should stay, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from rightsizer.economics.advice import advise, title
from rightsizer.economics.assumptions import DAYS_PER_MONTH, Assumptions
from rightsizer.economics.by_type import estimate_by_type
from rightsizer.economics.prices import PriceTable
from rightsizer.economics.report_types import Headline, LogSummary, ModelRow, Report, TaskRow
from rightsizer.economics.savings import Alternative, Range
from rightsizer.economics.task_rows import Context, build_row, totals_of
from rightsizer.economics.tokens import SPREAD
from rightsizer.economics.totals import Spend, Totals
from rightsizer.economics.verdict import decide_each
from rightsizer.economics.wording import share
from rightsizer.types import Evaluation, Funnel, Release, Route, Student, Task

__all__ = ["Report", "Totals", "build_report"]

MIN_SPAN_DAYS = 1.0  # a shorter log has not seen a day's rhythm: no monthly projection from it

LIMITS = (
    "Agreement with the incumbent LLM is not correctness: a faithful student repeats its mistakes.",
    "The proof holds for calls like those recorded: if the traffic changes, it must be checked again.",
    "The bound is on the mean over served calls, not on any single call.",
    "It is a bound with a stated confidence, over all decisions taken so far; it is not certainty.",
    "Savings are list prices times tokens: discounts, batch and priority tiers are not in them.",
    "Nobody has measured here how well the cheapest untrained models answer these calls.",
)


def build_report(
    *,
    tasks: Sequence[Task],
    evaluations: Sequence[Evaluation],
    students: Sequence[Student],
    totals: Totals,
    prices: PriceTable,
    now: datetime,
    releases: Sequence[Release] = (),
    routes: Sequence[Route] = (),
    funnel: Funnel | None = None,
    core_hour_usd: float = 0.05,
    assumptions: Assumptions | None = None,
) -> Report:
    """Everything the report says, as data.

    Args:
        tasks: the tasks to report on (one level, so that no call is counted twice).
        totals: sums over the log; with sums by task (`Totals.add(call, cost, task_id)`) ranges, models
            and the cheap alternatives are exact for each task, else they follow from the task's own sums.
        funnel: the last run of curation, if there was one.
        assumptions: inputs of the projections; default `Assumptions(core_hour_usd=core_hour_usd)`.
    """
    assumed = assumptions or Assumptions(core_hour_usd=core_hour_usd)
    unit, scale = projection(totals.all)
    context = Context(
        students={s.id: s for s in students},
        routes={r.task_id: r for r in routes},
        releases={r.id: r for r in releases},
        prices=prices,
        assumed=assumed,
        total=totals.all,
        scale=scale,
    )
    rows = []
    for task in tasks:
        own = [e for e in evaluations if e.task_id == task.id]
        rows.append(build_row(task, totals_of(task, totals), own, context))
    rows.sort(key=lambda r: (-r.cost_usd.point, -r.calls, r.name))
    head = headline(rows, totals.all, assumed, unit=unit, scale=scale)
    ways = alternatives(rows)
    return Report(
        generated_at=now,
        title=title(head, totals.all, n_tasks=len(rows)),
        advice=advise(head, ways, unit, tuple(totals.all.unpriced_models)),
        unit=unit,
        scale=scale,
        log=summarise(totals),
        headline=head,
        by_type=estimate_by_type(
            [_with_shares(t, totals) for t in tasks],
            total_tokens=totals.all.input_tokens + totals.all.output_tokens,
            evaluations=decide_each(tasks, evaluations, routes),
        ),
        tasks=tuple(rows),
        alternatives=ways,
        funnel=funnel,
        assumptions=(*projection_notes(totals.all, unit), *assumed.sentences()),
        limits=LIMITS,
        price_notes=price_notes(totals),
        prices_as_of=prices.as_of,
        price_sources=prices.sources,
    )


def _with_shares(task: Task, totals: Totals) -> Task:
    """The task with its shares of the log as it is now, not as it was when tasks were found."""
    own, every = totals_of(task, totals), totals.all
    share_of_calls = own.calls / max(1, every.calls)
    return task.model_copy(
        update={
            "call_share": share_of_calls,
            "cost_share": own.usd / every.usd if every.usd else share_of_calls,
            "input_tokens": round(own.input_tokens),
            "output_tokens": round(own.output_tokens),
        }
    )


def projection(spend: Spend) -> tuple[Literal["month", "1,000 calls"], float]:
    """The unit of all projections, and the factor from sums over the log to it."""
    span = spend.span_days
    if span is not None and span >= MIN_SPAN_DAYS:
        return "month", DAYS_PER_MONTH / span
    return "1,000 calls", 1000 / max(1, spend.calls)


def projection_notes(spend: Spend, unit: str) -> tuple[str, ...]:
    """How the log became a projection, in sentences."""
    if unit == "month" and spend.span_days is not None:
        first = (
            f"A month is this log's traffic continued unchanged: "
            f"{spend.calls:,} calls in {spend.span_days:,.1f} days."
        )
    elif spend.span_days is not None:
        first = "The log spans less than a day, so sums are per 1,000 calls and not per month."
    else:
        first = "Too few calls carry a time, so sums are per 1,000 calls and not per month."
    notes = [first]
    if spend.estimated_calls:
        estimated = spend.estimated_calls / max(1, spend.calls)
        off = f"± {SPREAD * 100:g} %"
        notes.append(f"Tokens of {share(estimated)} of the calls are estimated from their characters, {off}.")
    return tuple(notes)


def summarise(totals: Totals) -> LogSummary:
    """The log in figures."""
    spend = totals.all
    models = sorted(spend.models.items(), key=lambda m: (-(m[1][1] or 0.0), -m[1][0], m[0]))
    return LogSummary(
        calls=spend.calls,
        sessions=len(spend.sessions),
        input_tokens=round(spend.input_tokens),
        output_tokens=round(spend.output_tokens),
        cached_input_tokens=round(spend.cached_input_tokens),
        estimated_calls=spend.estimated_calls,
        unpriced_calls=spend.calls - spend.priced_calls,
        cost_usd=Range(low=spend.low_usd, point=spend.usd, high=spend.high_usd),
        first_at=spend.first_at,
        last_at=spend.last_at,
        span_days=spend.span_days,
        models=tuple(
            ModelRow(model=m, calls=n, usd=usd, note=totals.notes.get(m, "")) for m, (n, usd) in models
        ),
    )


def headline(
    rows: Sequence[TaskRow], total: Spend, assumed: Assumptions, *, unit: str, scale: float
) -> Headline:
    """The figures a reader takes away."""
    proved = [r for r in rows if r.verdict == "replace"]
    open_ = [r for r in rows if r.verdict == "undecided"]
    saving = Range.total([r.savings.gross for r in proved])
    rivals = [r.savings.vs_cheap_llm for r in proved if r.savings.vs_cheap_llm is not None]
    fixed = assumed.fixed_usd_month(len(proved))
    net = None
    if unit == "month" and proved:
        net = Range(low=saving.low - fixed, point=saving.point - fixed, high=saving.high - fixed)
    setup = assumed.setup_usd(len(proved))
    calls = max(1, total.calls)
    return Headline(
        cost=Range(low=total.low_usd, point=total.usd, high=total.high_usd).scaled(scale),
        proved_saving=saving,
        proved_saving_vs_cheap_llm=Range.total(rivals) if rivals else None,
        possible_saving=Range.total([r.savings.gross for r in open_]),
        net_saving_month=net,
        setup_usd=setup,
        payback_days=setup / (net.point / DAYS_PER_MONTH) if net is not None and net.point > 0 else None,
        n_replace=len(proved),
        n_keep=sum(r.verdict == "keep" for r in rows),
        n_undecided=len(open_),
        n_live=sum(r.mode == "live" for r in rows),
        calls_movable=Range.total([r.movable.scaled(r.calls / calls) for r in proved]),
        calls_outside=max(0.0, 1 - sum(r.calls for r in rows) / calls),
    )


def alternatives(rows: Sequence[TaskRow]) -> tuple[Alternative, ...]:
    """The tasks that can move, answered each way, summed."""
    proved = [r for r in rows if r.verdict == "replace" and r.alternatives]
    made = []
    for kind in ("incumbent", "student", "cheap_llm", "small_model"):
        parts = [a for r in proved for a in r.alternatives if a.kind == kind]
        if len(parts) != len(proved) or not parts:
            continue  # not every task has this alternative: the sum would compare unequal things
        models = sorted({a.model for a in parts if a.model})
        shown = ", ".join(models[:3]) + (f" and {len(models) - 3} more" if len(models) > 3 else "")
        made.append(parts[0].model_copy(update={"usd": Range.total([a.usd for a in parts]), "model": shown}))
    return tuple(made)


def price_notes(totals: Totals) -> tuple[str, ...]:
    """How names were priced where not exactly, and which have no price at all."""
    unknown = [
        f"{model}: no known price; its {n:,} calls are in no sum of money"
        for model, n in totals.all.unpriced_models.items()
    ]
    return (*unknown, *(note for _, note in sorted(totals.notes.items())))
