"""Probe: how well models answer a task untrained, on a part of its train split (S4).

Each arm is a model behind a server, asked with or without retrieved examples. Arms are compared by
successive halving (Karnin, Koren & Somekh 2013): all on a few calls, the better half on twice as many, and so
on, so that most of the asking is spent on those that may win. The calls come from the train split, held out
from the examples: the calibration split stays unseen until the gate.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rightsizer.errors import InputError
from rightsizer.evaluation.run import majority_agreement, score
from rightsizer.pipeline.learn import Learning
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.stats.binomial import clopper_pearson
from rightsizer.students.chat_server import Server
from rightsizer.students.prompted import Prompting
from rightsizer.training.prompted import build
from rightsizer.types import Example, ProbeRecord, new_id

FIRST_ROUND = 25
HELD_OUT = 0.25
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Arm:
    """One way to answer without training: a server's model, asked in one way."""

    server: Server
    how: Prompting

    @property
    def name(self) -> str:
        shots = f"{self.how.shots} examples" if self.how.shots else "zero-shot"
        votes = f", up to {self.how.votes} votes" if self.how.votes > 1 else ""
        return f"{self.server.model} · {shots}{votes}"


@dataclass(frozen=True)
class Probed:
    """An arm's result. An abstention counts as disagreement; the bounds are exact (Clopper–Pearson)."""

    arm: Arm
    n_calls: int
    n_agree: int
    n_answered: int
    rounds: int
    low: float
    high: float

    @property
    def agreement(self) -> float:
        return self.n_agree / self.n_calls


@dataclass(frozen=True)
class ProbeOutcome:
    """The arms, best first: those that stayed longest, then by agreement. `majority` is the floor."""

    arms: tuple[Probed, ...]
    majority: float
    n_examples: int


def probe(
    learning: Learning, arms: Sequence[Arm], *, limit: int = 200, seed: int = 0, progress: Progress = silent
) -> ProbeOutcome:
    """Ask every arm on held-out calls of the train split, at most `limit` each.

    Raises:
        InputError: no arm, or too few calls to ask about.
    """
    if not arms:
        raise InputError("there is nothing to probe", hint="name a model: --model NAME")
    shown, asked = held_out(learning.part("train"), seed)
    asked = asked[:limit]
    if len(asked) < 2 or not shown:
        raise InputError(
            f"{len(asked)} held-out calls are too few to compare models",
            hint="import more calls of this task",
        )
    results = {arm.name: _empty(arm) for arm in arms}
    alive = list(arms)
    start, size = 0, min(FIRST_ROUND, len(asked))
    while alive and start < len(asked):
        part = asked[start : start + size]
        for arm in alive:
            progress(f"probe {arm.name} · {learning.task.name}", start, len(asked))
            results[arm.name] = _ask(results[arm.name], shown, part, learning, seed)
        start, size = start + len(part), 2 * size
        alive = sorted(alive, key=lambda a: -results[a.name].agreement)[: max(1, (len(alive) + 1) // 2)]
    ranked = sorted(results.values(), key=lambda r: (-r.rounds, -r.agreement, r.arm.name))
    floor = majority_agreement(shown, asked, learning.task.policy)
    return ProbeOutcome(tuple(ranked), floor, len(shown))


def remember(ws: Workspace, task_id: str, outcome: ProbeOutcome) -> None:
    """Keep the arms as baselines: what an evaluation of this task is shown beside."""
    ws.store.records.put(
        *(
            ProbeRecord(
                id=new_id("probe"), task_id=task_id, arm=p.arm.name, n_calls=p.n_calls, n_agree=p.n_agree,
                created_at=datetime.now(UTC),
            )
            for p in outcome.arms
        )
    )  # fmt: skip


def held_out(examples: Sequence[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """(examples to show, calls to ask about), by whole groups, so that no session is on both sides."""
    groups = sorted({e.group for e in examples})
    random.Random(seed).shuffle(groups)
    asked_groups = set(groups[: max(1, round(HELD_OUT * len(groups)))])
    shown = [e for e in examples if e.group not in asked_groups]
    asked = [e for e in examples if e.group in asked_groups]
    random.Random(seed).shuffle(asked)
    return shown, asked


def _empty(arm: Arm) -> Probed:
    return Probed(arm, 0, 0, 0, 0, 0.0, 1.0)


def _ask(
    so_far: Probed, shown: Sequence[Example], part: Sequence[Example], learning: Learning, seed: int
) -> Probed:
    student = build(shown, so_far.arm.server, so_far.arm.how, output=learning.task.output, seed=seed)
    scores = score(student, part, learning.task.policy)
    n = so_far.n_calls + len(part)
    agree = so_far.n_agree + sum(s.loss == 0 for s in scores)
    low, high = clopper_pearson(agree, n, CONFIDENCE)
    return replace(
        so_far,
        n_calls=n,
        n_agree=agree,
        n_answered=so_far.n_answered + sum(s.answered for s in scores),
        rounds=so_far.rounds + 1,
        low=low,
        high=high,
    )
