"""Filling: values of the right type, none that the conversation does not hold, no guesses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rightsizer.students.structured_fields import ActionModel, Field, cast_value, empty_code, fill
from rightsizer.students.structured_ranker import Ranker
from rightsizer.students.structured_state import State, read_state
from rightsizer.students.structured_tagger import Tagger
from rightsizer.students.structured_transforms import Rewriting
from rightsizer.types import Message, Request, TextPart


def state(text: str) -> State:
    return read_state(Request(messages=(Message(role="user", parts=(TextPart(content=text),)),)), None)


def word_tagger(words: dict[str, str]) -> Tagger:
    """A tagger that labels given words as whole spans of given fields."""
    fields = sorted(set(words.values()))
    labels = ["O", *(f"{m}-{f}" for f in fields for m in "BI")]
    emission = np.zeros((len(words), len(labels)), np.float32)
    for row, field in enumerate(words.values()):
        emission[row, labels.index(f"B-{field}")] = 20
    n = len(labels)
    zero = np.zeros(n, np.float32)
    start = np.where([x.startswith("I") for x in labels], -1e4, 0).astype(np.float32)
    step = np.where([x.startswith("I") for x in labels], -10, 0).astype(np.float32)[None, :].repeat(n, 0)
    bias = np.zeros(n, np.float32)
    bias[0] = 5
    vocabulary = {f"w={w}": i for i, w in enumerate(words)} | {"bias": len(words)}
    return Tagger(labels, vocabulary, np.vstack([emission, bias]), step, start, zero)


def filled(fields: list[Field], text: str, words: dict[str, str], **rest: Any) -> Any:
    return fill(ActionModel("tool:f", fields, tagger=word_tagger(words), **rest), state(text), {})


def test_a_span_is_copied_and_its_absence_takes_the_empty_form() -> None:
    city = Field("city", ("city",), "span", empty="null")
    assert filled([city], "to Rome now", {"rome": "city"}).leaves == {("city",): "Rome"}
    assert filled([city], "to no place", {"rome": "city"}).leaves == {("city",): None}
    absent = Field("city", ("city",), "span")
    assert filled([absent], "to no place", {"rome": "city"}).leaves == {}


def test_all_spans_of_an_array_are_taken_in_order() -> None:
    cities = Field("cities", ("cities",), "spans", empty="[]")
    assert filled([cities], "Rome, Oslo", {"rome": "cities", "oslo": "cities"}).leaves[("cities",)] == [
        "Rome",
        "Oslo",
    ]
    assert filled([cities], "none", {"rome": "cities"}).leaves[("cities",)] == []


def test_a_form_that_was_never_rewritten_makes_it_abstain() -> None:
    people = Field("n", ("n",), "span", cast="integer", rewriting=Rewriting("words-number"))
    assert filled([people], "for four", {"four": "n"}).leaves == {("n",): 4}
    assert "'n'" in filled([people], "for many", {"many": "n"}).reason


def test_a_grounded_value_must_be_in_the_conversation() -> None:
    known = Field("id", ("id",), "constant", fixed='"C1001"', grounded=True)
    assert filled([known], "I am C1001", {"x": "y"}).reason == ""
    assert "not in this conversation" in filled([known], "I am C2002", {"x": "y"}).reason


def test_nothing_at_hand_makes_it_abstain() -> None:
    ranker = Ranker({"bias": 0}, np.zeros(1, np.float32), frozenset({"A9"}), False)
    field = Field("id", ("id",), "copy")
    found = filled([field], "no ids here", {"x": "y"}, rankers={"id": ranker})
    assert found.reason == "no value at hand for 'id'"
    assert filled([field], "it is W1", {"x": "y"}, rankers={"id": ranker}).leaves == {("id",): "W1"}


def test_signals_say_how_sure_and_how_new() -> None:
    city = Field("city", ("city",), "span")
    found = filled([city], "to Rome", {"rome": "city"})
    assert found.signals["new-values"] == 1.0
    assert found.signals["has:city"] == 1.0
    assert -0.1 < found.signals["tag"] <= 0.0


@pytest.mark.parametrize(
    ("text", "cast", "value"),
    [
        ("12", "string", "12"),
        ("12", "integer", 12),
        ("12.0", "integer", 12),
        ("12.5", "integer", None),
        ("12.5", "number", 12.5),
        ("W12", "number", None),
        ("nan", "number", None),
        ("inf", "integer", None),
    ],
)
def test_casting(text: str, cast: str, value: Any) -> None:
    assert cast_value(text, cast) == value


def test_the_commonest_blank_is_the_empty_form() -> None:
    assert empty_code(["null", "null", "", '"x"']) == "null"
    assert empty_code(['"x"']) == ""
