"""The semantic level: clusters whose number is found, frozen centroids, whatever vectors come in."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from rightsizer.config import TasksSettings
from rightsizer.tasks.clusters import fit_clusters
from rightsizer.tasks.communities import find_communities, neighbour_graph
from rightsizer.tasks.discover import discover
from rightsizer.types import Call

TOPICS = {"refund": "money back", "delivery": "parcel late", "repair": "broken part", "advice": "which size"}
SETTINGS = TasksSettings(min_calls=5, min_sessions=2)


def blobs(
    k: int, n: int, d: int = 32, spread: float = 0.5, seed: int = 0
) -> tuple[NDArray[np.float32], list[int]]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(k, d))
    labels = [i % k for i in range(n)]
    rows = centres[labels] + spread * rng.normal(size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


def embed(texts: list[str]) -> NDArray[np.float32]:
    """Each topic word is an axis; the rest of the text is a little noise, the same for the same text."""
    rows = np.zeros((len(texts), 32))
    for row, text in zip(rows, texts, strict=True):
        rng = np.random.default_rng(sum(ord(c) * (i + 1) for i, c in enumerate(text)))
        row += 0.1 * rng.normal(size=32)
        row[next((i for i, topic in enumerate(TOPICS) if topic in text), 31)] += 1
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def desk_calls(logs: SimpleNamespace, n: int) -> list[Call]:
    names = list(TOPICS)

    def said(i: int) -> str:
        topic = names[i % 4]
        return f"{topic}: {TOPICS[topic]} {'x' * (i % 7)} {chr(97 + i % 26) * 3} {i}"

    return [
        logs.make_call(
            i,
            [logs.message("system", logs.router_prompt), logs.message("user", said(i))],
            logs.message("assistant", "sales"),
        )
        for i in range(n)
    ]


@pytest.mark.parametrize("k", [3, 8, 15])
def test_the_number_of_clusters_is_found(k: int) -> None:
    vectors, labels = blobs(k, 60 * k)
    found = fit_clusters(vectors)
    assert found is not None
    pairs = set(zip(labels, found.assign(vectors).tolist(), strict=True))
    assert len(found.centroids) == k
    assert len(pairs) == k
    assert np.allclose(np.linalg.norm(found.centroids, axis=1), 1, atol=1e-5)


def test_noise_has_no_clusters_worth_naming() -> None:
    rows = np.random.default_rng(0).normal(size=(600, 64))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = fit_clusters(rows.astype(np.float32))
    assert found is None or found.silhouette < 0.1
    assert fit_clusters(rows[:20].astype(np.float32)) is None


def test_communities_are_deterministic_and_follow_the_graph() -> None:
    vectors, labels = blobs(4, 200, spread=0.2)
    graph = neighbour_graph(vectors, k=10)
    assert all(graph[j][i] == w for i, edges in enumerate(graph) for j, w in edges.items())
    one = find_communities(graph, 1.0, seed=3)
    assert (one == find_communities(graph, 1.0, seed=3)).all()
    assert len(set(zip(labels, one.tolist(), strict=True))) == len(set(one.tolist())) == 4


def test_communities_of_trivial_graphs() -> None:
    assert find_communities([{}, {}], 1.0).tolist() == [0, 1]
    assert find_communities([{1: 1.0}, {0: 1.0}], 1.0).tolist() == [0, 0]


def test_sub_tasks_are_found_named_and_frozen(logs: SimpleNamespace) -> None:
    calls = desk_calls(logs, 600)
    first = discover(calls, settings=SETTINGS, embed=embed)
    senses = [t for t in first.tasks if t.level == "semantic"]
    assert len(senses) == 4
    assert sum(t.n_calls for t in senses) == 600
    assert all(any(topic in t.name for topic in TOPICS) for t in senses)
    given = first.assignments["semantic"]
    assert len({(i % 4, given[c.id]) for i, c in enumerate(calls)}) == 4
    grown = discover(desk_calls(logs, 900), settings=SETTINGS, embed=embed, known=first.tasks)
    assert {c: t for c, t in grown.assignments["semantic"].items() if c in given} == given


def test_without_an_encoder_or_variety_there_is_no_semantic_level(logs: SimpleNamespace) -> None:
    calls = desk_calls(logs, 300)
    assert set(discover(calls, settings=SETTINGS).assignments["semantic"].values()) == {None}
    few = discover(calls[:100], settings=SETTINGS, embed=embed)
    assert set(few.assignments["semantic"].values()) == {None}
