"""The template level: which recurring kind of call each request is, known tasks first, then new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.find import Least, Row, find_signatures, sample_rows
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
        members: dict[str, list[Fact]] = defaultdict(list)
        for f in facts:
            task_id = self.places[f.zones]
            if task_id is not None:
                members[task_id].append(f)
        return members


def find_templates(done: Scan, known: Sequence[Task], least: Least, granularity: float = 1.0) -> Templates:
    """Give the calls to the tasks already known, and look for new ones in what is left, until none is found.

    What is left over may hold tasks that larger ones hid: hence the rounds.

    Args:
        known: template-level tasks of earlier runs.
        granularity: how readily one system prompt is divided by opening templates; 1 is the default,
            more divides more, 0 never.
    """
    places: list[str | None] = [None] * len(done.zones)
    rows = dict(enumerate(_rows(done)))
    _give(Assigner(known), rows, rows, places)
    fresh: list[Task] = []
    first = max((t.signature.get("round", 0) for t in known), default=0) + 1
    for round in count(first):
        left = {i: row for i, row in rows.items() if places[i] is None}
        taken = [Signature.model_validate(t.signature) for t in (*known, *fresh)]
        drawn = sample_rows(list(left.values()))
        n_total = len(done.facts) * _calls(drawn) / max(_calls(left.values()), 1)
        found = find_signatures(drawn, least, n_total, taken, granularity)
        more = _settle([_mint(s, round) for s in found], left, places, least)
        if not more:
            break
        fresh += more
    return Templates([*known, *fresh], places)


def _calls(rows: Iterable[Row]) -> int:
    return sum(row.n_calls for row in rows)


def _mint(signature: Signature, round: int) -> Task:
    placed = signature.model_copy(update={"round": round})
    return Task(id=new_id("task"), name="", signature=placed.model_dump(mode="json"))


def _rows(done: Scan) -> list[Row]:
    sessions: list[set[str]] = [set() for _ in done.zones]
    counts = [0] * len(done.zones)
    for f in done.facts:
        sessions[f.zones].add(f.session)
        counts[f.zones] += 1
    return [Row(z, frozenset(s), n) for z, s, n in zip(done.zones, sessions, counts, strict=True)]


def _give(
    assigner: Assigner, rows: Mapping[int, Row], wanted: Iterable[int], places: list[str | None]
) -> dict[int, float]:
    """Note in `places` the task of every row that is wanted; gives each one's explained share."""
    explained = {}
    for i in wanted:
        places[i], share = assigner.place(rows[i].zones)
        if places[i] is not None:
            explained[i] = share
    return explained


def _settle(fresh: list[Task], left: Mapping[int, Row], places: list[str | None], least: Least) -> list[Task]:
    """Give what is left over to the new tasks, in `places`; drop those that end up too small."""
    explained: dict[int, float] = {}
    wanted: Iterable[int] = left
    while True:
        explained |= _give(Assigner(fresh), left, wanted, places)
        members: dict[str, list[int]] = defaultdict(list)
        for i in left:
            if (task_id := places[i]) is not None:
                members[task_id].append(i)
        kept = [t for t in fresh if least.met([left[i] for i in members.get(t.id, ())])]
        if len(kept) == len(fresh):
            return [_bound(t, [explained[i] for i in members[t.id]]) for t in fresh]
        small = {t.id for t in fresh} - {t.id for t in kept}
        wanted = [i for task_id in small for i in members.get(task_id, ())]
        fresh = kept


def _bound(task: Task, explained: Sequence[float]) -> Task:
    """The task with the least share of a system prompt that its core must explain.

    A prompt several times as long as any that was seen is another prompt, even if it quotes this one.
    """
    share = round(GROWTH * min(explained), 3)
    return task.model_copy(update={"signature": {**task.signature, "share": share}})
