"""Forget a subject, or what is older than allowed: unreadable for good, naming what learned from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from rightsizer.errors import InputError
from rightsizer.gateway.indexer import Indexed
from rightsizer.pipeline.deploy import rollback_task
from rightsizer.pipeline.gateway import index_into
from rightsizer.pipeline.lineage import learned_from
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.pseudonyms import destroy_salts
from rightsizer.pipeline.subject import belongs_to, holds, line_holds
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.feedback import Feedback
from rightsizer.store.store import Erased, Rejected
from rightsizer.types import Call, Dataset, DatasetRow, Frozen, Release, Student, Task, new_id

BY_VALUE = "by value"


class Deletion(Frozen):
    """The report of one deletion; kept, and holds nothing of what was deleted.

    `datasets`, `students` and `releases` (still open ones) had learned from it. `messages` counts the
    messages that no other call carries: what others said too (a system prompt, "hello") stays. One that is
    not `finished` was cut off: repeat it, and it is.
    """

    id: str
    at: datetime
    why: Literal["subject", "retention"]
    subject: str = ""
    calls: int = 0
    sessions: int = 0
    messages: int = 0
    unreadable_lines: int = 0
    feedback: int = 0
    keys_destroyed: int = 0
    datasets: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    rolled_back: tuple[str, ...] = ()
    segments_being_written: int = 0
    old_format_blocks: int = 0
    log_cleared: bool = True
    dry_run: bool = False
    finished: bool = True


@dataclass(frozen=True)
class _Target:
    """What goes: calls by id with their sessions, unreadable lines, and whether it may come back."""

    calls: dict[str, str]
    lines: Callable[[Rejected], bool]
    barred: tuple[str, ...]

    @property
    def sessions(self) -> set[str]:
        return set(self.calls.values())


def forget_subject(
    ws: Workspace,
    subject: str | None = None,
    *,
    values: Sequence[str] = (),
    rollback: bool = False,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Deletion:
    """Make everything of a subject unreadable for good. Repeat it safely: it does what is left to do.

    Args:
        subject: a session id, a call id, a user, API key or address (which the gateway records as
            pseudonyms), or any value in a call's metadata.
        values: texts; a session in which one occurs anywhere, letter case aside, goes too.
        rollback: give the tasks back to the LLM whose released students had learned from it.
        dry_run: only report what would go.

    Whole sessions go: later calls of a conversation repeat the earlier ones. They do not come back when
    the log is imported again.

    Raises:
        InputError: neither a subject nor a value.
        StoreBusy: another process writes.
    """
    if not subject and not any(values):
        raise InputError("whom to forget?", hint="rightsizer forget --subject ID, or --value TEXT")
    name = ws.store.pseudonym(subject or "") if subject else BY_VALUE
    ws.enter("forget", subject=name, values=len(values), dry_run=dry_run)
    indexed = index_into(ws)
    names = frozenset(ws.store.callers.known_as(subject)) if subject else frozenset()
    sessions = {
        call.session_id
        for call in _all(ws, progress)
        if belongs_to(call, names) or any(holds(call, v) for v in values)
    }
    calls = {c.id: c.session_id for s in sorted(sessions) for c in ws.store.calls.scan(session_id=s)}
    target = _Target(
        calls,
        lambda line: line_holds(line.raw, names, values),
        (*sorted(sessions), *([subject] if subject else [])),
    )
    return _delete(ws, target, "subject", name, indexed, rollback=rollback, dry_run=dry_run)


def apply_retention(
    ws: Workspace, *, days: float | None = None, dry_run: bool = False, progress: Progress = silent
) -> Deletion:
    """Delete the calls that are older than `days` (default: the setting `store.retention_days`).

    Calls without a timestamp have no age and stay. What is imported again is deleted by the next run.

    Raises:
        InputError: no age is set.
    """
    limit = ws.settings.store.retention_days if days is None else days
    if not limit or limit < 0:
        raise InputError("no age is set", hint="set store.retention_days, or give --days")
    before = datetime.now(UTC) - timedelta(days=limit)
    ws.enter("retention", days=limit, dry_run=dry_run)
    indexed = index_into(ws)
    calls = {c.id: c.session_id for c in _all(ws, progress) if _older(c, before)}
    target = _Target(calls, lambda _: False, ())
    return _delete(ws, target, "retention", f"before {before:%Y-%m-%d %H:%M} UTC", indexed, dry_run=dry_run)


def _all(ws: Workspace, progress: Progress) -> Iterable[Call]:
    return counted(ws.store.calls.scan(), "search", ws.store.calls.count(), progress)


def _older(call: Call, before: datetime) -> bool:
    at = call.timestamp
    return at is not None and (at if at.tzinfo else at.replace(tzinfo=UTC)) < before


def _delete(
    ws: Workspace,
    target: _Target,
    why: Literal["subject", "retention"],
    subject: str,
    indexed: Indexed,
    *,
    rollback: bool = False,
    dry_run: bool = False,
) -> Deletion:
    datasets, students, releases = learned_from(ws, set(target.calls))
    feedback = [f for f in ws.store.records.list(Feedback) if _is_of(f, target)]
    report = Deletion(
        id=new_id("deletion"),
        at=datetime.now(UTC),
        why=why,
        subject=subject,
        calls=len(target.calls),
        sessions=len(target.sessions),
        unreadable_lines=sum(map(target.lines, ws.store.calls.rejected())),
        feedback=len(feedback),
        datasets=tuple(d.id for d in datasets),
        students=tuple(s.id for s in students),
        releases=tuple(r.id for r in releases),
        segments_being_written=indexed.busy,
        dry_run=dry_run,
    )
    if dry_run:
        return report
    # The report first: cut off later, it says what had learned from calls that nothing names any more. Then
    # what can be repeated, while the calls are still there to be found by the next run.
    ws.store.records.put(report.model_copy(update={"finished": False}))
    ended = _roll_back(ws, students, releases) if rollback else ()
    _redact(ws, target, datasets, feedback)
    if why == "subject" and target.calls:  # whoever holds an export can put nothing back any more
        destroy_salts(ws, target.sessions)
    erased = ws.store.calls.erase(list(target.calls), sessions=target.barred, lines=target.lines)
    # Frozen by another process while this one deleted.
    late = [d for d in learned_from(ws, set(target.calls))[0] if d.id not in report.datasets]
    _redact(ws, target, late, ())
    found = {"datasets": (*report.datasets, *(d.id for d in late)), "rolled_back": ended}
    return _finish(ws, report.model_copy(update=found), erased)


def _finish(ws: Workspace, report: Deletion, erased: Erased) -> Deletion:
    """Keep the report with what was erased; what this deletion took up again is finished too."""
    report = report.model_copy(
        update={
            "messages": erased.messages,
            "keys_destroyed": erased.keys_destroyed,
            "old_format_blocks": erased.old_format_blocks,
            "log_cleared": erased.log_cleared,
        }
    )
    open_ones = [d for d in ws.store.records.list(Deletion, why=report.why) if not d.finished]
    same = [d for d in open_ones if d.id != report.id]
    if report.why == "subject":  # which values were meant is not kept: those stay as they are
        same = [d for d in same if d.subject == report.subject != BY_VALUE]
    cut_off = [d.model_copy(update={"finished": True}) for d in same]
    ws.store.records.put(report, *cut_off)
    ws.enter("deleted", deletion=report.id, calls=report.calls, students=report.students)
    return report


def _redact(
    ws: Workspace, target: _Target, datasets: Sequence[Dataset], feedback: Sequence[Feedback]
) -> None:
    """Ids of what is gone become pseudonyms in the datasets that stay as history; feedback goes."""
    for dataset in datasets:
        rows = tuple(_redacted(ws, row, target) for row in dataset.rows)
        ws.store.records.put(dataset.model_copy(update={"rows": rows}))
        ws.store.drop_curated(dataset.id)
    for each in feedback:
        ws.store.records.delete(Feedback, each.id)
    for task in ws.store.records.list(Task):
        if task.example_call_id in target.calls:
            ws.store.records.put(task.model_copy(update={"example_call_id": None}))


def _redacted(ws: Workspace, row: DatasetRow, target: _Target) -> DatasetRow:
    if row.call_id not in target.calls:
        return row
    return row.model_copy(
        update={"call_id": ws.store.pseudonym(row.call_id), "group": ws.store.pseudonym(row.group)}
    )


def _is_of(feedback: Feedback, target: _Target) -> bool:
    return feedback.call_id in target.calls or feedback.session_id in target.barred


def _roll_back(ws: Workspace, students: Sequence[Student], releases: Sequence[Release]) -> tuple[str, ...]:
    ids = {s.id for s in students}
    ended: list[str] = []
    for task_id in sorted({r.task_id for r in releases if r.student_id in ids}):
        ended += [r.id for r in rollback_task(ws, task_id, by="forget")]
    return tuple(ended)
