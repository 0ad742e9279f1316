"""The template level: which recurring kind of call each request is, known tasks first, then new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.find import Least, Row, find_signatures
from rightsizer.tasks.scan import Fact, Scan
from rightsizer.tasks.signature import Signature
from rightsizer.types import Task, new_id

GROWTH = 0.6  # a prompt may grow by two thirds over the longest seen and be the same task


@dataclass(frozen=True)
class Templates:
    """`tasks` known and new, in the order they were found; `places`: task id per `Scan.zones`, or None."""

    tasks: list[Task]
    places: list[str | None]

    def members(self, facts: Sequence[Fact]) -> Mapping[str, list[Fact]]:
        """The calls of every task, in log order."""
        return _members(facts, self.places)


def find_templates(done: Scan, known: Sequence[Task], least: Least, granularity: float = 1.0) -> Templates:
    """Give the calls to the tasks already known, and look for new ones in what is left, until none is found.

    What is left over may hold tasks that larger ones hid: hence the rounds.

    Args:
        known: template-level tasks of earlier runs.
        granularity: how readily one system prompt is divided by opening templates; 1 is the default,
            more divides more, 0 never.
    """
    places = _assign(known, done)
    fresh: list[Task] = []
    first = max((t.signature.get("round", 0) for t in known), default=0) + 1
    for round in count(first):
        left = _rows(done, [i for i, task_id in enumerate(places) if task_id is None])
        taken = [Signature.model_validate(t.signature) for t in (*known, *fresh)]
        found = find_signatures(left, least, len(done.facts), taken, granularity)
        more = [_mint(s, round) for s in found]
        more, places = _settle(more, done, places, least)
        if not more:
            break
        fresh += more
    return Templates([*known, *fresh], places)


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
            return _bound(fresh, done, given), settled
        fresh = kept
    return fresh, places


def _bound(fresh: Sequence[Task], done: Scan, given: Sequence[str | None]) -> list[Task]:
    """The new tasks with the least share of a system prompt that their core must explain.

    A prompt several times as long as any that was seen is another prompt, even if it quotes this one.
    """
    assigner = Assigner(fresh)
    least: dict[str, float] = {}
    for zones, task_id in zip(done.zones, given, strict=True):
        if task_id is not None:
            least[task_id] = min(least.get(task_id, 1.0), assigner.explained(zones))
    return [
        t.model_copy(update={"signature": {**t.signature, "share": round(GROWTH * least.get(t.id, 0.0), 3)}})
        for t in fresh
    ]


def _is_enough(facts: Sequence[Fact], least: Least) -> bool:
    return len(facts) >= least.calls and len({f.session for f in facts}) >= least.sessions


def _members(facts: Sequence[Fact], places: Sequence[str | None]) -> Mapping[str, list[Fact]]:
    members: dict[str, list[Fact]] = defaultdict(list)
    for f in facts:
        task_id = places[f.zones]
        if task_id is not None:
            members[task_id].append(f)
    return members
