"""Which fields of a task's answers count as agreement: shown, and said by a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rightsizer.errors import NotFound
from rightsizer.pipeline.deploy import rollback_task
from rightsizer.pipeline.workspace import Workspace
from rightsizer.students.structured_answer import code, read_answer, tool_of
from rightsizer.types import Message, Task


@dataclass(frozen=True)
class FieldUse:
    """A field or argument of the LLM's answers: in how many, how many values, whether it counts."""

    name: str
    answers: int
    values: int
    counts: bool


def field_uses(ws: Workspace, task: Task) -> list[FieldUse]:
    """Every field that a kept call was answered with, by name; a tool's argument as tool.argument."""
    ws.enter("calls.read", task=task.id, fields=True)
    given: Counter[str] = Counter()
    values: dict[str, set[str]] = {}
    for call in ws.store.calls.scan(task_id=task.id, kept_only=True):
        for name, value in _leaves(call.response) if call.response is not None else ():
            given[name] += 1
            values.setdefault(name, set()).add(code(value))
    silent = set(task.policy.ignore_fields)
    return [FieldUse(n, given[n], len(values[n]), not silent & {n, _short(n)}) for n in sorted(given)]


def set_counting(ws: Workspace, key: str, *, ignore: Sequence[str] = (), count: Sequence[str] = ()) -> Task:
    """Say of fields that they do not count, or count again. The task's release ends: it was proved otherwise.

    Raises:
        NotFound: no such task, or no answer of it has such a field.
    """
    task = ws.find(Task, key)
    ws.enter("tasks.edit", task=task.id, fields=len(ignore) + len(count))
    names = [use.name for use in field_uses(ws, task)]
    known = {*names, *map(_short, names), *task.policy.ignore_fields}
    for name in (*ignore, *count):
        if name not in known:
            raise NotFound(f"no answer of {task.name} has the field {name}", hint=", ".join(names))
    silent = (set(task.policy.ignore_fields) | set(ignore)) - set(count)
    policy = task.policy.model_copy(update={"ignore_fields": tuple(sorted(silent))})
    rollback_task(ws, task.id, by="which fields count was changed")
    changed = task.model_copy(update={"policy": policy})
    ws.store.records.put(changed)
    return changed


def _leaves(message: Message) -> Iterator[tuple[str, Any]]:
    if len(message.tool_calls) > 1:
        for call in message.tool_calls:
            yield from _leaves(Message(role="assistant", parts=(call,)))
        return
    action, leaves = read_answer(message)
    tool = tool_of(action)
    for path, value in leaves.items():
        name = ".".join(path) or "value"
        yield (f"{tool}.{name}" if tool else name), value


def _short(name: str) -> str:
    """An argument without its tool: a policy may name it either way."""
    return name.split(".", 1)[-1]
