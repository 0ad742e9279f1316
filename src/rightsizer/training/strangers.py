"""Requests that are foreign to nearly every task, for students to learn what they are not for.

Outlier exposure (Hendrycks, Mazeika & Dietterich 2019): a model that has met some foreign inputs turns
away others, of kinds that it has not met. The requests are made from `strangers.toml`: what people ask of
the world at large, in English and Chinese. What is near a task's own inputs is no stranger to it, and is
left out.
"""

from __future__ import annotations

import math
import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rightsizer.students.inputs import Input
from rightsizer.views.language import language_of_text

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

# What is asked of assistants every day, of many trades; the rest is about subjects of general knowledge:
# (subjects, the ways to ask about them, their share of the rest)
EVERYDAY = 0.7
KINDS = (("things", "ask_thing", 0.5), ("names", "ask_name", 0.2), ("doings", "ask_doing", 0.3))
PER_CALL, MOST = 0.25, 3000
# With few calls a task's own hidden answers say more (docs/decisions/0028-strangers.md).
FROM_CALLS = 1000
# A stranger is farther from every training input than all but this share of those are from each other.
LONELY = 0.05
COMPARED = 2000
# Where fewer are left, the task is about the world at large itself.
WORTH_TEACHING = 50
LANGUAGE_SAMPLE = 300
OF_A_LINE = 16
PASSES = 3  # over the everyday lines; what came already is not made again
_CHOICE = re.compile(r"\{([^{}]*)\}")
MIN_LANGUAGE_SHARE = 0.2


def meet_strangers(inputs: Sequence[Input], seed: int) -> list[Input]:
    """Foreign inputs in the languages of `inputs`, a quarter as many, said where those were said; none for
    fewer than `FROM_CALLS` inputs."""
    if not inputs or len(inputs) < FROM_CALLS:
        return []
    rng = random.Random(seed)
    sample = [one.payload for one in rng.sample(list(inputs), min(len(inputs), LANGUAGE_SAMPLE))]
    chinese = sum(language_of_text(t) in ("Chinese", "mixed") for t in sample) / len(sample)
    n = min(MOST, round(PER_CALL * len(inputs)))
    texts: list[str] = []
    for language, share in (("en", 1 - chinese), ("zh", chinese)):
        if share >= MIN_LANGUAGE_SHARE:
            texts += make_requests(language, round(n * share), seed)
    return [replace(rng.choice(inputs), payload=text) for text in texts]


def make_requests(language: str, n: int, seed: int) -> list[str]:
    """About `n` different requests ('en' or 'zh'), every subject before any comes twice; shuffled."""
    rng = random.Random(seed)
    made = dict.fromkeys(_everyday(language, round(n * EVERYDAY), rng))
    rest = n - len(made)
    for subjects, forms, share in KINDS:
        names, ways = _parts(language, subjects), _parts(language, forms)
        order: list[str] = []
        while len(order) < round(rest * share):
            order += rng.sample(names, len(names))
        for name in order[: round(rest * share)]:
            made[rng.choice(ways).format(x=name, y=rng.choice(names))] = None
    texts = list(made)
    rng.shuffle(texts)
    return texts


def _everyday(language: str, n: int, rng: random.Random) -> list[str]:
    """At most `n` different requests of the everyday lines, each as often as it can be said differently."""
    lines = [line for line in _table(language)["everyday"].splitlines() if line]
    order = [line for line in lines for _ in range(_ways(line))]
    made: dict[str, None] = {}
    for _ in range(PASSES):
        for line in rng.sample(order, len(order)):
            if len(made) == n:
                break
            chosen = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), line)
            made[" ".join(chosen.split())] = None
    return list(made)


def _ways(line: str) -> int:
    """How many different requests the line makes, at most `OF_A_LINE`."""
    return min(OF_A_LINE, math.prod(len(found.split("|")) for found in _CHOICE.findall(line)))


def are_far(strangers: Floats, known: Floats, groups: Sequence[str], seed: int) -> npt.NDArray[np.bool_]:
    """Which rows of unit vectors are far from all of `known`; none where too few are.

    The measure is the known rows' own: how near each is to the nearest of another group.
    """
    none = np.zeros(len(strangers), bool)
    if len(known) < 2 or not len(strangers):
        return none
    _, group = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    some = np.sort(np.random.default_rng(seed).permutation(len(known))[:COMPARED])
    cosines = known[some] @ known.T
    cosines[group[some][:, None] == group[None, :]] = -1.0
    limit = float(np.quantile(cosines.max(1), LONELY))
    nearest = np.concatenate(
        [(strangers[i : i + 500] @ known.T).max(1) for i in range(0, len(strangers), 500)]
    )
    far = nearest < limit
    return far if far.sum() >= WORTH_TEACHING else none


@cache
def _parts(language: str, name: str) -> tuple[str, ...]:
    text = _table(language)[name].replace("\n", " ")
    return tuple(p.strip() for p in text.split("|" if name.startswith("ask") else ";") if p.strip())


@cache
def _table(language: str) -> dict[str, str]:
    found = tomllib.loads(Path(__file__).with_name("strangers.toml").read_text(encoding="utf-8"))
    table: dict[str, str] = found[language]
    return table
