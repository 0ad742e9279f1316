"""The decision to use a student, and its undoing. Pure: the pipeline stores what is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rightsizer.errors import InputError
from rightsizer.types import Certificate, Evaluation, Mode, Release, Route, Student, new_id


def decide_release(
    student: Student,
    evaluation: Evaluation,
    certificate: Certificate | None,
    *,
    mode: Mode,
    share: float = 1.0,
    now: datetime,
) -> tuple[Release, Route]:
    """A release and the route that carries it out.

    A student that did not pass may run in shadow (its answers are compared and never served);
    canary and live need a passed gate and a certificate that is not revoked.

    Raises:
        InputError: the share is out of range, or the evidence does not allow this mode.
    """
    if not 0.0 < share <= 1.0:
        raise InputError(f"share {share} is not in (0, 1]", hint="give a share such as 0.05")
    threshold = 0.0  # in shadow nothing is served: every answer is compared
    if certificate is not None:
        threshold = certificate.threshold
    if mode != "shadow":
        _refuse_without_proof(student, evaluation, certificate)
    release = Release(
        id=new_id("release"),
        task_id=student.task_id,
        student_id=student.id,
        certificate_id=certificate.id if certificate is not None else "",
        mode=mode,
        share=share,
        created_at=now,
    )
    route = Route(
        task_id=student.task_id,
        student_id=student.id,
        release_id=release.id,
        mode=mode,
        share=share,
        threshold=threshold,
        threshold_write=certificate.threshold_write if certificate is not None else None,
        tool_risk=certificate.tool_risk if certificate is not None else {},
    )
    return release, route


def _refuse_without_proof(student: Student, evaluation: Evaluation, certificate: Certificate | None) -> None:
    if evaluation.verdict != "pass":
        raise InputError(
            f"{student.id} has verdict '{evaluation.verdict}' and cannot answer agents: {evaluation.reason}",
            hint="use --shadow to watch it beside the LLM, or give it more data",
        )
    if certificate is None or not evaluation.student_id == certificate.student_id == student.id:
        raise InputError(f"the evidence is not about {student.id}", hint=f"rightsizer evaluate {student.id}")
    if certificate.revoked_at is not None:
        raise InputError(f"{certificate.id} is revoked", hint="train or evaluate again for a new certificate")
    if certificate.artifact_hash != student.artifact_hash:
        raise InputError(f"{certificate.id} was issued for other files than {student.id} has now")


def end_release(releases: Sequence[Release], task_id: str, *, by: str, now: datetime) -> list[Release]:
    """The task's open releases, ended; empty when none is open."""
    return [
        r.model_copy(update={"ended_at": now, "ended_by": by})
        for r in releases
        if r.task_id == task_id and r.ended_at is None
    ]
