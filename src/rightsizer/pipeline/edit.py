"""A person's edits of the tasks: kept for all later runs, and never under a certificate made before them."""

from __future__ import annotations

from collections.abc import Sequence

from rightsizer.pipeline.collect import discover_tasks
from rightsizer.pipeline.deploy import rollback_task
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.tasks import edits
from rightsizer.types import Task


def merge_tasks(ws: Workspace, into: str, others: Sequence[str], *, progress: Progress = silent) -> Task:
    """Give the calls of `others` to the task `into` (ids or names), now and on every later run.

    Releases of all of them end: what was proved was proved of other calls.

    Raises:
        NotFound: a task is unknown.
        InputError: they cannot be merged.
    """
    ws.enter("tasks.edit", merge=1 + len(others))
    target, rest = ws.find(Task, into), [ws.find(Task, o) for o in others]
    changed = edits.merge(ws.store.records.list(Task), target, rest)
    return _apply(ws, changed, [t.id for t in changed], progress)


def unmerge_task(ws: Workspace, task_id: str, *, progress: Progress = silent) -> Task:
    """Take a merge back: the task has its calls, its id and its name again.

    Raises:
        NotFound: the task is unknown.
        InputError: it was not merged.
    """
    ws.enter("tasks.edit", unmerge=True)
    task = ws.find(Task, task_id, merged=True)
    changed = edits.unmerge(ws.store.records.list(Task), task)
    return _apply(ws, changed, [task.id, task.merged_into or ""], progress)


def split_task(
    ws: Workspace, task: str, contains: Sequence[str], name: str, *, progress: Progress = silent
) -> Task:
    """Make a task of its own of the calls whose system or opening text carries all of `contains`.

    The rest keeps the old id; its releases end.

    Raises:
        NotFound: the task is unknown.
        InputError: nothing to split by, or the name is taken.
    """
    ws.enter("tasks.edit", split=True)
    whole = ws.find(Task, task)
    part = edits.split(ws.store.records.list(Task), whole, contains, name)
    return _apply(ws, [part], [whole.id], progress)


def rename_task(ws: Workspace, task: str, name: str) -> Task:
    """Call a task otherwise; its old name still finds it.

    Raises:
        NotFound: the task is unknown.
        InputError: the name is empty or taken.
    """
    old = ws.find(Task, task)
    ws.enter("tasks.edit", task=old.id)
    ws.store.records.put(*edits.rename(ws.store.records.list(Task), old, name))
    return ws.store.records.get(Task, old.id)


def _apply(ws: Workspace, changed: Sequence[Task], touched: Sequence[str], progress: Progress) -> Task:
    """Store the edit, end what was released on the calls as they were, and count again."""
    for task_id in touched:
        rollback_task(ws, task_id, by="the task was edited")
    ws.enter("tasks.edit", tasks=tuple(t.id for t in changed))
    ws.store.records.put(*changed)
    discover_tasks(ws, progress=progress)
    return ws.store.records.get(Task, changed[0].id)
