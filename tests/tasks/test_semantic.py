"""The semantic level: clusters whose number is found, frozen centroids, whatever vectors come in."""

from __future__ import annotations

import random
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from rightsizer.config import TasksSettings
from rightsizer.tasks.clusters import fit_clusters
from rightsizer.tasks.communities import find_communities, neighbour_graph
from rightsizer.tasks.discover import Discovery, discover
from rightsizer.tasks.edits import merge
from rightsizer.tasks.semantic import Embed
from rightsizer.tasks.sense import SenseAssigner
from rightsizer.types import Call, Task

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


def embed_more(texts: list[str]) -> NDArray[np.float32]:
    """As `embed`; what it knows no topic of stands on two further axes, by the text's length."""
    rows = embed(texts)
    for row, text in zip(rows, texts, strict=True):
        if row.argmax() == 31:
            row[31] = 0
            row[20 + len(text) % 2] += 1
            row /= np.linalg.norm(row)
    return rows


EMBED = Embed("made-up", embed)
EMBED2 = Embed("made-up", embed_more)


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
    given = found.assign(vectors).tolist()
    assert len(found.centroids) == k
    assert len({(a, b) for a, b in zip(labels, given, strict=True) if b >= 0}) == k
    assert given.count(-1) <= 0.02 * len(given)
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
    first = discover(calls, settings=SETTINGS, embed=EMBED)
    senses = [t for t in first.tasks if t.level == "semantic"]
    assert len(senses) == 4
    assert sum(t.n_calls for t in senses) > 580
    assert all(any(topic in t.name for topic in TOPICS) for t in senses)
    given = first.assignments["semantic"]
    assert len({(i % 4, given[c.id]) for i, c in enumerate(calls) if given[c.id]}) == 4
    grown = discover(desk_calls(logs, 900), settings=SETTINGS, embed=EMBED, known=first.tasks)
    assert {c: t for c, t in grown.assignments["semantic"].items() if c in given} == given


def test_without_variety_or_by_choice_there_is_no_semantic_level(logs: SimpleNamespace) -> None:
    few = discover(desk_calls(logs, 100), settings=SETTINGS, embed=EMBED)
    assert set(few.assignments["semantic"].values()) == {None}
    off = SETTINGS.model_copy(update={"granularity": 0.0})
    found = discover(desk_calls(logs, 300), settings=off, embed=EMBED)
    assert set(found.assignments["semantic"].values()) == {None}


def test_what_is_near_no_cluster_is_noise() -> None:
    vectors, _ = blobs(6, 360, spread=0.3)
    found = fit_clusters(vectors)
    assert found is not None
    far = np.random.default_rng(5).normal(size=(50, 32))
    far /= np.linalg.norm(far, axis=1, keepdims=True)
    assert (found.assign(far.astype(np.float32)) < 0).mean() > 0.9


def test_granularity_is_a_dial() -> None:
    vectors, _ = blobs(20, 1200, spread=0.9)
    fitted = [fit_clusters(vectors, granularity=g) for g in (0.1, 1.0, 10.0)]
    coarse, auto, fine = (len(f.centroids) for f in fitted if f is not None)
    assert coarse < auto <= fine


EN = {
    "invoice": ["unpaid", "amount", "sum", "tax", "billing"],
    "brake": ["squeal", "worn", "pads", "cable", "rim"],
    "parcel": ["late", "lost", "courier", "tracking", "door"],
    "helmet": ["size", "head", "strap", "child", "visor"],
}
ZH = {
    "退款": ["银行卡", "到账", "金额", "申请", "发票"],
    "刹车": ["异响", "磨损", "线管", "把手", "更换"],
    "包裹": ["快递", "丢失", "物流", "签收", "地址"],
    "头盔": ["尺码", "帽带", "儿童", "颜色", "镜片"],
}


def spoken(logs: SimpleNamespace, topics: dict[str, list[str]], n: int, start: int = 0) -> list[Call]:
    """Calls of one template, each about a topic in words of its own."""
    rng = random.Random(start)
    names = list(topics)

    def line(i: int) -> str:
        own = rng.sample(topics[names[i % len(names)]], 3)
        return " ".join([names[i % len(names)], *own, f"{chr(97 + i % 26)}{i}"])

    return [
        logs.make_call(
            start + i,
            [logs.message("system", logs.router_prompt), logs.message("user", line(i))],
            logs.message("assistant", "sales"),
        )
        for i in range(n)
    ]


def purity(found: Discovery, calls: list[Call], topics: dict[str, list[str]]) -> float:
    given = found.assignments["semantic"]
    tops = [
        Counter(given[c.id] for c in calls if topic in c.request.messages[-1].text and given[c.id])
        for topic in topics
    ]
    return sum(t.most_common(1)[0][1] for t in tops) / len(calls)


@pytest.mark.parametrize("topics", [EN, ZH], ids=["en", "zh"])
def test_without_an_encoder_words_find_the_sub_tasks(
    logs: SimpleNamespace, topics: dict[str, list[str]]
) -> None:
    calls = spoken(logs, topics, 400)
    first = discover(calls, settings=SETTINGS)
    assert purity(first, calls, topics) > 0.9
    assert discover(calls, settings=SETTINGS, known=first.tasks).assignments == first.assignments


@pytest.mark.parametrize("topics", [EN, ZH], ids=["en", "zh"])
def test_a_sub_task_is_recognised_inline(logs: SimpleNamespace, topics: dict[str, list[str]]) -> None:
    found = discover(spoken(logs, topics, 400), settings=SETTINGS)
    stored = [Task.model_validate_json(t.model_dump_json()) for t in found.tasks]
    inline, (parent,) = SenseAssigner(stored), [t.id for t in stored if t.level == "template"]
    later = spoken(logs, topics, 80, start=9000)
    again = discover(later, settings=SETTINGS, known=stored).assignments["semantic"]
    assert {c.id: inline.assign(parent, c.request) for c in later} == again
    assert sum(v is not None for v in again.values()) > 70
    odd = logs.make_call(1, [logs.message("user", "qqq zzz")], None)
    assert inline.assign(parent, odd.request) is None
    assert inline.assign("task_unknown", later[0].request) is None


def test_new_sub_tasks_grow_from_the_noise_and_old_ids_stay(logs: SimpleNamespace) -> None:
    old = desk_calls(logs, 600)
    first = discover(old, settings=SETTINGS, embed=EMBED)
    new = [
        logs.make_call(
            5000 + i,
            [
                logs.message("system", logs.router_prompt),
                logs.message("user", f"warranty of {'y' * (i % 9)} {i}"),
            ],
            logs.message("assistant", "sales"),
        )
        for i in range(200)
    ]
    few = discover([*old, *new[:20]], settings=SETTINGS, embed=EMBED, known=first.tasks)
    assert {few.assignments["semantic"][c.id] for c in new[:20]} == {None}
    grown = discover([*old, *new], settings=SETTINGS, embed=EMBED2, known=few.tasks)
    given = grown.assignments["semantic"]
    had = {c: t for c, t in first.assignments["semantic"].items() if t}
    assert {c: given[c] for c in had} == had
    fresh = {given[c.id] for c in new} - {None}
    assert fresh
    assert fresh.isdisjoint(had.values())


def test_a_call_keeps_the_sub_task_it_had(logs: SimpleNamespace) -> None:
    """Even where the encoder is gone and words would say otherwise."""
    calls = desk_calls(logs, 600)
    first = discover(calls, settings=SETTINGS, embed=EMBED)
    had = {c: t for c, t in first.assignments["semantic"].items() if t}
    later = discover(calls, settings=SETTINGS, known=first.tasks, earlier=had).assignments["semantic"]
    assert {c: later[c] for c in had} == had


def test_sub_tasks_of_one_task_can_be_merged(logs: SimpleNamespace) -> None:
    calls = desk_calls(logs, 600)
    first = discover(calls, settings=SETTINGS, embed=EMBED)
    a, b, *_ = [t for t in first.tasks if t.level == "semantic"]
    changed = {t.id: t for t in merge(first.tasks, a, [b])}
    known = [changed.get(t.id, t) for t in first.tasks]
    second = discover(calls, settings=SETTINGS, embed=EMBED, known=known)
    sizes = {t.id: t.n_calls for t in second.tasks}
    assert (sizes[a.id], sizes[b.id]) == (a.n_calls + b.n_calls, 0)
