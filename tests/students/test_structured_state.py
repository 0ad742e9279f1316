"""What a structured student reads of a request; the answer and other calls' data are no part of it."""

from __future__ import annotations

from rightsizer.students.structured_state import (
    MAX_TOKENS,
    read_state,
    results_of,
    tool_of_result,
    whole_words,
)
from rightsizer.types import Message, Request, TextPart, ToolCallPart, ToolCallResponsePart


def say(role: str, text: str) -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


def after_tool(result: str) -> Request:
    call = ToolCallPart(id="1", name="get_order", arguments="{}")
    return Request(
        messages=(
            say("user", "where is it?"),
            Message(role="assistant", parts=(call,)),
            Message(role="tool", parts=(ToolCallResponsePart(id="1", response=result),)),
        )
    )


def test_step_history_and_json_leaves_are_features() -> None:
    state = read_state(after_tool('{"status": "sent", "items": [1, 2]}'), None)
    assert state.step == "@tool:get_order"
    assert {"step=@tool:get_order", "call-1=get_order", "j=status=sent", "j=items#2"} <= set(state.features)


def test_the_question_before_the_payload_is_the_context() -> None:
    request = Request(messages=(say("assistant", "Hello! For which day?"), say("user", "Monday")))
    assert read_state(request, None).question == ["for", "which", "day"]


def test_no_question_no_context() -> None:
    assert read_state(Request(messages=(say("user", "hi"),)), None).question == []


def test_long_payloads_are_cut() -> None:
    state = read_state(Request(messages=(say("user", "word " * 5000),)), None)
    assert len(state.tokens) == MAX_TOKENS


def test_text_that_only_looks_like_json_is_text() -> None:
    assert not [f for f in read_state(after_tool("{not json"), None).features if f.startswith("j=")]


def test_results_are_named_by_the_call_they_answer() -> None:
    messages = after_tool("x").messages
    assert results_of(messages[2], tool_of_result(messages)) == [("get_order", "x")]


def test_a_template_never_ends_inside_a_word() -> None:
    assert whole_words("4104 to ann", "INC4104 to ann") == "INC4104 to ann"
    assert whole_words("4104", "ticket: 4104.") == "4104"
    assert whole_words("\u67e5\u8ba2\u5355", "\u8bf7\u67e5\u8ba2\u5355\u5427") == "\u67e5\u8ba2\u5355"
    assert whole_words("", "text") == ""
    assert whole_words("made up", "text") == "made up"
