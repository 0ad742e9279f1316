"""Replay: a log's requests through the current routes, offline, against what the LLM said."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from rightsizer.capture.importers import read_calls
from rightsizer.economics.tokens import cost_of
from rightsizer.pipeline.policy import mask_cache
from rightsizer.pipeline.predict import serving_predictor
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.scoring.agree import agree
from rightsizer.serving.routing import offered, refusal
from rightsizer.stats import clopper_pearson
from rightsizer.tasks.inline import InlineAssigner
from rightsizer.types import Call, Frozen, Message, Predictor, Route, Student, Task

BATCH = 64
TIMED = 8  # calls per batch answered one by one, so that the latency is that of a live call


class TaskReplay(Frozen):
    """What happened to one task's calls."""

    task_id: str
    name: str
    calls: int
    served: int
    agreed: int


class Latency(Frozen):
    """Milliseconds from request to the student's answer, task assignment included."""

    p50: float | None
    p95: float | None


class ReplayOutcome(Frozen):
    """What would have happened. `served` = answered by a student; the bounds are Clopper–Pearson, 95 %."""

    calls: int
    served: int
    agreed: int
    agreement: float | None
    agreement_low: float | None
    agreement_high: float | None
    coverage: float
    llm_cost_usd: float
    cost_usd: float
    latency_ms: Latency
    unassigned: int
    unreadable: int
    by_task: tuple[TaskReplay, ...]


@dataclass
class _Tally:
    calls: int = 0
    unassigned: int = 0
    llm_cost_usd: float = 0.0
    cost_usd: float = 0.0
    asked: int = 0
    by_task: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    latencies_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Seat:
    """A route with what is needed to follow it."""

    route: Route
    task: Task
    predictor: Predictor


def replay_log(
    ws: Workspace, path: Path, *, format: str = "auto", progress: Progress = silent
) -> ReplayOutcome:
    """Follow every request of the log through the routes. Stores nothing, calls no model server.

    The answer is a student's only where a live or canary route offers the call to it and it is sure
    enough; everything else costs what the LLM cost, plus the students' CPU time. Calls whose logged
    answer is an error count as calls and cannot agree.
    """
    ws.enter("replay")
    tasks = {t.id: t for t in ws.store.records.list(Task)}
    seats = _seats(ws, tasks)
    assigner = InlineAssigner(list(tasks.values()), seats)
    unreadable: list[object] = []
    tally = _Tally()
    calls = read_calls(path, format=format, on_reject=unreadable.append)
    for batch in _batches(calls, BATCH):
        _follow(ws, batch, assigner, seats, tally)
        progress(f"replay · {path.name}", tally.calls, None)
    if tally.latencies_ms:  # a student costs CPU time whether its answer is served or not
        mean_s = sum(tally.latencies_ms) / len(tally.latencies_ms) / 1000
        tally.cost_usd += tally.asked * mean_s / 3600 * ws.settings.prices.core_hour_usd
    return _summary(tally, tasks, len(unreadable))


def _seats(ws: Workspace, tasks: dict[str, Task]) -> dict[str, _Seat]:
    cache = mask_cache(ws)
    return {
        r.task_id: _Seat(r, tasks[r.task_id], serving_predictor(ws, ws.find(Student, r.student_id), cache))
        for r in ws.store.records.list(Route)
        if r.task_id in tasks
    }


def _batches(calls: Iterable[Call], size: int) -> Iterator[list[Call]]:
    it = iter(calls)
    while batch := list(islice(it, size)):
        yield batch


def _follow(
    ws: Workspace, batch: Sequence[Call], assigner: InlineAssigner, seats: dict[str, _Seat], tally: _Tally
) -> None:
    waiting: dict[str, list[tuple[Call, float]]] = defaultdict(list)
    for call in batch:
        tally.calls += 1
        started = time.perf_counter()
        task_id = assigner.assign(call.request, call.metadata)
        assigned_s = time.perf_counter() - started
        cost = cost_of(call, ws.prices).usd or 0.0
        tally.llm_cost_usd += cost
        tally.cost_usd += cost
        if task_id is None:
            tally.unassigned += 1
            continue
        tally.by_task[task_id][0] += 1
        seat = seats.get(task_id)
        if seat is not None and offered(seat.route, call.id):
            waiting[task_id].append((call, assigned_s))
    for task_id, calls in waiting.items():
        _answer(ws, seats[task_id], calls, tally)


def _answer(ws: Workspace, seat: _Seat, calls: Sequence[tuple[Call, float]], tally: _Tally) -> None:
    requests = [call.request for call, _ in calls]
    tally.asked += len(requests)
    predictions = []
    for request, (_, assigned_s) in zip(requests[:TIMED], calls[:TIMED], strict=True):
        started = time.perf_counter()
        predictions += seat.predictor.predict([request])
        tally.latencies_ms.append(1000 * (assigned_s + time.perf_counter() - started))
    if requests[TIMED:]:
        predictions += seat.predictor.predict(requests[TIMED:])
    for (call, _), prediction in zip(calls, predictions, strict=True):
        if refusal(seat.route, prediction, call.request):
            continue
        counts = tally.by_task[seat.task.id]
        counts[1] += 1
        counts[2] += _agrees(call, prediction.message, seat.task)
        tally.cost_usd -= cost_of(call, ws.prices).usd or 0.0


def _agrees(call: Call, answer: Message | None, task: Task) -> bool:
    if call.response is None or answer is None:
        return False
    judged = agree(call.response, answer, ignore_fields=task.policy.ignore_fields, tools=call.request.tools)
    return judged.loss == 0


def _summary(tally: _Tally, tasks: dict[str, Task], unreadable: int) -> ReplayOutcome:
    rows = [
        TaskReplay(task_id=t, name=tasks[t].name, calls=c, served=s, agreed=a)
        for t, (c, s, a) in tally.by_task.items()
    ]
    rows.sort(key=lambda r: (-r.calls, r.task_id))
    served, agreed = sum(r.served for r in rows), sum(r.agreed for r in rows)
    low, high = clopper_pearson(agreed, served, 0.95) if served else (None, None)
    times = sorted(tally.latencies_ms)
    return ReplayOutcome(
        calls=tally.calls,
        served=served,
        agreed=agreed,
        agreement=agreed / served if served else None,
        agreement_low=low,
        agreement_high=high,
        coverage=served / tally.calls if tally.calls else 0.0,
        llm_cost_usd=round(tally.llm_cost_usd, 6),
        cost_usd=round(max(0.0, tally.cost_usd), 6),
        latency_ms=Latency(p50=_quantile(times, 0.5), p95=_quantile(times, 0.95)),
        unassigned=tally.unassigned,
        unreadable=unreadable,
        by_task=tuple(rows),
    )


def _quantile(ordered: Sequence[float], q: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(q * len(ordered)))], 3) if ordered else None
