"""Answers are taken apart and put together without loss, in the teacher's own way of writing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rightsizer.students.structured_answer import (
    ABSENT,
    Answer,
    as_list,
    code,
    decode,
    flatten,
    key_order,
    parse_json,
    read_answer,
    style_of,
    tool_of,
    unflatten,
    write_answer,
)
from rightsizer.types import Message, TextPart, ToolCallPart


def call(name: str, arguments: str) -> Message:
    return Message(role="assistant", parts=(ToolCallPart(id="x", name=name, arguments=arguments),))


def calls_of(name: str, *arguments: str) -> Message:
    return Message(role="assistant", parts=tuple(p for a in arguments for p in call(name, a).parts))


def test_calls_of_one_tool_that_differ_in_one_argument_are_one_action() -> None:
    made = calls_of("look:up", '{"id": "x", "full": true}', '{"id": "y", "full": true}')
    action, leaves = read_answer(made)
    assert (action, leaves) == ("each:id:look:up", {("id",): ["x", "y"], ("full",): True})
    assert tool_of(action) == "look:up"
    written = write_answer(action, leaves).tool_calls
    assert [(c.name, json.loads(c.arguments)) for c in written] == [
        ("look:up", {"id": "x", "full": True}),
        ("look:up", {"id": "y", "full": True}),
    ]


def say(text: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=text),))


@pytest.mark.parametrize(
    "value",
    [{"a": 1, "b": {"c": None, "d": {"e": [1, {"f": 2}]}}}, {"a": {}}, {"x.y": {"z": "北京"}}, [1, "b"], 3],
)
def test_flatten_and_unflatten_are_inverse(value: Any) -> None:
    assert unflatten(flatten(value)) == value


def test_equal_values_have_equal_codes_and_bool_is_no_number() -> None:
    assert code(1) == code(1.0)
    assert code({"a": 1, "b": 2}) == code({"b": 2, "a": 1})
    assert code(True) != code(1)
    assert code("1") != code(1)
    assert code(None) != ABSENT
    assert decode(code("东")) == "东"


def test_actions_are_told_apart() -> None:
    assert read_answer(call("f", '{"a": {"b": 1}}')) == Answer("tool:f", {("a", "b"): 1})
    assert read_answer(call("f", "")) == Answer("tool:f", {})
    assert read_answer(call("f", "{broken")).action == "reply"
    assert read_answer(call("f", "[1]")).action == "reply"
    two = Message(role="assistant", parts=(*call("f", "{}").parts, *call("g", "{}").parts))
    assert read_answer(two) == Answer("calls:f + g", {})
    assert read_answer(calls_of("f", '{"a": 1, "b": [2]}', '{"a": 3, "b": [2]}')).action == "list:f"
    assert read_answer(calls_of("f", '{"a": 1, "b": 2}', '{"a": 2, "b": 3}')) == Answer(
        "list:f", {("calls",): [{"a": 1, "b": 2}, {"a": 2, "b": 3}]}
    )
    assert read_answer(calls_of("f", "[", "{}")).action == "several"
    assert read_answer(say('{"a": [1]}')) == Answer("json", {("a",): [1]})
    assert read_answer(say("[1, 2]")) == Answer("json", {(): [1, 2]})
    assert read_answer(say("It is {not} JSON")).action == "reply"
    assert read_answer(say("12")).action == "reply"


def test_different_tools_at_once_are_written_again_whatever_their_order() -> None:
    one, other = call("put", '{"a": {"b": 1}}').parts, call("get", '{"id": "x"}').parts
    made = read_answer(Message(role="assistant", parts=(*one, *other)))
    assert made == read_answer(Message(role="assistant", parts=(*other, *one)))
    assert made == Answer("calls:get + put", {("0", "id"): "x", ("1", "a", "b"): 1})
    assert [(c.name, json.loads(c.arguments)) for c in write_answer(*made).tool_calls] == [
        ("get", {"id": "x"}),
        ("put", {"a": {"b": 1}}),
    ]


def test_calls_that_differ_in_one_argument_can_be_a_list_of_calls_too() -> None:
    each = read_answer(calls_of("f", '{"a": 1, "b": 2}', '{"a": 1, "b": 3}'))
    assert each.action == "each:b:f"
    assert as_list(each) == Answer("list:f", {("calls",): [{"a": 1, "b": 2}, {"a": 1, "b": 3}]})


def test_a_code_fence_is_no_obstacle() -> None:
    assert parse_json('```json\n{"a": 1}\n```') == {"a": 1}


@pytest.mark.parametrize("options", [{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 4}])
@pytest.mark.parametrize("fenced", [False, True])
def test_json_is_written_as_the_teacher_writes_it(options: dict[str, Any], fenced: bool) -> None:
    value = {"名": "北京", "n": [1, 2]}
    text = json.dumps(value, ensure_ascii=False, **options)
    text = f"```json\n{text}\n```" if fenced else text
    written = write_answer("json", flatten(value), style_of([text, text, "junk"]))
    assert written.text == text


def test_a_tool_call_is_written_with_json_arguments_and_no_id() -> None:
    message = write_answer("tool:book", {("who",): "王", ("seat", "row"): 3})
    (part,) = message.tool_calls
    assert part.id is None
    assert part.name == "book"
    assert json.loads(part.arguments) == {"who": "王", "seat": {"row": 3}}


def test_a_call_without_arguments_has_the_empty_object() -> None:
    assert write_answer("tool:list", {}).tool_calls[0].arguments == "{}"


def test_keys_keep_the_teachers_order_optional_ones_included() -> None:
    answers = [
        Answer("json", {("city",): 1, ("when",): 2, ("who",): 3}),
        Answer("json", {("city",): 1, ("who",): 3}),
        Answer("json", {("city",): 1, ("when",): 2, ("who",): 3}),
    ]
    assert key_order(answers) == [("city",), ("when",), ("who",)]
