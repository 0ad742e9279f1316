"""What kind a field is follows from what the teacher wrote; nothing is invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from rightsizer.students.structured_fields import Field
from rightsizer.training.structured_kinds import Diagnosis, Facts, choose_field, id_like, kind_of
from rightsizer.training.structured_rows import Row, read_rows
from rightsizer.types import Example, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart


def row(text: str, arguments: dict[str, Any], result: str | None = None) -> Row:
    """A user's text (and what a tool gave back before it), answered by a call of `f`."""
    messages = [Message(role="user", parts=(TextPart(content=text),))]
    if result is not None:
        call = ToolCallPart(id="1", name="look", arguments="{}")
        messages.insert(0, Message(role="assistant", parts=(call,)))
        messages.insert(1, Message(role="tool", parts=(ToolCallResponsePart(id="1", response=result),)))
    part = ToolCallPart(name="f", arguments=json.dumps(arguments))
    example = Example(
        call_id="c",
        session_id="s",
        group="s",
        split="train",
        prompt=Request(messages=tuple(messages)),
        completion=Message(role="assistant", parts=(part,)),
    )
    return read_rows([example], None)[0]


def choose(
    rows: Sequence[Row], name: str, enum: bool = False, ignored: Sequence[str] = ()
) -> tuple[Field, Diagnosis]:
    return choose_field(rows, (name,), enum, ignored)


CITIES = ["Oslo", "Rome", "Lima", "Kyiv", "Bern", "Riga", "Doha", "北京", "东京", "成都"]


def test_a_value_in_the_payload_is_a_span() -> None:
    field, found = choose([row(f"fly to {c} now", {"x": c}) for c in CITIES], "x")
    assert (field.kind, found.span_recall, found.distinct) == ("span", 1.0, 10)


def test_arrays_in_the_payload_are_spans() -> None:
    pairs = list(pairwise(CITIES))
    field, _ = choose([row(f"{a} then {b}", {"x": [a, b]}) for a, b in pairs], "x")
    assert field.kind == "spans"


def test_a_value_elsewhere_in_the_conversation_is_a_copy() -> None:
    rows = [row("go on", {"x": f"W{i}00{i}"}, json.dumps({"id": f"W{i}00{i}"})) for i in range(8)]
    field, found = choose(rows, "x")
    assert (field.kind, found.copy_recall, found.span_recall) == ("copy", 1.0, 0.0)


def test_repeated_values_that_are_nowhere_are_a_class() -> None:
    field, _ = choose([row(f"text {i}", {"x": ["low", "high"][i % 2]}) for i in range(20)], "x")
    assert field.kind == "closed"


def test_enums_and_booleans_are_classes_though_they_stand_in_the_text() -> None:
    rows = [row(f"set {v}", {"x": v}) for v in ("on", "off") * 5]
    assert choose(rows, "x", enum=True)[0].kind == "closed"
    assert choose([row("t", {"x": i % 2 == 0}) for i in range(9)], "x")[0].kind == "closed"


def test_new_text_every_time_is_free() -> None:
    field, found = choose([row("hello", {"x": f"summary number {i} of it"}) for i in range(12)], "x")
    assert (field.kind, found.unseen) == ("free", 1.0)


def test_a_person_may_declare_a_field_ignored() -> None:
    assert choose([row("t", {"x": str(i)}) for i in range(9)], "x", ignored=["x"])[0].kind == "ignored"


def test_a_single_word_is_constant_but_a_single_id_is_copied() -> None:
    assert choose([row("t messaging", {"x": "messaging"}) for _ in range(9)], "x")[0].kind == "constant"
    assert choose([row("I am C1001", {"x": "C1001"}) for _ in range(9)], "x")[0].kind == "span"


def test_an_id_that_is_rarely_at_hand_is_not_copied_but_stays_itself() -> None:
    field, _ = choose([row("t", {"x": "C1001"}) for _ in range(9)], "x")
    assert (field.kind, field.grounded) == ("constant", False)


def test_numbers_get_their_type_and_words_become_numbers() -> None:
    words = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
    field, _ = choose([row(f"table for {w}", {"x": i}) for i, w in enumerate(words, 2)], "x")
    assert (field.kind, field.cast) == ("span", "integer")
    assert field.rewriting.apply("three") == 3


def test_the_empty_form_is_the_one_the_teacher_uses() -> None:
    rows = [row(f"fly to {c} now", {"x": c}) for c in CITIES] + [row("hi", {"x": None}) for _ in range(4)]
    assert choose(rows, "x")[0].empty == "null"
    rows = [row(f"fly to {c} now", {"x": c}) for c in CITIES] + [row("hi", {}) for _ in range(4)]
    assert choose(rows, "x")[0].empty == ""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["W1001", "W2"], False),
        (["W1001", "W2002"], True),
        (["<EMAIL_1>"], True),
        (["Oslo"], False),
        ([], False),
    ],
)
def test_id_like(values: list[Any], expected: bool) -> None:
    assert id_like(values) is expected


def test_half_found_values_of_few_kinds_are_classified_only_when_each_is_common() -> None:
    facts = Facts(["a", "b"] * 10, 2, 20, 0.0, 0.0, 0.5, 0.5, False)
    assert kind_of(facts) == "closed"
    sparse = Facts([str(i % 12) for i in range(24)], 12, 24, 0.0, 0.0, 0.8, 0.8, False)
    assert kind_of(sparse) == "span"
