"""S1–S3 as verbs: import and export logs, curate, discover tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rightsizer.capture.export import write_calls
from rightsizer.capture.importers import ImportReport, import_files
from rightsizer.curation.curate import CurationPolicy, curate
from rightsizer.errors import InputError
from rightsizer.pipeline.policy import drop_marks, policy_of
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.pseudonyms import Quarantine, rewritten_calls
from rightsizer.pipeline.subject import belongs_to
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.feedback import Outcomes
from rightsizer.types import Call, Frozen, Funnel, Level, Task, new_id

LEVELS: tuple[Level, ...] = ("template", "step", "semantic")


def import_logs(
    ws: Workspace, paths: Sequence[Path], *, format: str = "auto", progress: Progress = silent
) -> ImportReport:
    """Read log files into the store (S1). Unreadable lines are kept aside and reported."""

    def tell(done: int, total: int, calls: int) -> None:
        progress(f"import · {calls:,} calls", done, total)

    ws.enter("import", files=len(paths))
    return import_files(ws.store, paths, format=format, progress=tell)


class Exported(Frozen):
    """What was written, and what was held back of curated calls, by reason."""

    calls: int
    quarantined: tuple[tuple[str, int], ...] = ()


def export_log(
    ws: Workspace,
    path: Path,
    *,
    curated: bool = False,
    subject: str | None = None,
    progress: Progress = silent,
) -> Exported:
    """Write the call log as call records under their own ids.

    `curated`: only what may be learned from, rewritten with session-consistent surrogates as the policy
    says, and without the calls in which something sensitive still hits after that.
    `subject`: only the sessions of a subject (a session or call id, a user, key or address that called,
    or another value attached to calls), as they are: what `forget_subject` would delete.
    """
    if subject is not None:
        return _export_subject(ws, path, subject, progress)
    ws.enter("export.curated" if curated else "export", calls=ws.store.calls.count(kept_only=curated))
    if curated:
        quarantine = Quarantine()
        written = write_calls(rewritten_calls(ws, quarantine, progress=progress), path)
        return Exported(calls=written, quarantined=tuple(sorted(quarantine.reasons.items())))
    total = ws.store.calls.count()
    calls = Outcomes(ws.store.records).join(ws.store.calls.scan())
    return Exported(calls=write_calls(counted(calls, "export", total, progress), path))


def _export_subject(ws: Workspace, path: Path, subject: str, progress: Progress) -> Exported:
    total = ws.store.calls.count()
    ws.enter("export", of_a_subject=True)
    searched = counted(ws.store.calls.scan(), "search", total, progress)
    names = frozenset(ws.store.callers.known_as(subject))
    sessions = sorted({call.session_id for call in searched if belongs_to(call, names)})
    calls = (call for session in sessions for call in ws.store.calls.scan(session_id=session))
    return Exported(calls=write_calls(Outcomes(ws.store.records).join(calls), path))


def curate_log(ws: Workspace, *, progress: Progress = silent) -> Funnel:
    """Set aside what must not be learned from (S2). Repeatable: each run replaces the last one's marks."""
    total = ws.store.calls.count()
    ws.enter("curate", calls=total)
    policy = CurationPolicy(**ws.settings.curate.filters())
    done = curate(counted(ws.store.calls.scan(), "curate", total, progress), policy)
    aside = {mark.call_id for mark in done.marks}
    dropped = [m for m in drop_marks(ws.store.calls.scan, policy_of(ws)) if m.call_id not in aside]
    ws.store.marks.set_aside("curate", [*done.marks, *dropped], gone_ok=True)
    funnel = Funnel(
        id=new_id("funnel"),
        at=datetime.now(UTC),
        n_in=done.n_in,
        n_kept=done.n_kept - len(dropped),
        dropped=(*done.funnel, *((("policy-drop", len(dropped)),) if dropped else ())),
    )
    ws.store.records.put(funnel)
    return funnel


def discover_tasks(ws: Workspace, *, progress: Progress = silent) -> list[Task]:
    """Find the recurring kinds of calls (S3), keep the ids of those already known, assign every call.

    Raises:
        InputError: the log is empty.
    """
    from rightsizer.tasks.discover import discover
    from rightsizer.tasks.semantic import Embed

    total = ws.store.calls.count()
    if total == 0:
        raise InputError("the call log is empty", hint="rightsizer import FILE…")
    ws.enter("discover", calls=total)
    known = ws.store.records.list(Task)
    calls = counted(ws.store.calls.scan(), "discover", total, progress)
    found = discover(
        calls,
        known=known,
        settings=ws.settings.tasks,
        cost_of=_cost_of(ws),
        embed=Embed(ws.encoder.identity, ws.encoder.encode) if ws.encoder is not None else None,
        earlier=ws.store.marks.assignments("semantic"),
    )
    ws.store.records.put(*found.tasks)
    for level, assignments in found.assignments.items():
        ws.store.marks.assign(level, assignments, gone_ok=True)
    return [t for t in found.tasks if t.level == "template" and t.merged_into is None]


def _cost_of(ws: Workspace) -> Callable[[Call], float | None]:
    from rightsizer.economics.tokens import cost_of

    return lambda call: cost_of(call, ws.prices).usd


def task_calls(ws: Workspace, task: Task) -> Iterator[Call]:
    """The kept calls that a student of this task would be asked, in log order.

    Of a semantic sub-task those that the gateway, which has words only, gives it: what is proved is proved
    of the calls that will be served, whatever the encoder thought of them.
    """
    parent = filed_under(task)
    calls = ws.store.calls.scan(task_id=parent, kept_only=True)
    if parent == task.id:
        return calls
    from rightsizer.tasks.inline import InlineAssigner

    inline = InlineAssigner(ws.store.records.list(Task), {task.id})
    return (c for c in calls if inline.within(parent, c.request) == task.id)


def filed_under(task: Task) -> str:
    """The id of the task among whose calls those that a student of this one learns from are."""
    return task.parent_id if task.level == "semantic" and task.parent_id is not None else task.id


def assignments(ws: Workspace, level: Level | None = None) -> dict[str, str | None]:
    """call id → task id. Without a level: the leaf, i.e. the finest level that has one for the call."""
    ws.enter("calls.read", assignments=True)
    if level is not None:
        return ws.store.marks.assignments(level)
    leaf: dict[str, str | None] = {}
    for each in LEVELS:
        found = ws.store.marks.assignments(each)
        leaf.update({call: task for call, task in found.items() if task is not None or call not in leaf})
    return leaf
