"""The semantic level: sub-tasks by what the payload is about, found inside one template-level task.

Only the payload is embedded, never the template: on whole prompts the template drowns what differs.
Clusters are fitted once and frozen: later runs give each payload to the nearest that is near enough. What is
near none is noise, and when enough noise has gathered, it may hold new clusters, which never take a payload
from an older one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from rightsizer.tasks.assign import final_ids
from rightsizer.tasks.clusters import F32, Clusters, fit_clusters
from rightsizer.tasks.label import name_clusters
from rightsizer.tasks.lexical import Scorers, fit_scorers, lexical_vectors
from rightsizer.tasks.output import find_output
from rightsizer.tasks.payload import cut_payload, fit_masks
from rightsizer.tasks.policy import load_policy
from rightsizer.tasks.profile import Totals, figures
from rightsizer.tasks.readiness import estimate_readiness
from rightsizer.tasks.scan import Fact
from rightsizer.tasks.signature import Signature
from rightsizer.types import Task
from rightsizer.views.mask import TextMask
from rightsizer.views.tokens import digest, words

MIN_PAYLOADS = 200  # distinct payloads a task needs to be divided
MIN_NOISE = 50  # distinct payloads of no cluster that are looked at for new ones
EMBED_CHARS = 700_000  # of payloads that are embedded in one run; a task has its share of the calls in it
LEAST_EMBED_CHARS = 20_000  # what a task may embed however small its share
MAX_ROUNDS = 2  # of looking for new clusters in what is left, in one run; by words only the first
MAX_WORDED = 2000  # payloads of one task whose clusters are looked for by words, without an encoder
MIN_SIZE = 10
NEW_SILHOUETTE = 0.1  # what is left over must part more clearly than a whole task


@dataclass(frozen=True)
class Embed:
    """An encoder as this level sees it. `identity` differs wherever the vectors may differ; `encode` gives
    unit rows, float32 (n, d)."""

    identity: str
    encode: Callable[[list[str]], NDArray[np.float32]]


@dataclass
class Senses:
    """`tasks` of the semantic level, call id → their id, and the masks of each parent by its id."""

    tasks: list[Task] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=dict)
    masks: dict[str, dict[str, TextMask]] = field(default_factory=dict)


def find_semantic(
    parents: Sequence[Task],
    members: Mapping[str, Sequence[Fact]],
    known: Sequence[Task],
    totals: Totals,
    embed: Embed | None,
    earlier: Mapping[str, str | None],
    granularity: float = 1.0,
) -> Senses:
    """Semantic tasks of every parent whose payloads vary enough.

    Calls whose last message is a tool's result have none. Without `embed` clusters are found by words.
    A call that had a sub-task of this parent (`earlier`: call id → task id) keeps it.
    """
    before: dict[str, list[Task]] = defaultdict(list)
    for task in known:
        if task.level == "semantic" and task.parent_id is not None:
            before[task.parent_id].append(task)
    done = Senses()
    for parent in parents:
        facts = [f for f in members.get(parent.id, ()) if f.text]
        own = before.get(parent.id, [])
        if granularity > 0 or own:
            share = int(EMBED_CHARS * len(facts) / max(totals.calls, 1))
            finder = _Finder(embed, granularity, max(share, LEAST_EMBED_CHARS))
            _divide(parent, facts, own, earlier, totals, finder, done)
    return done


def _divide(
    parent: Task,
    facts: Sequence[Fact],
    before: Sequence[Task],
    earlier: Mapping[str, str | None],
    totals: Totals,
    finder: _Finder,
    done: Senses,
) -> None:
    masks = Signature.model_validate(parent.signature).masks or fit_masks(facts)
    texts = {(f.step, f.text): cut_payload(f.text, masks.get(f.step)) for f in facts}
    distinct = sorted(set(texts.values()) - {""}, key=digest)
    known = [Signature.model_validate(t.signature) for t in before]
    place = dict.fromkeys(distinct, -1)
    at = {t.id: i for i, t in enumerate(before)}
    for f in facts:
        if (had := at.get(earlier.get(f.call_id) or "")) is not None and texts[f.step, f.text]:
            place[texts[f.step, f.text]] = had
    finder.recognise(place, known)
    for _ in range(MAX_ROUNDS if finder.embed else 1):
        known += (more := finder.find(place, known))
        if not more:
            break
    tasks = [*before, *_new_tasks(parent, known, len(before), _group(facts, texts, place))]
    final = final_ids(tasks)
    at = {t.id: i for i, t in enumerate(tasks)}
    place = {text: at[final[tasks[i].id]] if i >= 0 else -1 for text, i in place.items()}
    groups = _group(facts, texts, place)
    done.tasks += [_profile(t, [f for f, _ in groups[i]], parent, totals) for i, t in enumerate(tasks)]
    done.of.update((f.call_id, tasks[i].id) for i, own in groups.items() for f, _ in own)
    if tasks:
        done.masks[parent.id] = masks


def _group(
    facts: Sequence[Fact], texts: Mapping[tuple[str, str], str], place: Mapping[str, int]
) -> dict[int, list[tuple[Fact, str]]]:
    """Place of a cluster → its calls with their payloads."""
    groups: dict[int, list[tuple[Fact, str]]] = defaultdict(list)
    for fact in facts:
        text = texts[fact.step, fact.text]
        if place.get(text, -1) >= 0:
            groups[place[text]].append((fact, text))
    return groups


@dataclass(frozen=True)
class _Finder:
    """Recognises known clusters in payloads, and finds new ones in what is left.

    `place` is text → place of its cluster among the known, -1 for none; both methods fill it in.
    """

    embed: Embed | None
    granularity: float
    most_chars: int

    def recognise(self, place: dict[str, int], known: Sequence[Signature]) -> None:
        """Give texts without a place to known clusters, those found in earlier rounds first.

        A cluster of this encoder takes what is near; another, and where payloads are very many, by words.
        """
        near = [
            i for i, s in enumerate(known) if self.embed and s.space == self.embed.identity and s.centroid
        ]
        left = self._affordable(t for t, i in place.items() if i < 0) if near else []
        vectors = self._vectors(left)
        for round in sorted({known[i].round for i in near}):
            own = [i for i in near if known[i].round == round]
            for text, cluster in zip(left, _clusters([known[i] for i in own]).assign(vectors), strict=True):
                if cluster >= 0 and place[text] < 0:
                    place[text] = own[cluster]
        far = [i for i in range(len(known)) if i not in set(near)]
        rest = {t for t, i in place.items() if i < 0}
        self._by_words(place, known, range(len(known)), rest - set(left))
        self._by_words(place, known, far, rest & set(left))

    @staticmethod
    def _by_words(
        place: dict[str, int], known: Sequence[Signature], own: Sequence[int], texts: Iterable[str]
    ) -> None:
        if not own:
            return
        scorers = Scorers([known[i].words for i in own], [known[i].round for i in own])
        for text in texts:
            cluster = scorers.assign(text)
            place[text] = own[cluster] if cluster >= 0 else -1

    def _affordable(self, texts: Iterable[str]) -> list[str]:
        """The first texts, as many as may be embedded."""
        asked = list(texts)
        before = accumulate(map(len, asked), initial=0)
        return [text for text, n in zip(asked, before, strict=False) if n < self.most_chars]

    def _vectors(self, texts: list[str]) -> F32:
        if not texts:
            return np.empty((0, 1), np.float32)
        made = self.embed.encode(texts) if self.embed is not None else lexical_vectors(texts)
        return np.asarray(made, np.float32)

    def find(self, place: dict[str, int], known: Sequence[Signature]) -> list[Signature]:
        """Signatures of new clusters among the texts without a place."""
        lasting = self.embed is not None  # vectors made of words cannot be made again
        free = (t for t, i in place.items() if i < 0)
        left = self._affordable(free) if lasting else list(islice(free, MAX_WORDED))
        if len(left) < (MIN_NOISE if known and lasting else MIN_PAYLOADS):
            return []
        vectors = self._vectors(left)
        found = fit_clusters(vectors, min_size=_min_size(len(left)), granularity=self.granularity)
        if found is None or (known and found.silhouette < NEW_SILHOUETTE):
            return []
        scorers = fit_scorers(left, found.assign(vectors).tolist(), len(found.centroids))
        round = 1 + max((s.round for s in known), default=0)
        new = [
            Signature(
                round=round,
                space=self.embed.identity if self.embed is not None else "",
                centroid=tuple(_rounded(x) for x in centroid.tolist()) if lasting else (),
                radius=_rounded(float(radius)) if lasting else 0.0,
                words=scorer,
            )
            for centroid, radius, scorer in zip(found.centroids, found.radii, scorers, strict=True)
        ]
        mine = {t: -1 for t, i in place.items() if i < 0}
        self.recognise(mine, new)
        if max(mine.values()) < 0:
            return []
        place.update((t, len(known) + i) for t, i in mine.items() if i >= 0)
        return new


def _rounded(value: float) -> float:
    """Four digits: less than an encoder's own noise between machines."""
    return round(value, 4)


def _min_size(n: int) -> int:
    return max(MIN_SIZE, min(n // 500, 25))


def _clusters(known: Sequence[Signature]) -> Clusters:
    rows = np.array([s.centroid for s in known], np.float32)
    return Clusters(rows, np.array([s.radius for s in known], np.float32))


def _new_tasks(
    parent: Task,
    known: Sequence[Signature],
    first: int,
    groups: Mapping[int, Sequence[tuple[Fact, str]]],
) -> list[Task]:
    """Tasks for the clusters from place `first` on, which are new."""
    names = name_clusters([_spoken(groups.get(i, ())) for i in range(first, len(known))])
    return [
        Task(
            id=f"{parent.id}-m{first + i:03d}",
            name=f"{parent.name} · {name}",
            level="semantic",
            parent_id=parent.id,
            signature=known[first + i].model_dump(mode="json"),
        )
        for i, name in enumerate(names)
    ]


def _spoken(group: Sequence[tuple[Fact, str]]) -> Counter[str]:
    """Words and word pairs of a cluster's payloads, counted by session, so that no one person's words
    can name it."""
    sessions: dict[str, set[str]] = defaultdict(set)
    for fact, text in group:
        tokens = [w for w in words(text.lower()) if w.isalpha()]
        for term in {*tokens, *(_pair(a, b) for a, b in pairwise(tokens))}:
            sessions[term].add(fact.session)
    return Counter({term: len(s) for term, s in sessions.items() if len(s) >= 3})


def _pair(a: str, b: str) -> str:
    """Two words as a phrase; Chinese characters stand without a blank, as words of two."""
    return a + b if not a.isascii() and not b.isascii() and len(a) == len(b) == 1 else f"{a} {b}"


def _profile(task: Task, facts: Sequence[Fact], parent: Task, totals: Totals) -> Task:
    policy = load_policy()
    output = find_output(facts, policy)
    template = parent.readiness_parts.get("template", 0.0)
    ready = estimate_readiness(facts, output, template, policy, n_calls=parent.n_calls)
    return task.model_copy(
        update={
            **figures(facts, totals),
            "output": output,
            "type": parent.type,
            "readiness": ready.value,
            "readiness_parts": {**ready.parts, "low": ready.low, "high": ready.high},
            "reason": ready.reason,
            "example_call_id": facts[len(facts) // 2].call_id if facts else None,
        }
    )
