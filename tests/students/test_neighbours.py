"""Retrieval finds what resembles, in English and in Chinese."""

from __future__ import annotations

import pytest

from rightsizer.students.neighbours import Neighbours

TEXTS = [
    "where is my parcel",
    "cancel the order for the lamp",
    "I want my money back for the lamp",
    "我的包裹在哪里",
    "我想取消台灯的订单",
    "",
]


@pytest.mark.parametrize(
    ("query", "best"),
    [("Where's the parcel now?", 0), ("please cancel an order", 1), ("包裹到哪里了", 3), ("取消订单", 4)],
)
def test_the_most_similar_comes_first(query: str, best: int) -> None:
    assert Neighbours(TEXTS).nearest(query, 2)[0] == best


def test_nothing_in_common_finds_nothing() -> None:
    assert Neighbours(TEXTS).nearest("xyzzy", 3) == []
    assert Neighbours([]).nearest("parcel", 3) == []


def test_ties_go_to_the_earlier() -> None:
    assert Neighbours(["same text", "same text"]).nearest("same", 2) == [0, 1]
