"""Answers: equal canonical texts are the same answer, different ones are not."""

from __future__ import annotations

import pytest

from rightsizer.types import Message, Request, TextPart, ToolCallPart
from rightsizer.views.answer import canonical_answer, output_kind

PLAIN = Request(messages=())


def text(content: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=content),))


def call(name: str, arguments: str, said: str = "") -> Message:
    parts = (TextPart(content=said),) if said else ()
    return Message(role="assistant", parts=(*parts, ToolCallPart(name=name, arguments=arguments)))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (text('{"a": 1, "b": [1.0]}'), text('```json\n{"b":[1],"a":1}\n```')),
        (text("  refund \n please"), text("refund please")),
        (call("f", '{"x": 1, "y": " z "}'), call("f", '{"y":"z","x":1.0}', said="Let me look.")),
        (text("Café"), text("Cafe\u0301")),
    ],
)
def test_same_answer(one: Message, two: Message) -> None:
    assert canonical_answer(one) == canonical_answer(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (text('{"a": true}'), text('{"a": 1}')),
        (text('{"a": null}'), text("{}")),
        (text("refund"), text("Refund")),
        (call("f", "{}"), call("g", "{}")),
        (call("f", "{}"), text("f")),
        (call("f", "{broken"), call("f", "{}")),
        (text('"a"'), text('{"a": "a"}')),
    ],
)
def test_other_answer(one: Message, two: Message) -> None:
    assert canonical_answer(one) != canonical_answer(two)


def test_order_of_parallel_calls_does_not_count() -> None:
    a, b = ToolCallPart(name="a"), ToolCallPart(name="b")
    forth, back = Message(role="assistant", parts=(a, b)), Message(role="assistant", parts=(b, a))
    assert canonical_answer(forth) == canonical_answer(back)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (call("f", "{}"), "tool_call"),
        (text('{"intent": "refund"}'), "label"),
        (text('{"name": "Ann", "age": 3}'), "fields"),
        (text('{"names": ["Ann"]}'), "fields"),
        (text("[[analyst rating]]"), "label"),
        (text("退款"), "label"),
        (text("Dear Ann, thank you for writing to us today."), "text"),
        (text(""), "text"),
        (text("{not json"), "label"),
    ],
)
def test_kind_of_one_answer(message: Message, kind: str) -> None:
    assert output_kind(message, PLAIN) == kind


def test_long_value_from_a_closed_list_is_a_label() -> None:
    option = "the customer wants to change the address of an order that was already sent"
    schema = {"properties": {"intent": {"enum": [option]}}}
    request = Request(messages=(), response_format={"type": "json_schema", "json_schema": {"schema": schema}})
    answer = text(f'{{"intent": "{option}"}}')
    assert output_kind(answer, request) == "label"
    assert output_kind(answer, PLAIN) == "fields"
