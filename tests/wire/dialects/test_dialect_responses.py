"""OpenAI's Responses API as Chat."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.responses import (
    completion_from_response,
    is_response_item,
    messages_from_items,
    request_from_responses,
)

ITEMS: list[dict[str, Any]] = [
    {"role": "user", "content": [{"type": "input_text", "text": "天气?"}]},
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "look"}]},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One moment."}]},
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call", "call_id": "c2", "name": "g", "arguments": {"a": 1}},
    {"type": "function_call_output", "call_id": "c1", "output": "晴"},
    {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "雨"}]},
]


def test_one_turn_is_one_message() -> None:
    messages = messages_from_items(ITEMS)
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "tool"]
    assert messages[0]["content"] == "天气?"
    assert messages[1]["content"] == "One moment."
    assert messages[1]["reasoning_content"] == "look"
    assert [(c["id"], c["function"]["arguments"]) for c in messages[1]["tool_calls"]] == [
        ("c1", "{}"),
        ("c2", '{"a":1}'),
    ]
    assert [(m["tool_call_id"], m["content"]) for m in messages[2:]] == [("c1", "晴"), ("c2", "雨")]


def test_a_later_answer_is_a_turn_of_its_own() -> None:
    said = [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert [m["content"] for m in messages_from_items(said)] == ["a", "b"]


def test_a_body() -> None:
    chat = request_from_responses(
        {
            "model": "gpt-4.1",
            "instructions": "Be brief.",
            "input": "hi",
            "tools": [{"type": "function", "name": "f", "parameters": {}}, {"type": "web_search"}],
            "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}},
            "temperature": 0,
        }
    )
    assert chat == {
        "model": "gpt-4.1",
        "temperature": 0,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}, {"type": "web_search"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    }


@pytest.mark.parametrize("field", ["previous_response_id", "conversation"])
def test_a_conversation_kept_by_the_server_is_not_in_the_log(field: str) -> None:
    with pytest.raises(RecordError) as error:
        request_from_responses({"input": "and?", field: "r1"})
    assert error.value.reason == "needs-history"


@pytest.mark.parametrize(
    ("output", "incomplete", "reason"),
    [
        (ITEMS[2:3], None, "stop"),
        (ITEMS[2:5], None, "tool_calls"),
        (ITEMS[2:3], {"reason": "max_output_tokens"}, "length"),
        (ITEMS[2:3], {"reason": "content_filter"}, "content_filter"),
    ],
)
def test_an_answer(output: list[Any], incomplete: Any, reason: str) -> None:
    response = {
        "id": "r",
        "model": "m",
        "output": output,
        "incomplete_details": incomplete,
        "usage": {"input_tokens": 1},
    }
    completion = completion_from_response(response)
    assert completion["choices"][0]["message"]["content"] == "One moment."
    assert completion["choices"][0]["finish_reason"] == reason
    assert (completion["model"], completion["usage"]) == ("m", {"input_tokens": 1})


@pytest.mark.parametrize("output", [[], [ITEMS[0]], ITEMS, [{"type": "image_generation_call"}], None])
def test_what_is_no_single_answer_is_told(output: Any) -> None:
    with pytest.raises(RecordError):
        completion_from_response({"output": output})


def test_only_items_of_this_api_are_its_items() -> None:
    assert is_response_item(ITEMS[3])
    assert not is_response_item(ITEMS[0])
    assert not is_response_item("x")


def test_what_tools_of_the_provider_did_is_kept_beside_the_answer() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "在路上"}]}
    answer = completion_from_response({"output": [search, said]})["choices"][0]["message"]
    assert answer["content"] == "在路上"
    assert answer["provider_items"] == [search]
