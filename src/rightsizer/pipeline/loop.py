"""The whole loop for one task or all: curate, discover, freeze, train, prove, and release what passed."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rightsizer.pipeline.collect import curate_log, discover_tasks
from rightsizer.pipeline.deploy import release_student
from rightsizer.pipeline.learn import (
    Learning,
    alpha_of,
    candidates_for,
    prepare,
    spared,
    train_students,
)
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.prove import decide, keep, scored, spend
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Evaluation, Frozen, Score, Student, Task, Verdict

# A dearer student is preferred where it serves this much more of the task than a cheaper one, or leaves the
# LLM so much less: from 95 to 97 % served is two points only, and a third off what the LLM still costs.
WORTH_A_RUNG = 0.02
LEAVES_LESS, AND_SERVES_MORE = 0.75, 0.005

FREE_TEXT = (
    "free-text replies: hardly two are alike, so no student can be shown to agree; they stay on the LLM"
)
ABSTAINS = "every student abstains on nearly all calls: the answers do not repeat and cannot be copied"
DECLARE = "if it does not count: rightsizer tasks fields TASK --ignore FIELD"


class TaskOutcome(Frozen):
    """What the loop concluded about one task (a row of `run --json`)."""

    task_id: str
    name: str
    output: str
    n_calls: int
    verdict: Verdict
    reason: str
    student_id: str | None = None
    rung: str | None = None
    method: str | None = None
    threshold: float | None = None
    coverage: float = 0.0
    agreement: float | None = None
    agreement_low: float | None = None
    alpha: float
    delta: float | None = None
    n_calibration: int = 0
    n_test: int = 0
    calls_needed: int | None = None
    train_s: float = 0.0
    notes: tuple[str, ...] = ()
    released: bool = False


class RunOutcome(Frozen):
    """What `run` did: a row per task, the largest cost first, and how long it took."""

    tasks: tuple[TaskOutcome, ...]
    seconds: float


def run_loop(
    ws: Workspace, task: str | None = None, *, release: bool = False, progress: Progress = silent
) -> RunOutcome:
    """S2 to S6. `task` is an id, the beginning of one, or a name; None means every task.

    Raises:
        AccessDenied: the role may not do all of it; nothing of it was done.
    """
    ws.require("curate", "discover", "dataset", "train", "evaluate", *(("release",) if release else ()))
    started = time.monotonic()
    curate_log(ws, progress=progress)
    tasks = discover_tasks(ws, progress=progress)
    if task is not None:
        tasks = [ws.find(Task, task)]
    tasks.sort(key=lambda t: (-t.cost_share, -t.n_calls, t.id))
    ready: list[Learning] = []
    rows: list[TaskOutcome] = []
    for each in tasks:
        found = _prepare_or_refuse(ws, each, progress)
        ready.append(found) if isinstance(found, Learning) else rows.append(found)
    rows += _prove_all(ws, ready, release, progress)
    _remember(ws, rows)
    order = {t.id: i for i, t in enumerate(tasks)}
    rows.sort(key=lambda r: order[r.task_id])
    return RunOutcome(tasks=tuple(rows), seconds=round(time.monotonic() - started, 3))


def _prepare_or_refuse(ws: Workspace, task: Task, progress: Progress) -> Learning | TaskOutcome:
    """The task's learning material, or the row that says why nothing is trained on it."""
    n = ws.store.calls.count(task_id=task.id, kept_only=True)
    need = ws.settings.gate.min_calls
    if not task.policy.serve:
        return _refused(ws, task, "fail", "declared to stay on the LLM")
    if n < need and task.output == "text":  # more calls would not make free text provable
        return _refused(ws, task, "fail", FREE_TEXT)
    if n < need:
        why = f"only {n} usable calls: {need - n} more needed before a student is worth training"
        return _refused(ws, task, "undecided", why, calls_needed=need - n)
    candidates = candidates_for(ws, task, int(n * ws.settings.split.train))
    if not any(c.accepted for c in candidates):  # said before the dataset is frozen: that is the slow part
        reasons = "; ".join(dict.fromkeys(c.reason for c in candidates if c.reason))
        return _refused(ws, task, "fail", reasons or "no candidate fits this task")
    return prepare(ws, task, progress=progress)


def _refused(
    ws: Workspace, task: Task, verdict: Verdict, reason: str, calls_needed: int | None = None
) -> TaskOutcome:
    return TaskOutcome(
        task_id=task.id, name=task.name, output=task.output, n_calls=task.n_calls, verdict=verdict,
        reason=reason, alpha=alpha_of(ws, task), calls_needed=calls_needed,
    )  # fmt: skip


@dataclass(frozen=True)
class _Try:
    """A trained student on its way to the gate, with its answers on the sealed calibration split."""

    student: Student
    calibration: list[Score]


def _prove_all(
    ws: Workspace, ready: Sequence[Learning], release: bool, progress: Progress
) -> list[TaskOutcome]:
    """Train every candidate, leave out those that answer nothing, and gate the rest.

    δ is shared equally by all decisions of this run, so hopeless ones would weaken the others. Who is
    left out is decided on the train split and by how much a student answers, never by whether it is right
    on the calibration split: those labels stay unseen until the gate.
    """
    entries: list[tuple[Learning, list[Student], list[_Try]]] = []
    for learning in ready:
        students = train_students(ws, learning, progress=progress)
        hopeful = [s for s in students if has_a_chance(s, alpha_of(ws, learning.task))]
        tries = [_Try(s, scored(ws, s, learning, "calibration", progress)) for s in hopeful]
        entries.append((learning, students, [t for t in tries if answers_enough(ws, t.calibration)]))
    decisions = sum(len(tries) for _, _, tries in entries)
    ws.enter("evaluate", students=decisions)
    delta = spend(ws, decisions)[0] if decisions else 0.0
    rows = []
    for learning, students, tries in entries:
        train_s = sum(s.train_s for s in students)
        if not tries:
            rows.append(_no_answers(ws, learning, students, train_s))
            continue
        tried = []
        for one in tries:
            test = scored(ws, one.student, learning, "test", progress)
            evaluation = decide(ws, one.student, learning, one.calibration, test, delta=delta)
            keep(ws, evaluation, one.student, learning.dataset, one.calibration + test)
            tried.append((one.student, evaluation))
        row = _conclude(ws, learning, tried, release, train_s)
        note = spared(ws, learning, students)
        rows.append(row.model_copy(update={"notes": (note,)}) if note else row)
    return rows


def has_a_chance(student: Student, alpha: float) -> bool:
    """False for a constant answer that is wrong too often on its own training calls."""
    return student.method != "majority" or float(student.recipe.get("share", 1.0)) >= 1 - alpha


def why_abstaining(recipes: Sequence[Mapping[str, Any]]) -> str:
    """What the structured student says of the commonest action, and what a person can do about it."""
    actions = [a for r in recipes for a in r.get("actions", {}).values() if a.get("reason")]
    if not actions:
        return ""
    reason = str(max(actions, key=lambda a: int(a["rows"]))["reason"])
    return f"{reason} ({DECLARE})" if reason.startswith("free text") else reason


def answers_enough(ws: Workspace, calibration: Sequence[Score]) -> bool:
    """Whether a student answers the smallest share of calls that would be worth a release."""
    answered = sum(score.answered for score in calibration)
    return answered >= max(1.0, ws.settings.gate.min_coverage * len(calibration))


def _no_answers(
    ws: Workspace, learning: Learning, students: Sequence[Student], train_s: float
) -> TaskOutcome:
    why = why_abstaining([s.recipe for s in students])
    reason = FREE_TEXT if learning.task.output == "text" else f"{ABSTAINS}; {why}" if why else ABSTAINS
    row = _refused(ws, learning.task, "fail", reason)
    counts = {s: learning.dataset.count(s) for s in ("calibration", "test")}
    return row.model_copy(
        update={
            "train_s": round(train_s, 3),
            "n_calibration": counts["calibration"],
            "n_test": counts["test"],
        }
    )


def _conclude(
    ws: Workspace,
    learning: Learning,
    tried: Sequence[tuple[Student, Evaluation]],
    release: bool,
    train_s: float,
) -> TaskOutcome:
    student, evaluation = choose(tried)
    released = False
    if release and evaluation.verdict == "pass":
        release_student(ws, student, mode="live")
        released = True
    return TaskOutcome(
        task_id=learning.task.id,
        name=learning.task.name,
        output=learning.task.output,
        n_calls=learning.task.n_calls,
        verdict=evaluation.verdict,
        reason=evaluation.reason,
        student_id=student.id,
        rung=student.rung,
        method=student.method,
        threshold=evaluation.threshold,
        coverage=evaluation.coverage,
        agreement=evaluation.agreement,
        agreement_low=evaluation.agreement_low,
        alpha=evaluation.alpha,
        delta=evaluation.delta,
        n_calibration=evaluation.n_calibration,
        n_test=evaluation.n_test,
        calls_needed=evaluation.calls_needed,
        train_s=round(train_s, 3),
        released=released,
    )


def choose(tried: Sequence[tuple[Student, Evaluation]]) -> tuple[Student, Evaluation]:
    """The cheapest student that passed, unless a dearer one serves clearly more; if none passed, the closest.

    `tried` is in ladder order, cheapest first. All evaluations hold at once (each has its own δ), so
    choosing among those that passed costs no error probability.
    """
    passed = [pair for pair in tried if pair[1].verdict == "pass"]
    if passed:
        best = passed[0]
        for pair in passed[1:]:
            if _is_worth_a_rung(best[1].coverage, pair[1].coverage):
                best = pair
        return best
    return min(tried, key=lambda pair: _distance(pair[1]))


def _is_worth_a_rung(cheap: float, dear: float) -> bool:
    """Whether serving the share `dear` of a task in place of `cheap` is worth a dearer student."""
    leaves_less = 1.0 - dear <= LEAVES_LESS * (1.0 - cheap) and dear > cheap + AND_SERVES_MORE
    return leaves_less or dear > cheap + WORTH_A_RUNG


def _distance(evaluation: Evaluation) -> tuple[bool, float]:
    """How far from a pass: undecided before failed, then the fewest calls that are still needed."""
    needed = evaluation.calls_needed
    return evaluation.verdict == "fail", math.inf if needed is None else float(needed)


def _remember(ws: Workspace, rows: Sequence[TaskOutcome]) -> None:
    """Write the conclusion on the task, where lists and the report find it."""
    names: dict[Verdict, Literal["replace", "keep", "undecided"]] = {
        "pass": "replace", "fail": "keep", "undecided": "undecided",
    }  # fmt: skip
    for row in rows:
        task = ws.store.records.get(Task, row.task_id)
        ws.store.records.put(task.model_copy(update={"verdict": names[row.verdict], "reason": row.reason}))
