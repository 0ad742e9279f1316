"""Discovery: the recurring kinds of calls in a log, on three levels, with ids that stay.

Ids are minted once. Calls are first given to the tasks already known, by their frozen signatures; only
what is left over can become a new task. So a second run over a grown log never moves a call from one
known task to another, and the gateway, which uses the same signatures, always agrees with the batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rightsizer.config import TasksSettings
from rightsizer.tasks.find import Least
from rightsizer.tasks.profile import Totals, profile_tasks
from rightsizer.tasks.scan import CostOf, scan
from rightsizer.tasks.semantic import Embed, find_semantic
from rightsizer.tasks.steps import find_steps
from rightsizer.tasks.templates import find_templates
from rightsizer.tasks.version import update_version
from rightsizer.types import Call, Level, Task


@dataclass
class Discovery:
    """`tasks` of all levels, parents first; `assignments`: level → call id → task id or None."""

    tasks: list[Task] = field(default_factory=list)
    assignments: dict[Level, dict[str, str | None]] = field(default_factory=dict)


def discover(
    calls: Iterable[Call],
    *,
    known: Sequence[Task] = (),
    settings: TasksSettings,
    cost_of: CostOf | None = None,
    embed: Embed | None = None,
) -> Discovery:
    """Find the tasks in a log. One pass over `calls`; a few hundred bytes are kept of each.

    Args:
        known: tasks of earlier runs: they keep their ids, names and policies, and take their calls first.
        settings: how many calls and sessions make a task.
        cost_of: a call → USD, for cost shares; None: the cost recorded with the call.
        embed: texts → unit vectors, shape (n, d); with it the semantic level is found too.
    """
    done = scan(calls, cost_of)
    old = [t for t in known if t.level == "template"]
    least = Least(settings.min_calls, settings.min_sessions)
    found = find_templates(done, old, least, settings.scale)
    members = found.members(done.facts)
    tasks = [update_version(t, members[t.id], done) for t in found.tasks]
    tasks = profile_tasks(tasks, members, done)
    steps, step_of = find_steps(tasks, members, known, Totals.of(done.facts))
    senses, sense_of = find_semantic(tasks, members, known, Totals.of(done.facts), embed)
    template_of = {f.call_id: found.places[f.zones] for f in done.facts}
    return Discovery(
        tasks=[*tasks, *steps, *senses],
        assignments={
            "template": template_of,
            "step": {call: step_of.get(call) for call in template_of},
            "semantic": {call: sense_of.get(call) for call in template_of},
        },
    )
