"""Anthropic's Messages exchanges become calls of the usual form, with nothing lost that a model saw."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.errors import RecordError
from rightsizer.types import Call, ImagePart, OtherPart, ReasoningPart
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.formats import FORMATS

TOOL = {
    "name": "查订单",
    "description": "Looks an order up",
    "input_schema": {"type": "object", "properties": {}},
}
REQUEST: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "stop_sequences": ["END"],
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "tools": [TOOL],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    "metadata": {"user_id": "u1"},
    "messages": [
        {"role": "user", "content": "订单 A1 在哪里?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "look it up", "signature": "s="},
                {"type": "text", "text": "One moment."},
                {"type": "tool_use", "id": "t1", "name": "查订单", "input": {"id": "A1"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "上海"}]},
                {"type": "tool_result", "tool_use_id": "t2", "content": "gone", "is_error": True},
                {"type": "text", "text": "and?"},
            ],
        },
    ],
}
RESPONSE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [
        {"type": "text", "text": "上海"},
        {"type": "tool_use", "id": "t3", "name": "查订单", "input": {}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 10,
        "cache_read_input_tokens": 90,
        "cache_creation_input_tokens": 5,
        "output_tokens": 7,
    },
}


def read(request: dict[str, Any] | None = None, response: Any = RESPONSE, **fields: Any) -> Call:
    record = {"request": REQUEST if request is None else request, "response": response, **fields}
    assert next(name for name, (sniff, _) in FORMATS.items() if sniff(record)) == "anthropic"
    call = read_record(record)
    assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return call


def test_the_conversation_in_order() -> None:
    messages = read().request.messages
    assert [m.role for m in messages] == ["system", "user", "assistant", "tool", "tool", "user"]
    assert [m.text for m in messages] == [
        "Be brief.",
        "订单 A1 在哪里?",
        "One moment.",
        "上海",
        "gone",
        "and?",
    ]
    assert messages[0].parts[0].type == "text"


def test_tools_and_their_calls() -> None:
    call = read()
    assert call.request.tools == (
        {
            "type": "function",
            "function": {
                "name": "查订单",
                "description": "Looks an order up",
                "parameters": TOOL["input_schema"],
            },
        },
    )
    (asked,) = call.request.messages[2].tool_calls
    assert (asked.id, asked.name, asked.arguments) == ("t1", "查订单", '{"id":"A1"}')
    assert call.response is not None
    assert [c.arguments for c in call.response.tool_calls] == ["{}"]
    assert call.response.text == "上海"


def test_settings_get_their_chat_names_or_stay() -> None:
    params = read({**REQUEST, "top_k": 3}).request.params
    assert params["tool_choice"] == "required"
    assert params["parallel_tool_calls"] is False
    assert params["stop"] == ["END"]
    assert (params["max_tokens"], params["top_k"]) == (100, 3)
    one = read({**REQUEST, "tool_choice": {"type": "tool", "name": "查订单"}}).request.params["tool_choice"]
    assert one == {"type": "function", "function": {"name": "查订单"}}


def test_cached_tokens_are_part_of_the_input() -> None:
    usage = read().usage
    assert usage is not None
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (105, 90, 7)
    assert usage.extra["cache_creation_input_tokens"] == 5


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("refusal", "content_filter"),
    ],
)
def test_the_reason_to_stop(theirs: str, ours: str) -> None:
    assert read(response={**RESPONSE, "stop_reason": theirs}).finish_reason == ours


def test_the_one_who_asked_is_metadata_and_the_model_that_answered_is_kept() -> None:
    call = read()
    assert call.metadata == {"user_id": "u1"}
    assert call.model == "claude-sonnet-4-5"
    assert read(session_id="s").session_id == "s"
    record = record_from_call(call)
    assert record["response"]["model"] == "claude-sonnet-4-5-20250929"
    assert record["response"]["stop_reason"] == "tool_use"


def test_thinking_is_reasoning_and_keeps_its_signature() -> None:
    message = read().request.messages[2]
    assert [p.content for p in message.parts if isinstance(p, ReasoningPart)] == ["look it up"]
    assert message.extra["thinking_blocks"][0]["signature"] == "s="
    assert "look it up" not in message.text


def test_images_and_blocks_without_a_counterpart() -> None:
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "QUJD"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        {"type": "document", "source": {"type": "text", "data": "x"}},
    ]
    parts = read({"messages": [{"role": "user", "content": content}]}).request.messages[0].parts
    assert [p.url for p in parts if isinstance(p, ImagePart)] == [
        "data:image/jpeg;base64,QUJD",
        "https://example.com/a.png",
    ]
    assert [p.raw for p in parts if isinstance(p, OtherPart)] == [content[2]]


def test_a_failed_call_keeps_the_error() -> None:
    failure = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    call = read(response=failure)
    assert call.response is None
    assert call.error is not None
    assert call.error.message == "Overloaded"


def test_an_openai_exchange_is_not_taken_for_one_of_anthropics() -> None:
    ours = {"role": "assistant", "content": "B"}
    record = {
        "request": {"messages": [{"role": "user", "content": [{"type": "text", "text": "A"}]}]},
        "response": ours,
    }
    assert not FORMATS["anthropic"][0](record)
    assert not FORMATS["anthropic"][0]({**record, "response": {"choices": [{"message": ours}]}})


def test_a_structured_answer_asked_for() -> None:
    shape = {"type": "json_schema", "schema": {"type": "object"}}
    asked = read({**REQUEST, "output_format": shape}).request.response_format
    assert asked == {"type": "json_schema", "json_schema": {"name": "response", "schema": {"type": "object"}}}


@pytest.mark.parametrize(
    ("request_", "response", "reason"),
    [
        ({"system": "x"}, RESPONSE, "no-messages"),
        ({"system": "x", "messages": ["hello"]}, RESPONSE, "invalid-message"),
        ({"system": "x", "messages": []}, {"content": 3}, "no-response"),
        ({"system": "x", "messages": [], "tools": 3}, RESPONSE, "invalid-tools"),
    ],
)
def test_what_is_no_exchange_is_told(request_: Any, response: Any, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read_record({"request": request_, "response": response}, "anthropic")
    assert error.value.reason == reason
