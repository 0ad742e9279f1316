"""Versions of a task: an edited prompt or another tool is a new version, under the same id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rightsizer.tasks.scan import Fact, Scan
from rightsizer.tasks.shingles import shingle
from rightsizer.types import Task
from rightsizer.views.tokens import digest

RECENT = 50  # the version is what the last so many calls carry
COMMON = 0.8  # share of them that must carry the same template


def update_version(task: Task, facts: Sequence[Fact], done: Scan) -> Task:
    """The task with its version raised by one if its template is not what it was at the last look.

    Where the recent system prompts are not one text (each session has its own), only tools count.
    """
    if not facts:
        return task
    recent = [done.zones[f.zones] for f in facts[-RECENT:]]
    tools = Counter(tuple(sorted(z.tools)) for z in recent).most_common(1)[0][0]
    system, count = Counter(shingle(z.system).tobytes() for z in recent).most_common(1)[0]
    text = digest(system.hex()) if count >= COMMON * len(recent) else ""
    now = {"tools": digest("\n".join(tools)), "system": text}
    before = task.signature.get("seen")
    edited = before is not None and any(now[k] and before.get(k) and now[k] != before[k] for k in now)
    seen = {k: now[k] or (before or {}).get(k, "") for k in now}
    return task.model_copy(
        update={"version": task.version + edited, "signature": {**task.signature, "seen": seen}}
    )
