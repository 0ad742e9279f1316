"""Which task of any level a call goes to, before its answer exists: what the gateway and a replay ask.

The template is always looked up. Step and sub-task cost more, so they are only where something hangs on them:
where a task of that level (a student sits on it, say) is among those that are wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rightsizer.tasks.assign import Assigner, final_ids
from rightsizer.tasks.sense import SenseAssigner
from rightsizer.tasks.steps import step_task_id
from rightsizer.types import Request, Task
from rightsizer.views.view import find_step


class InlineAssigner:
    """Gives requests to their template, and within it to the finest task that is wanted.

    Args:
        tasks: tasks of all levels.
        wanted: ids of those which the caller has a use for.
    """

    def __init__(self, tasks: Sequence[Task], wanted: Collection[str]) -> None:
        self._wanted = frozenset(wanted)
        self._templates = Assigner(tasks)
        final = final_ids(tasks)
        used = [t for t in tasks if t.parent_id is not None and self._wanted & {t.id, final[t.id]}]
        self._stepped = frozenset(t.parent_id for t in used if t.level == "step")
        self._sensed = frozenset(t.parent_id for t in used if t.level == "semantic")
        self._senses = SenseAssigner(
            [t for t in tasks if t.id in self._sensed or t.parent_id in self._sensed]
        )

    def template(self, request: Request, metadata: Mapping[str, Any] | None = None) -> str | None:
        """The id of the template-level task, None for a request of no known task."""
        return self._templates.assign(request, metadata)

    def divides(self, template_id: str | None) -> bool:
        """Whether calls of this template may go to a finer task, so that each must be looked at."""
        return template_id in self._stepped or template_id in self._sensed

    def within(self, template_id: str | None, request: Request) -> str | None:
        """The finest wanted task of a request of this template: by meaning, by step, else the template."""
        if template_id is None:
            return None
        if (
            template_id in self._sensed
            and (found := self._senses.assign(template_id, request)) in self._wanted
        ):
            return found
        if template_id in self._stepped:
            found = step_task_id(template_id, find_step(request))
            if found in self._wanted:
                return found
        return template_id

    def assign(self, request: Request, metadata: Mapping[str, Any] | None = None) -> str | None:
        """Both: the template, and within it the finest task that is wanted."""
        return self.within(self.template(request, metadata), request)
