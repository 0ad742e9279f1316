"""Chat JSON → Message → the same Chat JSON, and every Message → Chat JSON → the same Message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rightsizer.errors import RecordError
from rightsizer.testing.call_strategy import json_values, messages, texts
from rightsizer.types import ImagePart, Message, OtherPart, ReasoningPart, TextPart, ToolCallPart
from rightsizer.wire import message_from_chat, message_to_chat
from rightsizer.wire.chat import FORM, NATIVE
from rightsizer.wire.jsontext import dump_json, parse_json

CALL = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"id": 1}'}}

# Chat JSON as clients, providers and frameworks write it.
WRITTEN: dict[str, dict[str, Any]] = {
    "text": {"role": "user", "content": "退款到哪里？"},
    "empty text": {"role": "assistant", "content": ""},
    "null content": {"role": "assistant", "content": None},
    "no content": {"role": "assistant", "tool_calls": [CALL]},
    "calls and null": {"role": "assistant", "content": None, "tool_calls": [CALL, CALL]},
    "calls and text": {"role": "assistant", "content": "Let me see", "tool_calls": [CALL]},
    "null calls": {"role": "assistant", "content": "x", "tool_calls": None, "function_call": None},
    "empty calls": {"role": "assistant", "content": "x", "tool_calls": []},
    "provider's answer": {"role": "assistant", "content": "x", "refusal": None, "annotations": []},
    "list": {"role": "user", "content": [{"type": "text", "text": "a"}]},
    "empty list": {"role": "user", "content": []},
    "cache": {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "x"}}]},
    "image": {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "data:,", "detail": "low"}}],
    },
    "image null": {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "u", "detail": None}}],
    },
    "image string": {"role": "user", "content": [{"type": "image_url", "image_url": "http://x/y.png"}]},
    "audio": {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": ""}}, "bare"]},
    "tool": {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    "tool list": {
        "role": "tool",
        "tool_call_id": "c1",
        "content": [{"type": "text", "text": "ok"}],
        "name": "f",
    },
    "tool null": {"role": "tool", "tool_call_id": None, "content": None},
    "tool object": {"role": "tool", "content": {"rows": [1, 2]}},
    "tool bare": {"role": "tool"},
    "function": {"role": "function", "name": "f", "content": "1"},
    "function_call": {
        "role": "assistant",
        "content": None,
        "function_call": {"name": "f", "arguments": "{}"},
    },
    "object arguments": {
        "role": "assistant",
        "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"n": 10**30}}}
        ],
    },
    "null arguments": {
        "role": "assistant",
        "tool_calls": [{"id": None, "function": {"name": "f", "arguments": None}}],
    },
    "no arguments": {
        "role": "assistant",
        "tool_calls": [{"index": 0, "type": None, "function": {"name": "f"}}],
    },
    "custom tool": {
        "role": "assistant",
        "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "f"}}],
    },
    "odd calls": {"role": "assistant", "content": "x", "tool_calls": "none"},
    "gemini": {
        "role": "assistant",
        "tool_calls": [{**CALL, "extra_content": {"google": {"thought": "b64"}}}],
    },
    "reasoning": {
        "role": "assistant",
        "content": "x",
        "reasoning": "because",
        "reasoning_details": [{"a": 1}],
    },
    "reasoning_content": {"role": "assistant", "content": "x", "reasoning_content": "因为"},
    "both reasonings": {"role": "assistant", "content": "x", "reasoning_content": "a", "reasoning": "b"},
    "null reasoning": {"role": "assistant", "content": "x", "reasoning_content": None, "reasoning": "b"},
    "name": {"role": "user", "name": "bob", "content": "x"},
    "odd name": {"role": "user", "name": None, "content": "x"},
    "developer": {"role": "developer", "content": "x"},
    "form": {"role": "user", "content": "x", "_form": {"content": "absent"}},
    "control characters": {"role": "user", "content": "a\u2028\x00\ud800\u0085", "weight": 0},
    "huge": {"role": "user", "content": "x", "n": [2**64, 1e308, -0.0]},
}


@pytest.mark.parametrize("chat", WRITTEN.values(), ids=WRITTEN.keys())
def test_what_was_written_is_written_again(chat: dict[str, Any]) -> None:
    before = json.dumps(chat)
    message = message_from_chat(chat)
    written = message_to_chat(message)
    assert written == chat
    assert NATIVE not in written
    assert json.dumps(chat) == before, "the input was changed"
    assert parse_json(dump_json(written)) == chat


def test_usual_messages_need_no_extra() -> None:
    for name in ("text", "calls and null", "calls and text", "tool", "function", "reasoning_content", "name"):
        assert message_from_chat(WRITTEN[name]).extra == {}, name


def test_parts_have_their_kinds() -> None:
    assert message_from_chat(WRITTEN["image"]).parts == (ImagePart(url="data:,", detail="low"),)
    assert message_from_chat(WRITTEN["cache"]).text == "a"
    audio = message_from_chat(WRITTEN["audio"]).parts
    assert isinstance(audio[0], OtherPart)
    assert audio[1] == TextPart(content="bare")
    assert message_from_chat(WRITTEN["tool list"]).text == "ok"
    assert message_from_chat(WRITTEN["tool object"]).text == '{"rows":[1,2]}'
    assert message_from_chat(WRITTEN["function_call"]).tool_calls == (ToolCallPart(name="f", arguments="{}"),)
    for name, words in (("reasoning", "because"), ("both reasonings", "a"), ("null reasoning", "b")):
        assert message_from_chat(WRITTEN[name]).parts[0] == ReasoningPart(content=words)


def test_arguments_given_as_an_object_are_text_and_remembered() -> None:
    message = message_from_chat(WRITTEN["object arguments"])
    assert json.loads(message.tool_calls[0].arguments) == {"n": 10**30}
    assert message.extra[FORM]["tool_calls"] == [{"arguments": "object"}]


def test_arguments_stay_exactly_as_the_model_wrote_them() -> None:
    for text in ('{"a":  1}', "", "not json", '{"a": 1, "a": 2}'):
        chat = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": text}}]}
        assert message_from_chat(chat).tool_calls[0].arguments == text


@pytest.mark.parametrize(
    ("chat", "reason"),
    [
        ("hello", "invalid-message"),
        ({"content": "x"}, "invalid-message"),
        ({"role": 3, "content": "x"}, "invalid-message"),
        ({"role": "user", "content": 3}, "invalid-content"),
        ({"role": "user", "content": [3]}, "invalid-content"),
        ({"role": "user", NATIVE: {"parts": 1}}, "invalid-message"),
    ],
)
def test_what_is_no_message_is_rejected_with_a_reason(chat: Any, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        message_from_chat(chat)
    assert error.value.reason == reason


@settings(max_examples=300, deadline=None)
@given(messages)
def test_any_message_survives_chat_json(message: Message) -> None:
    chat = message_to_chat(message)
    assert message_from_chat(parse_json(dump_json(chat))) == message


_items = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", "file"])},
    optional={"text": texts, "image_url": json_values, "cache_control": json_values},
)
_calls = st.fixed_dictionaries(
    {
        "function": st.fixed_dictionaries(
            {"name": texts}, optional={"arguments": json_values, "strict": json_values}
        )
    },
    optional={
        "id": st.none() | texts,
        "type": st.sampled_from(["function", "custom", None]),
        "index": json_values,
    },
)
_chats = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "function", "system"])},
    optional={
        "content": st.none() | texts | st.lists(_items | texts, max_size=3),
        "tool_calls": st.none() | st.lists(_calls, max_size=2) | json_values,
        "function_call": st.none()
        | st.fixed_dictionaries({"name": texts}, optional={"arguments": json_values}),
        "tool_call_id": st.none() | texts,
        "name": st.none() | texts,
        "reasoning": st.none() | texts | json_values,
        "reasoning_content": st.none() | texts,
        "refusal": json_values,
    },
)


@settings(max_examples=400, deadline=None)
@given(_chats)
def test_any_chat_json_survives(chat: dict[str, Any]) -> None:
    written = message_to_chat(message_from_chat(chat))
    written.pop(NATIVE, None)
    assert written == chat
