"""Each reason applies where it should, and not where the answer is of use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rightsizer.curation import filters
from rightsizer.types import (
    Call,
    CallError,
    Message,
    OtherPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)

LOOKUP = {
    "type": "function",
    "function": {
        "name": "lookup",
        "parameters": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    },
}


def text(content: str, role: str = "assistant") -> Message:
    return Message(role=role, parts=(TextPart(content=content),))


def asks(name: str, arguments: str = "{}", id: str = "c1") -> Message:
    return Message(role="assistant", parts=(ToolCallPart(id=id, name=name, arguments=arguments),))


def gives(response: str, id: str = "c1") -> Message:
    return Message(role="tool", parts=(ToolCallResponsePart(id=id, response=response),))


def call(response: Message | None, *context: Message, **fields: Any) -> Call:
    request = Request(
        messages=context or (text("hi", "user"),),
        tools=fields.pop("tools", ()),
        response_format=fields.pop("response_format", None),
    )
    return Call(id="call_1", session_id="s", request=request, response=response, **fields)


def test_failed() -> None:
    assert filters.failed(call(None)) == "no response"
    assert filters.failed(call(None, error=CallError(status=429, message="slow down"))) == "status 429"
    assert filters.failed(call(text("  \n"))) == "empty answer"
    assert filters.failed(call(Message(role="assistant"))) == "empty answer"
    assert filters.failed(call(text("ok"))) is None
    assert filters.failed(call(asks("f"))) is None
    assert filters.failed(call(Message(role="assistant", parts=(OtherPart(raw={"type": "audio"}),)))) is None


@pytest.mark.parametrize("reason", ["length", "content_filter", "max_tokens"])
def test_truncated_by_finish_reason(reason: str) -> None:
    assert filters.truncated(call(text("and the"), finish_reason=reason)) == f"finish_reason {reason}"


def test_truncated_inside_json() -> None:
    assert filters.truncated(call(asks("f", '{"a": [1, 2'))) is not None
    assert filters.truncated(call(asks("f", '{"a": "unfinish'))) is not None
    assert filters.truncated(call(asks("f", '{"a" 1}'))) is None
    assert filters.truncated(call(text('{"a": [1,'), response_format={"type": "json_object"})) is not None
    assert filters.truncated(call(text('{"a": [1,'))) is None
    assert filters.truncated(call(text("done"), finish_reason="stop")) is None


def test_invalid_json_forgives_one_fence() -> None:
    wanted = {"type": "json_schema", "json_schema": {}}
    assert filters.invalid_json(call(text("Sure! {}"), response_format=wanted)) is not None
    assert filters.invalid_json(call(text('```json\n{"a": 1}\n```'), response_format=wanted)) is None
    assert filters.invalid_json(call(text('{"a": 1}'), response_format=wanted)) is None
    assert filters.invalid_json(call(text("not json"))) is None
    assert filters.invalid_json(call(text("not json"), response_format={"type": "text"})) is None
    assert filters.invalid_json(call(asks("f"), response_format=wanted)) is None


def test_unknown_tool_only_where_tools_were_offered() -> None:
    assert filters.unknown_tool(call(asks("erase"), tools=(LOOKUP,))) == "'erase' was not offered"
    assert filters.unknown_tool(call(asks("lookup"), tools=(LOOKUP,))) is None
    assert filters.unknown_tool(call(asks("erase"))) is None
    assert filters.unknown_tool(call(asks("erase"), tools=(LOOKUP, {"type": "web_search"}))) is None


def test_invalid_arguments() -> None:
    assert (
        filters.invalid_arguments(call(asks("lookup", '{"id": 7}'), tools=(LOOKUP,)))
        == 'lookup.id: type "string"'
    )
    assert filters.invalid_arguments(call(asks("lookup", "{}"), tools=(LOOKUP,))) == 'lookup: required ["id"]'
    assert filters.invalid_arguments(call(asks("lookup", '{"id": "7"}'), tools=(LOOKUP,))) is None
    assert filters.invalid_arguments(call(asks("lookup", "[1]"))) is not None
    assert filters.invalid_arguments(call(text("no call"), tools=(LOOKUP,))) is None


def test_orphan_tool_result() -> None:
    assert filters.orphan_tool_result(call(text("ok"), gives("r", "c9"))) is not None
    assert filters.orphan_tool_result(call(text("ok"), gives("r"), asks("f"))) is not None
    assert filters.orphan_tool_result(call(text("ok"), asks("f"), gives("r"))) is None
    nameless = Message(role="tool", parts=(ToolCallResponsePart(response="r"),))
    assert filters.orphan_tool_result(call(text("ok"), nameless)) is None


def steps(*pairs: tuple[str, str]) -> list[Message]:
    made: list[Message] = []
    for i, (name, response) in enumerate(pairs):
        made += [asks(name, '{"id": "1"}', f"c{i}"), gives(response, f"c{i}")]
    return made


def test_loop_of_identical_calls() -> None:
    user = text("please", "user")
    again = asks("look", '{"id":"1"}', "z")
    looping = call(again, user, *steps(("look", "same"), ("look", "same")))
    assert filters.identical_loop(looping) == "look called 3 times with equal arguments"
    alternating = call(
        again, user, *steps(("look", "x"), ("list", "y"), ("look", "x"), ("list", "y"), ("look", "x"))
    )
    assert filters.identical_loop(alternating) is not None
    after_it = call(text("I give up"), user, *steps(("look", "a"), ("look", "a"), ("look", "a")))
    assert filters.identical_loop(after_it) is not None


def test_repeats_that_are_work_are_no_loop() -> None:
    user = text("please", "user")
    again = asks("test", '{"id": "1"}', "z")
    polling = call(again, user, *steps(("test", "1 %"), ("test", "50 %"), ("test", "99 %")))
    assert filters.identical_loop(polling) is None
    repairing = call(
        again, user, *steps(("test", "bad"), ("fix_a", "done"), ("test", "bad"), ("fix_b", "ok"))
    )
    assert filters.identical_loop(repairing) is None
    on_request = call(again, *steps(("test", "a"), ("test", "a")), user)
    assert filters.identical_loop(on_request) is None
    other = call(asks("test", '{"id": "2"}', "z"), user, *steps(("test", "a"), ("test", "a")))
    assert filters.identical_loop(other) is None


def test_every_rule_is_a_value_for_every_shape_of_call() -> None:
    shapes = [call(None), call(text("x")), call(asks("f", "{}")), call(Message(role="assistant"), gives("r"))]
    for _, rule, _ in filters.RULES:
        for shape in shapes:
            detail = rule(shape)
            assert detail is None or (isinstance(detail, str) and detail)


def test_deep_nesting_is_a_value_too() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert filters.invalid_json(call(text(deep), response_format={"type": "json_object"})) is not None
    assert filters.invalid_arguments(call(asks("f", deep))) is not None
    assert json.dumps(filters.RULES[0][0]) == '"error"'


def test_a_students_own_answer_is_never_learned_from():
    from rightsizer.curation.curate import curate
    from rightsizer.types import Call, Message, Request, TextPart

    def call(call_id: str, source: dict) -> Call:
        said = (TextPart(content=f"hello {call_id}"),)
        return Call(
            id=call_id, session_id=call_id, request=Request(messages=(Message(role="user", parts=said),)),
            response=Message(role="assistant", parts=(TextPart(content="hi"),)), source=source,
        )  # fmt: skip

    done = curate(
        [call("a", {}), call("b", {"served_by": "student:student_1"}), call("c", {"served_by": "llm"})]
    )
    assert [(m.call_id, m.reason) for m in done.marks] == [("b", "student-answer")]
