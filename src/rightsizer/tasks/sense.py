"""Which semantic sub-task a request belongs to, before the answer exists and without an encoder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rightsizer.tasks.assign import final_ids
from rightsizer.tasks.lexical import Scorers
from rightsizer.tasks.payload import cut_payload
from rightsizer.tasks.scan import SPOKEN_STEPS
from rightsizer.tasks.signature import Signature
from rightsizer.tasks.zones import clip
from rightsizer.types import Request, Task
from rightsizer.views.mask import TextMask
from rightsizer.views.view import find_step


class SenseAssigner:
    """Gives requests of a known template-level task to its semantic sub-tasks, by words alone.

    Provisional where the sub-tasks were found with an encoder: the next discovery, which has it, may
    decide otherwise.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        final = final_ids(tasks)
        groups: dict[str, list[tuple[str, Signature]]] = defaultdict(list)
        for task in tasks:
            if task.level == "semantic" and task.parent_id is not None:
                groups[task.parent_id].append((final[task.id], Signature.model_validate(task.signature)))
        self._ids = {parent: [task_id for task_id, _ in own] for parent, own in groups.items()}
        self._scorers = {
            parent: Scorers([s.words for _, s in own], [s.round for _, s in own])
            for parent, own in groups.items()
        }
        self._masks: dict[str, dict[str, TextMask]] = {
            t.id: Signature.model_validate(t.signature).masks for t in tasks if t.id in groups
        }

    def assign(self, task_id: str, request: Request) -> str | None:
        """The sub-task's id; None where the task has none, the last message is a tool's result, or no
        sub-task is sure."""
        scorers = self._scorers.get(task_id)
        if scorers is None or not request.messages:
            return None
        step = find_step(request)
        if step not in SPOKEN_STEPS:
            return None
        text = cut_payload(clip(request.messages[-1].text.strip()), self._masks.get(task_id, {}).get(step))
        place = scorers.assign(text) if text else -1
        return self._ids[task_id][place] if place >= 0 else None
