"""What a person changes about the tasks that were found: merge, split, rename.

An edit is a field of the task itself (`merged_into`, `signature.contains`, `name`), so it goes wherever
the task goes: later runs, the gateway, a copy of the home. Nothing is deleted; a merge can be undone.
"""

from __future__ import annotations

from collections.abc import Sequence

from rightsizer.errors import InputError
from rightsizer.tasks.assign import final_ids
from rightsizer.tasks.signature import Signature
from rightsizer.types import Task, new_id


def merge(tasks: Sequence[Task], into: Task, others: Sequence[Task]) -> list[Task]:
    """The changed tasks when the calls of `others` go to `into` from now on; `into` keeps its id.

    Args:
        tasks: all tasks there are.

    Raises:
        InputError: they are not of one level, are steps, are parts of different tasks, or are the same.
    """
    final = final_ids(tasks)
    target = next(t for t in tasks if t.id == final[into.id])
    why = f"merged into '{target.name}'"
    changed: list[Task] = []
    for other in others:
        if other.level == "step" or other.level != target.level or other.parent_id != target.parent_id:
            raise InputError(
                f"'{other.name}' ({other.level}) cannot be merged into '{target.name}' ({target.level})",
                hint="merge tasks of the level 'template', or semantic sub-tasks of one task",
            )
        if final[other.id] == target.id:
            raise InputError(f"'{other.name}' is part of '{target.name}' already")
        moved = next(t for t in tasks if t.id == final[other.id])
        changed.append(moved.model_copy(update={"merged_into": target.id, "verdict": None, "reason": why}))
    names = (*target.aliases, *(c.name for c in changed if c.name not in (target.name, *target.aliases)))
    return [target.model_copy(update={"aliases": names}), *changed]


def unmerge(tasks: Sequence[Task], task: Task) -> list[Task]:
    """The changed tasks when a merged task takes its calls back, under its old id and name.

    Raises:
        InputError: the task was not merged into another.
    """
    if task.merged_into is None:
        raise InputError(f"'{task.name}' was not merged into another task")
    apart = [task.model_copy(update={"merged_into": None, "reason": ""})]
    for other in tasks:
        if other.id == task.merged_into and task.name in other.aliases:
            rest = tuple(a for a in other.aliases if a != task.name)
            apart.append(other.model_copy(update={"aliases": rest}))
    return apart


def split(tasks: Sequence[Task], task: Task, contains: Sequence[str], name: str) -> Task:
    """A new task for those calls of `task` whose system or opening text carries all of `contains`.

    Case does not count. The rest keeps the old id.

    Raises:
        InputError: no text is given, the name is taken, or the task is no template-level task.
    """
    texts = tuple(sorted({t.strip().lower() for t in contains} - {""}))
    if not texts:
        raise InputError("nothing to split by", hint="--contains TEXT: words that only one part carries")
    if task.level != "template" or task.merged_into is not None:
        raise InputError(
            f"'{task.name}' cannot be split by text", hint="split a task that 'rightsizer tasks list' shows"
        )
    _free(tasks, name)
    signature = Signature.model_validate(task.signature)
    both = tuple(sorted({*signature.contains, *texts}))
    if any(Signature.model_validate(t.signature) == signature.model_copy(update={"contains": both})
           for t in tasks if t.level == "template" and t.merged_into is None):  # fmt: skip
        raise InputError(f"'{task.name}' was split by this text already")
    part = signature.model_copy(update={"contains": both})
    return Task(
        id=new_id("task"), name=name.strip(), policy=task.policy, signature=part.model_dump(mode="json")
    )


def rename(tasks: Sequence[Task], task: Task, name: str) -> list[Task]:
    """The changed tasks when `task` is called `name`; the old name still finds it.

    The names of its steps and sub-tasks begin with its name and follow.

    Raises:
        InputError: the name is empty or another task's.
    """
    if name.strip() == task.name:
        return []
    _free([t for t in tasks if t.id != task.id], name)
    new, old = name.strip(), task.name
    former = tuple(a for a in (*task.aliases, old) if a != new)
    changed = [task.model_copy(update={"name": new, "aliases": former})]
    for part in tasks:
        if part.parent_id == task.id and part.name.startswith(f"{old} · "):
            changed.append(part.model_copy(update={"name": new + part.name[len(old) :]}))
    return changed


def _free(tasks: Sequence[Task], name: str) -> None:
    """Raises `InputError` where the name is empty or taken."""
    wanted = name.strip()
    if not wanted:
        raise InputError("a task needs a name")
    if any(wanted == t.name for t in tasks):
        raise InputError(f"another task is called '{wanted}'", hint="choose another name, or merge the two")
