"""From evaluations to one verdict and one plain sentence for a task."""

from __future__ import annotations

from collections.abc import Sequence

from rightsizer.economics.report_types import TaskVerdict
from rightsizer.economics.wording import percent, share
from rightsizer.types import Evaluation, Route, Task

_ORDER = {"pass": 0, "undecided": 1, "fail": 2}
_WORDS: dict[str, TaskVerdict] = {"pass": "replace", "undecided": "undecided", "fail": "keep"}


def deciding_evaluation(evaluations: Sequence[Evaluation], route: Route | None) -> Evaluation | None:
    """The evaluation that speaks for a task: the routed student's newest, else the best of any student.

    Only the newest evaluation of each student counts. A pass outranks undecided, which outranks a
    fail; among passes the widest coverage wins, among others the newest.
    """
    newest = {e.student_id: e for e in sorted(evaluations, key=lambda e: e.id)}
    if route is not None and route.student_id in newest:
        return newest[route.student_id]
    ranked = sorted(newest.values(), key=lambda e: e.id, reverse=True)
    return min(
        ranked, key=lambda e: (_ORDER[e.verdict], -e.coverage if e.verdict == "pass" else 0.0), default=None
    )


def decide_each(
    tasks: Sequence[Task], evaluations: Sequence[Evaluation], routes: Sequence[Route]
) -> dict[str, Evaluation]:
    """Task id → its deciding evaluation, for the tasks that have one."""
    own: dict[str, list[Evaluation]] = {t.id: [] for t in tasks}
    for evaluation in evaluations:
        own.get(evaluation.task_id, []).append(evaluation)
    route_of = {r.task_id: r for r in routes}
    found = {task_id: deciding_evaluation(rows, route_of.get(task_id)) for task_id, rows in own.items()}
    return {task_id: evaluation for task_id, evaluation in found.items() if evaluation is not None}


def task_verdict(task: Task, evaluation: Evaluation | None) -> tuple[TaskVerdict, str]:
    """(replace | keep | undecided, why) in words for people who know no statistics."""
    if evaluation is None:
        verdict = task.verdict or "undecided"
        if verdict == "replace":  # a hint before training is no proof
            verdict = "undecided"
        return verdict, _sentence(task.reason) or "No student has been trained for it yet."
    verdict = _WORDS[evaluation.verdict]
    if verdict == "replace":
        return verdict, _passed(evaluation)
    why = _sentence(evaluation.reason)
    if verdict == "keep":
        return verdict, why or "No threshold keeps disagreement with the LLM within what is tolerated."
    if evaluation.calls_needed and "more calls" not in why:
        why = f"{why} At least {evaluation.calls_needed:,} more calls are needed to decide.".strip()
    return verdict, why or "The calls so far do not decide it either way."


def _passed(evaluation: Evaluation) -> str:
    sure = 1 - evaluation.delta
    floor = 1 - evaluation.alpha if evaluation.agreement_low is None else evaluation.agreement_low
    text = f"A student may serve {share(evaluation.coverage)} of its calls"
    if evaluation.agreement is not None:
        text += f"; on unseen sessions it gave the LLM's answer {percent(evaluation.agreement)} of the time"
    return text + f" (at least {percent(floor)} with {percent(sure)} confidence). The rest stay on the LLM."


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?。" else ".")
