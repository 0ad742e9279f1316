"""Strangers are of the task's language, far from what the task is about, and the same for equal seeds."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rightsizer.students.inputs import Input
from rightsizer.training.strangers import MOST, PER_CALL, _table, are_far, make_requests, meet_strangers
from rightsizer.views.language import language_of_text

ENGLISH = [Input(f"where is parcel {i}", f"before {i}", (f"turn={i}",)) for i in range(1000)]
CHINESE = [Input(f"包裹{i}在哪里", "", ()) for i in range(1000)]


def unit(*angles: float) -> np.ndarray:
    return np.array([[np.cos(a), np.sin(a)] for a in angles], np.float32)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_many_different_requests_of_one_language(language: str) -> None:
    found = make_requests(language, 2000, 0)
    assert len(set(found)) == len(found) > 1500
    assert found == make_requests(language, 2000, 0) != make_requests(language, 2000, 1)
    assert {language_of_text(t) for t in found} == {"Chinese" if language == "zh" else "not Chinese"}
    assert not any("{" in t or "|" in t or ";" in t for t in found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_requests_are_of_all_kinds_of_everyday_and_of_general_knowledge(language: str) -> None:
    found = set(make_requests(language, 3000, 0))
    lines = [line for line in _table(language)["everyday"].splitlines() if line]
    shapes = [re.compile(re.sub(r"\\{(.*?)\\}", _one_of, re.escape(line))) for line in lines]
    of_lines = [sum(shape.fullmatch(text) is not None for text in found) for shape in shapes]
    assert 0.4 * len(found) < sum(of_lines) < 0.9 * len(found)
    assert sum(n == 0 for n in of_lines) < 0.02 * len(lines)


def _one_of(choice: re.Match[str]) -> str:
    return f"(?:{choice[1].replace(chr(92) + '|', '|')})"


def test_strangers_speak_as_the_task_does_and_say_it_where_it_is_said() -> None:
    for inputs, language in ((ENGLISH, "not Chinese"), (CHINESE, "Chinese")):
        found = meet_strangers(inputs, 0)
        assert 0.9 * PER_CALL * 1000 <= len(found) <= PER_CALL * 1000
        assert {language_of_text(one.payload) for one in found} == {language}
        said = {(one.context, one.state) for one in inputs}
        assert {(one.context, one.state) for one in found} <= said
    both = {language_of_text(one.payload) for one in meet_strangers([*ENGLISH, *CHINESE], 0)}
    assert both == {"Chinese", "not Chinese"}
    assert len(meet_strangers(ENGLISH * 20, 0)) <= MOST
    assert meet_strangers([], 0) == meet_strangers(ENGLISH[:999], 0) == []


def test_what_is_near_the_task_is_no_stranger_to_it() -> None:
    rng = np.random.default_rng(0)
    known = unit(*rng.normal(0, 0.1, 200))
    groups = [f"g{i}" for i in range(200)]
    strangers = unit(*np.full(60, 1.5), *np.full(40, 0.05))
    assert are_far(strangers, known, groups, 0).tolist() == [True] * 60 + [False] * 40


def test_a_task_about_the_world_at_large_has_none() -> None:
    known = unit(*np.random.default_rng(0).normal(0, 0.1, 200))
    strangers = unit(*np.full(10, 1.5), *np.full(90, 0.05))
    assert not are_far(strangers, known, [f"g{i}" for i in range(200)], 0).any()


def test_rows_of_one_session_do_not_say_how_near_is_near() -> None:
    """Each session repeats itself word for word; the sessions differ."""
    angles = np.linspace(0, 3, 100)
    known = unit(*np.repeat(angles, 2))
    strangers = unit(*(angles + 0.004))
    apart = [f"g{i}" for i in range(200)]
    together = [f"g{i // 2}" for i in range(200)]
    assert are_far(strangers, known, apart, 0).all()
    assert not are_far(strangers, known, together, 0).any()


def test_next_to_nothing() -> None:
    assert are_far(unit(1.0), unit(0.0), ["g"], 0).tolist() == [False]
    assert are_far(np.zeros((0, 2), np.float32), unit(0.0, 0.1), ["a", "b"], 0).tolist() == []
