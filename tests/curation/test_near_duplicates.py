"""Near-duplicates share a group, others do not, whatever the order and the language."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rightsizer.curation.near_duplicates import jaccard, near_duplicate_groups, shingles, signatures

WORDS = [
    "order",
    "return",
    "refund",
    "item",
    "address",
    "card",
    "cancel",
    "flight",
    "seat",
    "bag",
    "hotel",
    "late",
    "broken",
    "blue",
    "small",
    "please",
    "thanks",
    "account",
    "change",
    "name",
    "email",
    "delivery",
    "week",
    "today",
    "policy",
    "agent",
    "help",
    "number",
    "status",
]
CHARS = "我们的订单还没有发货请帮忙查询一下退款进度地址电话修改商品颜色尺寸发票快递谢谢客服今天昨天"


def sentence(draw: random.Random, n: int, zh: bool) -> str:
    return "".join(draw.choices(CHARS, k=n * 4)) if zh else " ".join(draw.choices(WORDS, k=n))


def edited(text: str, draw: random.Random, zh: bool) -> str:
    parts = list(text) if zh else text.split()
    at = draw.randrange(len(parts))
    parts[at] = "换" if zh else "exchange"
    return ("" if zh else " ").join(parts)


@pytest.mark.parametrize("zh", [False, True])
def test_planted_pairs_are_found_and_nothing_else(zh: bool) -> None:
    draw = random.Random(1)
    originals = [sentence(draw, 40, zh) for _ in range(400)]
    copies = [edited(t, draw, zh) for t in originals[:200]]
    texts = originals + copies
    groups = near_duplicate_groups(texts)
    near = [jaccard(shingles(a), shingles(b)) >= 0.8 for a, b in zip(originals, copies, strict=False)]
    found = [groups[i] == groups[400 + i] for i in range(200)]
    assert sum(f for f, n in zip(found, near, strict=True) if n) >= 0.97 * sum(near)
    assert not any(f for f, n in zip(found, near, strict=True) if not n)
    assert sum(near) > 150
    assert len(set(groups[:400])) == 400


def test_case_and_spacing_do_not_count() -> None:
    assert near_duplicate_groups(["Where is  my order?", "where is my ORDER?\n", "where is my hat"]) == [
        0,
        0,
        1,
    ]


def test_chains_are_one_group() -> None:
    base = [f"word{i}" for i in range(60)]
    chain = []
    for i in range(0, 12, 2):
        base[i * 5] = base[i * 5 + 1] = "changed"
        chain.append(" ".join(base))
    assert jaccard(shingles(chain[0]), shingles(chain[-1])) < 0.8
    assert len(set(near_duplicate_groups(chain))) == 1


def test_short_and_odd_texts() -> None:
    texts = ["", " ", "a", "b", "ab", "abcd", "abcd", "中", "\ud800x", "\0", "a" * 10_000, "a" * 9_999]
    groups = near_duplicate_groups(texts)
    assert groups[0] == groups[1] == groups[9]
    assert groups[5] == groups[6]
    assert len({groups[i] for i in (0, 2, 3, 4, 5, 7, 8)}) == 7
    assert groups[10] == groups[11]


def test_groups_are_numbered_by_first_member_and_do_not_depend_on_repeats() -> None:
    assert near_duplicate_groups(["x y z", "other text", "x y z"]) == [0, 1, 0]
    assert near_duplicate_groups([]) == []


def test_order_does_not_change_who_is_together() -> None:
    draw = random.Random(3)
    texts = [sentence(draw, 30, False) for _ in range(60)]
    texts += [edited(t, draw, False) for t in texts[:30]]
    order = list(range(len(texts)))
    draw.shuffle(order)
    straight = near_duplicate_groups(texts)
    shuffled = near_duplicate_groups([texts[i] for i in order])

    def partition(groups: list[int], where: list[int]) -> set[frozenset[int]]:
        return {frozenset(w for g2, w in zip(groups, where, strict=True) if g2 == g) for g in groups}

    assert partition(straight, list(range(len(texts)))) == partition(shuffled, order)


def test_signatures_do_not_depend_on_batching() -> None:
    texts = [f"text number {i} " * 40 for i in range(600)]
    whole = signatures(texts)
    assert np.array_equal(whole[17], signatures([texts[17]])[0])
    assert np.array_equal(whole, signatures(texts))
    assert not np.array_equal(whole, signatures(texts, seed=1))


def test_share_of_equal_minima_estimates_jaccard() -> None:
    draw = random.Random(5)
    a = [sentence(draw, 60, False) for _ in range(150)]
    b = [edited(edited(t, draw, False), draw, False) for t in a]
    true = np.mean([jaccard(shingles(x), shingles(y)) for x, y in zip(a, b, strict=True)])
    estimate = (signatures(a) == signatures(b)).mean()
    assert abs(estimate - true) < 0.02
