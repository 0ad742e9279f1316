"""Argument-level precision, recall and F1, and validity against schemas."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.scoring.metrics import argument_prf, leaves, schema_errors
from rightsizer.types import Message, Request, TextPart, ToolCallPart

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
TOOLS = ({"type": "function", "function": {"name": "f", "parameters": SCHEMA}},)


def text(content: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=content),))


def call(arguments: str, name: str = "f") -> Message:
    return Message(role="assistant", parts=(ToolCallPart(name=name, arguments=arguments),))


def test_leaves_are_counted_one_by_one():
    pairs = [
        (call('{"a": 1, "b": [1, 2], "c": {"d": "x"}}'), call('{"a": 1.0, "b": [1, 3], "e": 0}')),
        (text('{"a": 1}'), text('{"a": 1}')),
    ]
    result = argument_prf(pairs)
    assert (result.correct, result.given, result.wanted) == (3, 5, 5)
    assert result.precision == result.recall == pytest.approx(0.6)
    assert result.f1 == pytest.approx(0.6)


def test_the_same_argument_of_another_tool_is_wrong():
    assert argument_prf([(call('{"a": 1}'), call('{"a": 1}', "g"))]).correct == 0


def test_a_call_without_arguments_is_one_item_and_text_is_none():
    assert len(leaves(call("{}"))) == 1
    assert leaves(text("hello")) == leaves(call("{broken")) == []
    assert argument_prf([(text("hello"), text("hello"))]).f1 == 0.0
    assert argument_prf([]).f1 == 0.0


@pytest.mark.parametrize(
    ("message", "errors"),
    [
        (call('{"n": 1}'), []),
        (call('{"n": "1"}'), ["violates 'type'"]),
        (call("{}"), ["violates 'required'"]),
        (call("{n: 1}"), ["not valid JSON"]),
        (call('{"n": 1}', "g"), ["tool is not offered"]),
        (text("free words"), []),
    ],
)
def test_tool_calls_are_checked_against_what_is_offered(message, errors):
    assert schema_errors(message, Request(messages=(), tools=TOOLS)) == errors


@pytest.mark.parametrize(
    "response_format",
    [
        {"type": "json_schema", "json_schema": {"name": "r", "schema": SCHEMA}},
        {"type": "json_schema", "schema": SCHEMA},
    ],
)
def test_text_is_checked_against_the_response_format(response_format):
    request = Request(messages=(), response_format=response_format)
    assert schema_errors(text('```json\n{"n": 1}\n```'), request) == []
    assert schema_errors(text('{"n": null}'), request) == ["violates 'type'"]
    assert schema_errors(text("n is 1"), request) == ["not valid JSON"]


def test_json_mode_wants_an_object():
    request = Request(messages=(), response_format={"type": "json_object"})
    assert schema_errors(text("{}"), request) == []
    assert schema_errors(text("[]"), request) == ["violates 'type'"]


def test_a_schema_that_is_none_constrains_nothing():
    broken = {"type": "function", "function": {"name": "f", "parameters": {"type": 7}}}
    assert schema_errors(call('{"n": 1}'), Request(messages=(), tools=(broken,))) == []


@pytest.mark.parametrize(
    ("params", "called", "said"),
    [
        ({}, [], []),
        ({"tool_choice": "auto"}, ["f"], []),
        ({"tool_choice": "required"}, [], ["a tool call is demanded"]),
        ({"tool_choice": "required"}, ["f"], []),
        ({"tool_choice": "none"}, ["f"], ["no tool call is allowed"]),
        ({"tool_choice": "none"}, [], []),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, ["f"], []),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, [], ["a tool call is demanded"]),
        ({"tool_choice": {"type": "function", "name": "f"}}, ["g"], ["another tool is demanded"]),
        ({"parallel_tool_calls": False}, ["f", "g"], ["one tool call at a time is allowed"]),
        ({"parallel_tool_calls": True}, ["f", "g"], []),
    ],
)
def test_what_the_caller_allows(params: dict[str, Any], called: list[str], said: list[str]) -> None:
    tools = tuple({"type": "function", "function": {"name": n}} for n in ("f", "g"))
    parts = [ToolCallPart(name=n, arguments="{}") for n in called] or [TextPart(content="no")]
    message = Message(role="assistant", parts=tuple(parts))
    assert schema_errors(message, Request(messages=(), tools=tools, params=params)) == said
