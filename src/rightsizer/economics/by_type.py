"""Which share of the calls, tokens and cost could move to small models, by kind of call.

The estimate that Belcak et al. (2025, arXiv 2506.02153, appendix B) give by judgement for three agents, here
reckoned from a log and with an interval: proved coverage where a student passed the gate, nothing where the
verdict is to keep the LLM, and the task's readiness, a forecast, where nothing is decided yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import Field

from rightsizer.economics.savings import ZERO, Range, coverage_interval
from rightsizer.types import Evaluation, Frozen, Task

ALL, NO_TASK = "all", "of no task"


class TypeShare(Frozen):
    """One kind of call. All figures are shares of the whole log, 0 … 1."""

    type: str
    tasks: int
    calls: float
    tokens: float
    cost: float
    movable_calls: Range
    movable_tokens: Range
    movable_cost: Range
    proved_cost: float = Field(default=0.0, description="the part of `movable_cost.point` that is proved")


def estimate_by_type(
    tasks: Sequence[Task], *, total_tokens: float = 0.0, evaluations: Mapping[str, Evaluation] | None = None
) -> tuple[TypeShare, ...]:
    """A row per kind of call, the dearest first; then the calls of no task; then all together.

    Args:
        tasks: tasks of one level, so that no call is counted twice.
        total_tokens: of the whole log; 0: the tokens of `tasks` are taken for all.
        evaluations: task id → the evaluation that speaks for it.
    """
    tokens = total_tokens or float(sum(t.input_tokens + t.output_tokens for t in tasks))
    by_type: dict[str, list[Task]] = {}
    for task in tasks:
        by_type.setdefault(task.type or "other", []).append(task)
    rows = [_row(name, group, tokens, evaluations or {}) for name, group in by_type.items()]
    rows.sort(key=lambda r: (-r.cost, -r.calls, r.type))
    rest = _rest(rows)
    return (*rows, *([rest] if rest.calls > 0.0005 else []), _all(rows, rest))


def movable_share(task: Task, evaluation: Evaluation | None) -> tuple[Range, bool]:
    """The share of a task's calls that could move, and whether that is proved."""
    if evaluation is not None and evaluation.verdict == "pass":
        low, high = coverage_interval(evaluation.coverage, evaluation.n_sessions_test or evaluation.n_test)
        return Range(low=low, point=evaluation.coverage, high=high), True
    if task.verdict == "keep" or (evaluation is not None and evaluation.verdict == "fail"):
        return ZERO, False
    point = task.readiness or 0.0
    low, high = task.readiness_parts.get("low", point), task.readiness_parts.get("high", point)
    return Range(low=min(low, point), point=point, high=max(high, point)), False


def _row(name: str, tasks: Sequence[Task], tokens: float, evaluations: Mapping[str, Evaluation]) -> TypeShare:
    movable = {t.id: movable_share(t, evaluations.get(t.id)) for t in tasks}

    def share_of_tokens(task: Task) -> float:
        return (task.input_tokens + task.output_tokens) / tokens if tokens else 0.0

    def moved(share: Callable[[Task], float]) -> Range:
        return Range.total([movable[t.id][0].scaled(share(t)) for t in tasks])

    return TypeShare(
        type=name,
        tasks=len(tasks),
        calls=sum(t.call_share for t in tasks),
        tokens=sum(share_of_tokens(t) for t in tasks),
        cost=sum(t.cost_share for t in tasks),
        movable_calls=moved(lambda t: t.call_share),
        movable_tokens=moved(share_of_tokens),
        movable_cost=moved(lambda t: t.cost_share),
        proved_cost=sum(movable[t.id][0].point * t.cost_share for t in tasks if movable[t.id][1]),
    )


def _rest(rows: Sequence[TypeShare]) -> TypeShare:
    """What belongs to no task: nothing of it is forecast to move."""
    left = {name: max(0.0, 1 - sum(getattr(r, name) for r in rows)) for name in ("calls", "tokens", "cost")}
    return TypeShare(
        type=NO_TASK, tasks=0, movable_calls=ZERO, movable_tokens=ZERO, movable_cost=ZERO, **left
    )


def _all(rows: Sequence[TypeShare], rest: TypeShare) -> TypeShare:
    every = [*rows, rest]
    return TypeShare(
        type=ALL,
        tasks=sum(r.tasks for r in rows),
        calls=sum(r.calls for r in every),
        tokens=sum(r.tokens for r in every),
        cost=sum(r.cost for r in every),
        movable_calls=Range.total([r.movable_calls for r in rows]),
        movable_tokens=Range.total([r.movable_tokens for r in rows]),
        movable_cost=Range.total([r.movable_cost for r in rows]),
        proved_cost=sum(r.proved_cost for r in rows),
    )
