"""Release and rollback as verbs."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from rightsizer.errors import InputError, NotFound
from rightsizer.pipeline.prove import certificate_of
from rightsizer.pipeline.workspace import Workspace
from rightsizer.serving.release import decide_release, end_release
from rightsizer.types import Evaluation, Mode, Release, Route, Student


def release_student(ws: Workspace, student: Student, *, mode: Mode, share: float = 1.0) -> Release:
    """Put a student on its task; whatever was released there before ends.

    Raises:
        InputError: it was never evaluated, or its evidence does not allow this mode.
    """
    ws.enter("release", student=student.id, task=student.task_id, mode=mode, share=share)
    evaluations = ws.store.records.list(Evaluation, student_id=student.id)
    if not evaluations:
        raise InputError(f"{student.id} was never evaluated", hint=f"rightsizer evaluate {student.id}")
    now = datetime.now(UTC)
    certificate = certificate_of(ws, student.id)
    release, route = decide_release(student, evaluations[-1], certificate, mode=mode, share=share, now=now)
    ended = end_release(
        ws.store.records.list(Release, task_id=student.task_id), student.task_id, by=release.id, now=now
    )
    ws.store.records.put(*ended, release, route)
    return release


def rollback_task(ws: Workspace, task_id: str, *, by: str = "rollback") -> list[Release]:
    """Give the task back to the LLM: end its open releases and remove its route. Safe to repeat."""
    ws.enter("rollback", task=task_id, by=by)
    releases = ws.store.records.list(Release, task_id=task_id)
    ended = end_release(releases, task_id, by=by, now=datetime.now(UTC))
    with suppress(NotFound):  # no route: the LLM answers already
        ws.store.records.delete(Route, task_id)
    if ended:
        ws.store.records.put(*ended)
    return ended
