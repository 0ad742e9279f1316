"""Which tools of a task write: shown, and corrected by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rightsizer.errors import NotFound
from rightsizer.pipeline.deploy import rollback_task
from rightsizer.pipeline.workspace import Workspace
from rightsizer.scoring.tool_risk import guess_risk
from rightsizer.types import Task, ToolRisk


@dataclass(frozen=True)
class ToolClass:
    """A tool that the task's calls offer; `said` is False where the class is only guessed."""

    name: str
    risk: ToolRisk
    said: bool


def tool_classes(ws: Workspace, task: Task) -> list[ToolClass]:
    """Every tool that a kept call of the task offers, by name."""
    ws.enter("calls.read", task=task.id, tools=True)
    offered: dict[str, dict[str, Any]] = {}
    for call in ws.store.calls.scan(task_id=task.id, kept_only=True):
        for name, tool in zip(call.request.tool_names, call.request.tools, strict=False):
            offered.setdefault(name, tool)
    known = task.policy.tool_risk
    return [ToolClass(n, known.get(n) or guess_risk(offered[n]), n in known) for n in sorted(offered)]


def set_tool_risk(ws: Workspace, key: str, *, read: Sequence[str] = (), write: Sequence[str] = ()) -> Task:
    """Say of tools that they only read, or that they write. The task's release ends: it was proved otherwise.

    Raises:
        NotFound: no such task, or none of its calls offers such a tool.
    """
    task = ws.find(Task, key)
    ws.enter("tasks.edit", task=task.id, tools=len(read) + len(write))
    offered = {t.name for t in tool_classes(ws, task)}
    for name in (*read, *write):
        if name not in offered:
            raise NotFound(f"no call of {task.name} offers the tool {name}", hint=", ".join(sorted(offered)))
    said: dict[str, ToolRisk] = {}
    for name in read:
        said[name] = "read"
    for name in write:
        said[name] = "write"
    policy = task.policy.model_copy(update={"tool_risk": {**task.policy.tool_risk, **said}})
    rollback_task(ws, task.id, by="a tool's risk class was changed")
    changed = task.model_copy(update={"policy": policy})
    ws.store.records.put(changed)
    return changed
