"""Discovery: the recurring kinds of calls in a log, on three levels, with ids that stay.

Ids are minted once. Calls are first given to the tasks already known, by their frozen signatures; only
what is left over can become a new task. So a second run over a grown log never moves a call from one
known task to another, and the gateway, which uses the same signatures, always agrees with the batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from rightsizer.config import TasksSettings
from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.find import Least, Row, find_signatures
from rightsizer.tasks.profile import Totals, profile_tasks
from rightsizer.tasks.scan import CostOf, Fact, Scan, scan
from rightsizer.tasks.semantic import Embed, find_semantic
from rightsizer.tasks.signature import Signature
from rightsizer.tasks.steps import find_steps
from rightsizer.tasks.version import update_version
from rightsizer.types import Call, Level, Task, new_id


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
    places = _assign(old, done)
    least = Least(settings.min_calls, settings.min_sessions)
    fresh: list[Task] = []
    first = max((t.signature.get("round", 0) for t in old), default=0) + 1
    for round in count(
        first
    ):  # what is left over may hold tasks that larger ones hid; until nothing new is found
        left = _rows(done, [i for i, task_id in enumerate(places) if task_id is None])
        taken = [Signature.model_validate(t.signature) for t in (*old, *fresh)]
        found = find_signatures(left, least, len(done.facts), taken)
        more = [_mint(s, round) for s in found]
        more, places = _settle(more, done, places, least)
        if not more:
            break
        fresh += more
    members = _members(done.facts, places)
    tasks = [update_version(t, members[t.id], done) for t in [*old, *fresh]]
    tasks = profile_tasks(tasks, members, done)
    steps, step_of = find_steps(tasks, members, known, Totals.of(done.facts))
    senses, sense_of = find_semantic(tasks, members, known, Totals.of(done.facts), embed)
    template_of = {f.call_id: places[f.zones] for f in done.facts}
    return Discovery(
        tasks=[*tasks, *steps, *senses],
        assignments={
            "template": template_of,
            "step": {call: step_of.get(call) for call in template_of},
            "semantic": {call: sense_of.get(call) for call in template_of},
        },
    )


def _mint(signature: Signature, round: int) -> Task:
    placed = signature.model_copy(update={"round": round})
    return Task(id=new_id("task"), name="", signature=placed.model_dump(mode="json"))


def _assign(tasks: Sequence[Task], done: Scan) -> list[str | None]:
    """Task id per distinct zones."""
    assigner = Assigner(tasks)
    return [assigner.assign_zones(z) for z in done.zones]


def _rows(done: Scan, wanted: Sequence[int]) -> list[Row]:
    sessions: dict[int, set[str]] = defaultdict(set)
    counts: dict[int, int] = defaultdict(int)
    for f in done.facts:
        sessions[f.zones].add(f.session)
        counts[f.zones] += 1
    return [Row(done.zones[i], frozenset(sessions[i]), counts[i]) for i in wanted]


def _settle(
    fresh: list[Task], done: Scan, places: list[str | None], least: Least
) -> tuple[list[Task], list[str | None]]:
    """Give what is left over to the new tasks; drop those that end up too small."""
    while fresh:
        given = _assign(fresh, done)
        settled = [p if p is not None else g for p, g in zip(places, given, strict=True)]
        members = _members(done.facts, settled)
        kept = [t for t in fresh if _is_enough(members.get(t.id, ()), least)]
        if len(kept) == len(fresh):
            return fresh, settled
        fresh = kept
    return fresh, places


def _is_enough(facts: Sequence[Fact], least: Least) -> bool:
    return len(facts) >= least.calls and len({f.session for f in facts}) >= least.sessions


def _members(facts: Sequence[Fact], places: Sequence[str | None]) -> Mapping[str, list[Fact]]:
    members: dict[str, list[Fact]] = defaultdict(list)
    for f in facts:
        task_id = places[f.zones]
        if task_id is not None:
            members[task_id].append(f)
    return members
