"""Keys differ by everything they are made of, and draws follow from the key alone."""

from __future__ import annotations

from collections import Counter

from rightsizer.curation.pseudonyms.keys import Draw, session_key


def test_every_part_makes_another_key() -> None:
    keys = {
        session_key(b"m", "t", "s", b"x"),
        session_key(b"n", "t", "s", b"x"),
        session_key(b"m", "u", "s", b"x"),
        session_key(b"m", "t", "r", b"x"),
        session_key(b"m", "t", "s", b"y"),
        session_key(b"m", "ts", "", b"x"),
        session_key(b"m", "", "ts", b"x"),
    }
    assert len(keys) == 7
    assert session_key(b"m", "t", "s", b"x") in keys


def test_draws_are_even_and_repeatable() -> None:
    draw, again = Draw(b"k", "a", 1), Draw(b"k", "a", 1)
    values = [draw.below(10) for _ in range(2000)]
    assert values == [again.below(10) for _ in range(2000)]
    assert values != [Draw(b"k", "a", 2).below(10) for _ in range(2000)]
    assert all(140 < n < 260 for n in Counter(values).values())
