"""The semantic level: sub-tasks by what the payload is about, found inside one template-level task.

Only the payload is embedded, never the template: on whole prompts the template drowns what differs.
Clusters are fitted once; later runs keep the centroids as they are and assign to the nearest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rightsizer.tasks.clusters import Clusters, fit_clusters
from rightsizer.tasks.label import name_clusters
from rightsizer.tasks.output import find_output
from rightsizer.tasks.policy import load_policy
from rightsizer.tasks.profile import Totals, figures
from rightsizer.tasks.readiness import estimate_readiness
from rightsizer.tasks.scan import Fact
from rightsizer.tasks.signature import Signature
from rightsizer.types import Task
from rightsizer.views.mask import TextMask, fit_text, strip_template
from rightsizer.views.tokens import digest, words

Embed = Callable[[list[str]], NDArray[np.float32]]

MIN_PAYLOADS = 200  # distinct payloads a task needs to be divided
MAX_PAYLOADS = 20_000  # payloads of one task that are embedded
PAYLOAD_CHARS = 600  # of each: what it is about shows early, and encoders cut at some 256 tokens
MIN_SIZE = 10


def find_semantic(
    parents: Sequence[Task],
    members: Mapping[str, Sequence[Fact]],
    known: Sequence[Task],
    totals: Totals,
    embed: Embed | None,
) -> tuple[list[Task], dict[str, str]]:
    """Semantic tasks of every parent whose payloads vary enough, and call id → semantic task id.

    Calls whose last message is a tool's result have none. Without `embed` nothing is found.
    """
    if embed is None:
        return [], {}
    before: dict[str, list[Task]] = defaultdict(list)
    for task in known:
        if task.level == "semantic" and task.parent_id is not None:
            before[task.parent_id].append(task)
    tasks: list[Task] = []
    sense_of: dict[str, str] = {}
    for parent in parents:
        facts = [f for f in members.get(parent.id, ()) if f.text]
        found, given = _divide(parent, facts, before.get(parent.id, []), totals, embed)
        tasks += found
        sense_of.update(given)
    return tasks, sense_of


def _divide(
    parent: Task, facts: Sequence[Fact], before: Sequence[Task], totals: Totals, embed: Embed
) -> tuple[list[Task], dict[str, str]]:
    texts = payload_texts(facts)
    distinct = sorted(set(texts) - {""}, key=digest)[:MAX_PAYLOADS]
    if not distinct or (not before and len(distinct) < MIN_PAYLOADS):
        return [], {}
    vectors = np.asarray(embed(distinct), np.float32)
    clusters = _load(before) if before else fit_clusters(vectors, min_size=_min_size(len(vectors)))
    if clusters is None:
        return [], {}
    ids = [t.id for t in before] or [f"{parent.id}-m{i:03d}" for i in range(len(clusters.centroids))]
    place = dict(zip(distinct, clusters.assign(vectors).tolist(), strict=True))
    groups: dict[int, list[tuple[Fact, str]]] = defaultdict(list)
    for fact, text in zip(facts, texts, strict=True):
        if text in place:
            groups[place[text]].append((fact, text))
    tasks = before or _new_tasks(parent, ids, groups, clusters)
    given = {f.call_id: ids[i] for i, group in groups.items() for f, _ in group}
    return [
        _profile(task, [f for f, _ in groups.get(i, [])], parent, totals) for i, task in enumerate(tasks)
    ], given


def payload_texts(facts: Sequence[Fact]) -> list[str]:
    """Each call's payload: its last message without what nearly all of the same step share."""
    by_step: dict[str, list[str]] = defaultdict(list)
    for f in facts:
        by_step[f.step].append(f.text)
    masks = {step: fit_text(texts) for step, texts in by_step.items()}
    memo: dict[tuple[str, str], str] = {}

    def cut(fact: Fact, mask: TextMask | None) -> str:
        key = (fact.step, fact.text)
        if key not in memo:
            is_data = fact.text.lstrip()[:1] in ("{", "[")
            whole = fact.text if mask is None or is_data else strip_template(fact.text, mask)
            memo[key] = whole.strip()[:PAYLOAD_CHARS]
        return memo[key]

    return [cut(f, masks[f.step]) for f in facts]


def _min_size(n: int) -> int:
    return max(MIN_SIZE, min(n // 500, 25))


def _load(before: Sequence[Task]) -> Clusters:
    rows = [Signature.model_validate(t.signature).centroid for t in before]
    return Clusters(np.array(rows, np.float32), 0.0)


def _new_tasks(
    parent: Task, ids: Sequence[str], groups: Mapping[int, Sequence[tuple[Fact, str]]], clusters: Clusters
) -> list[Task]:
    names = name_clusters([_spoken(groups.get(i, ())) for i in range(len(ids))])
    return [
        Task(
            id=task_id,
            name=f"{parent.name} · {name}",
            level="semantic",
            parent_id=parent.id,
            signature=Signature(centroid=tuple(round(x, 4) for x in centroid.tolist())).model_dump(
                mode="json"
            ),
        )
        for task_id, name, centroid in zip(ids, names, clusters.centroids, strict=True)
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
