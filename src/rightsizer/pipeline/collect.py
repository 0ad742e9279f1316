"""S1–S3 as verbs: import and export logs, curate, discover tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rightsizer.capture.export import write_calls
from rightsizer.capture.importers import ImportReport, import_files
from rightsizer.curation.curate import CurationPolicy, curate
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.errors import InputError
from rightsizer.pipeline.predict import masked_example
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.feedback import Outcomes
from rightsizer.types import Call, Funnel, Level, Task, new_id

LEVELS: tuple[Level, ...] = ("template", "step", "semantic")


def import_logs(
    ws: Workspace, paths: Sequence[Path], *, format: str = "auto", progress: Progress = silent
) -> ImportReport:
    """Read log files into the store (S1). Unreadable lines are kept aside and reported."""

    def tell(done: int, total: int, calls: int) -> None:
        progress(f"import · {calls:,} calls", done, total)

    return import_files(ws.store, paths, format=format, progress=tell)


def export_log(ws: Workspace, path: Path, *, curated: bool = False, progress: Progress = silent) -> int:
    """Write the call log as call records under their own ids; the number written.

    `curated`: only what may be learned from, with sensitive values masked.
    """
    total = ws.store.calls.count(kept_only=curated)
    calls: Iterable[Call] = counted(
        Outcomes(ws.store.records).join(ws.store.calls.scan(kept_only=curated)), "export", total, progress
    )
    if curated:
        cache = MaskCache()
        calls = (_masked(call, cache) for call in calls)
    return write_calls(calls, path)


def _masked(call: Call, cache: MaskCache) -> Call:
    prompt, completion = masked_example(call, cache)
    return call.model_copy(update={"request": prompt, "response": completion})


def curate_log(ws: Workspace, *, progress: Progress = silent) -> Funnel:
    """Set aside what must not be learned from (S2). Repeatable: each run replaces the last one's marks."""
    total = ws.store.calls.count()
    policy = CurationPolicy(**ws.settings.curate.filters())
    done = curate(counted(ws.store.calls.scan(), "curate", total, progress), policy)
    ws.store.marks.set_aside("curate", done.marks)
    funnel = Funnel(
        id=new_id("funnel"),
        at=datetime.now(UTC),
        n_in=done.n_in,
        n_kept=done.n_kept,
        dropped=tuple(done.funnel),
    )
    ws.store.records.put(funnel)
    return funnel


def discover_tasks(ws: Workspace, *, progress: Progress = silent) -> list[Task]:
    """Find the recurring kinds of calls (S3), keep the ids of those already known, assign every call.

    Raises:
        InputError: the log is empty.
    """
    from rightsizer.tasks.discover import discover

    total = ws.store.calls.count()
    if total == 0:
        raise InputError("the call log is empty", hint="rightsizer import FILE…")
    known = ws.store.records.list(Task)
    calls = counted(ws.store.calls.scan(), "discover", total, progress)
    found = discover(
        calls,
        known=known,
        settings=ws.settings.tasks,
        cost_of=_cost_of(ws),
        embed=ws.encoder.encode if ws.encoder is not None else None,
    )
    ws.store.records.put(*found.tasks)
    for level, assignments in found.assignments.items():
        ws.store.marks.assign(level, assignments)
    return [t for t in found.tasks if t.level == "template"]


def _cost_of(ws: Workspace) -> Callable[[Call], float | None]:
    from rightsizer.economics.tokens import cost_of

    return lambda call: cost_of(call, ws.prices).usd


def assignments(ws: Workspace, level: Level | None = None) -> dict[str, str | None]:
    """call id → task id. Without a level: the leaf, i.e. the finest level that has one for the call."""
    if level is not None:
        return ws.store.marks.assignments(level)
    leaf: dict[str, str | None] = {}
    for each in LEVELS:
        found = ws.store.marks.assignments(each)
        leaf.update({call: task for call, task in found.items() if task is not None or call not in leaf})
    return leaf
