"""One row of the report: a task with its cost, its verdict, its proof and what moving it would save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rightsizer.economics.assumptions import Assumptions
from rightsizer.economics.prices import PriceRow, PriceTable
from rightsizer.economics.report_types import GridPoint, Proof, TaskRow
from rightsizer.economics.savings import (
    Alternative,
    Movable,
    Range,
    cheap_cost,
    cheapest_for,
    cost_per_call,
    estimate_savings,
    movable,
)
from rightsizer.economics.totals import Spend, Totals
from rightsizer.economics.verdict import deciding_evaluation, task_verdict
from rightsizer.types import Evaluation, Release, Route, Student, Task


def totals_of(task: Task, totals: Totals) -> Spend:
    """Sums over the task's calls; from the task itself where nobody summed by task."""
    if task.id in totals.tasks:
        return totals.tasks[task.id]
    n = max(1, task.n_calls)
    known = task.cost_usd > 0
    return Spend(
        calls=task.n_calls,
        priced_calls=task.n_calls if known else 0,
        input_tokens=task.input_tokens,
        output_tokens=task.output_tokens,
        usd=task.cost_usd,
        low_usd=task.cost_usd,
        high_usd=task.cost_usd,
        largest_input=task.input_tokens / n,
        calls_with_tools=int(task.output == "tool_call"),
    )


@dataclass(frozen=True)
class Context:
    """What all rows share: the rest of the store, prices, assumptions, the log's sums and the unit."""

    students: Mapping[str, Student]
    routes: Mapping[str, Route]
    releases: Mapping[str, Release]
    prices: PriceTable
    assumed: Assumptions
    total: Spend
    scale: float


def build_row(task: Task, spend: Spend, evaluations: Sequence[Evaluation], context: Context) -> TaskRow:
    """The row of one task; `evaluations` are all of this task, of any student."""
    route = context.routes.get(task.id)
    release = context.releases.get(route.release_id) if route else None
    evaluation = deciding_evaluation(evaluations, route)
    verdict, reason = task_verdict(task, evaluation)
    moving = movable(evaluation, task.readiness if verdict == "undecided" else None)
    llm = cheapest_for(spend, context.prices, "llm")
    small = cheapest_for(spend, context.prices, "small")
    total, assumed, scale = context.total, context.assumed, context.scale
    return TaskRow(
        id=task.id,
        name=task.name,
        type=task.type,
        output=task.output,
        calls=spend.calls,
        sessions=len(spend.sessions) or task.n_sessions,
        call_share=spend.calls / max(1, total.calls),
        cost_share=spend.usd / total.usd if total.usd else 0.0,
        input_tokens=round(spend.input_tokens),
        output_tokens=round(spend.output_tokens),
        cost_usd=Range(low=spend.low_usd, point=spend.usd, high=spend.high_usd),
        cost_known=spend.priced_calls > 0,
        models=tuple(sorted(spend.models, key=lambda m: (-spend.models[m][0], m))),
        verdict=verdict,
        reason=reason,
        calls_needed=evaluation.calls_needed if evaluation else None,
        readiness=task.readiness,
        movable=moving.share,
        basis=moving.basis,
        savings=estimate_savings(spend, moving, llm, assumed, scale=scale),
        alternatives=_alternatives(spend, moving, llm, small, assumed, scale),
        proof=_proof(evaluation, context.students) if evaluation else None,
        students_tried=len({e.student_id for e in evaluations}),
        mode=route.mode if route else None,
        live_share=route.share if route else 0.0,
        since=release.created_at if release else None,
    )


def _alternatives(
    spend: Spend,
    moving: Movable,
    llm: PriceRow | None,
    small: PriceRow | None,
    assumed: Assumptions,
    scale: float,
) -> tuple[Alternative, ...]:
    """The task's calls answered by the incumbent, by student + incumbent, and by untrained cheaper models."""
    if spend.priced_calls == 0:
        return ()
    per_call = cost_per_call(spend)
    now = per_call.scaled(spend.priced_calls * scale)
    made = [
        Alternative(kind="incumbent", label="Incumbent LLM", usd=now, model=", ".join(list(spend.models)[:2]))
    ]
    if moving.basis == "certified":
        made.append(
            Alternative(
                kind="student",
                label="Student + incumbent",
                usd=_with_student(per_call, moving.share, assumed).scaled(spend.priced_calls * scale),
                note="certified share on the student, the rest on the incumbent",
            )
        )
    for kind, label, row in (
        ("cheap_llm", "Cheapest untrained LLM", llm),
        ("small_model", "Cheapest untrained small model", small),
    ):
        if row is not None:
            made.append(
                Alternative.model_validate(
                    {
                        "kind": kind,
                        "label": label,
                        "model": row.model,
                        "provider": row.provider,
                        "usd": cheap_cost(spend, row).scaled(spend.priced_calls * scale),
                        "as_of": row.as_of,
                        "note": "quality not measured",
                    }
                )
            )
    return tuple(made)


def _with_student(per_call: Range, share: Range, assumed: Assumptions) -> Range:
    """Cost of a mean call when `share` is served: student CPU, audit, and the LLM for the rest."""
    low, point, high = assumed.serving_usd()

    def mixed(served: float, llm: float, cpu: float) -> float:
        return served * (cpu + assumed.audit_share * llm) + (1 - served) * llm

    return Range(
        low=mixed(share.high, per_call.low, low),
        point=mixed(share.point, per_call.point, point),
        high=mixed(share.low, per_call.high, high),
    )


def _proof(evaluation: Evaluation, students: Mapping[str, Student]) -> Proof:
    student = students.get(evaluation.student_id)
    return Proof(
        student_id=evaluation.student_id,
        evaluation_id=evaluation.id,
        rung=student.rung if student else None,
        method=student.method if student else "",
        size_bytes=student.size_bytes if student else 0,
        train_s=student.train_s if student else 0.0,
        alpha=evaluation.alpha,
        delta=evaluation.delta,
        threshold=evaluation.threshold,
        coverage=evaluation.coverage,
        agreement=evaluation.agreement,
        agreement_low=evaluation.agreement_low,
        n_calibration=evaluation.n_calibration,
        n_test=evaluation.n_test,
        n_sessions_calibration=evaluation.n_sessions_calibration,
        n_sessions_test=evaluation.n_sessions_test,
        grid=grid_points(evaluation.grid),
        baselines=evaluation.baselines,
    )


def grid_points(grid: Sequence[Mapping[str, float]]) -> tuple[GridPoint, ...]:
    """The examined thresholds that say coverage and risk, by growing coverage."""
    points = [
        GridPoint(
            coverage=g["coverage"],
            risk=g["risk"],
            risk_high=g.get("risk_upper"),
            threshold=g.get("threshold"),
        )
        for g in grid
        if "coverage" in g and "risk" in g
    ]
    return tuple(sorted(points, key=lambda p: (p.coverage, p.risk)))
