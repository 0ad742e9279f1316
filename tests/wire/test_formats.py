"""Other tools' records: recognised, and turned into calls."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.errors import InputError, RecordError
from rightsizer.types import Call
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.formats import FORMATS, check_format

MESSAGES = [{"role": "user", "content": "A?"}]
ANSWER = {"role": "assistant", "content": "B"}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1760831008,
    "model": "gpt-4o",
    "choices": [{"index": 0, "message": ANSWER, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}
FLYWHEEL = {
    "timestamp": 1760831008,
    "workload_id": "router",
    "client_id": "prod",
    "request": {"model": "llama", "messages": MESSAGES},
    "response": {
        "choices": [
            {
                "message": {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [
                        {"type": "function", "function": {"name": "f", "arguments": {"city": "北京"}}}
                    ],
                }
            }
        ]
    },
}
STORED = {
    **COMPLETION,
    "request_id": "req_1",
    "tool_choice": None,
    "temperature": 0.5,
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "metadata": {"step": "route", "session_id": "s9"},
    "messages": {"object": "list", "data": [{"id": "m-0", "role": "user", "content": "A?", "name": None}]},
}
TUNING = {
    "messages": [*MESSAGES, {**ANSWER, "weight": 0}, {"role": "user", "content": "And?"}, ANSWER],
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "parallel_tool_calls": False,
}
NATIVE_RECORD = {"id": "1", "request": {"messages": MESSAGES}, "response": ANSWER}
SAMPLES: dict[str, dict[str, Any]] = {
    "flywheel": FLYWHEEL,
    "call": NATIVE_RECORD,
    "stored-completion": STORED,
    "fine-tuning": TUNING,
}


def read(record: dict[str, Any], format: str = "auto") -> Call:
    call = read_record(record, format)
    assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return call


@pytest.mark.parametrize("format", SAMPLES)
def test_each_format_is_recognised_by_itself_alone(format: str) -> None:
    first = next(name for name, (sniff, _) in FORMATS.items() if sniff(SAMPLES[format]))
    assert first == format
    assert read(SAMPLES[format]) == read(SAMPLES[format], format)


def test_a_flywheel_record() -> None:
    call = read(FLYWHEEL)
    assert call.metadata == {"workload_id": "router", "client_id": "prod"}
    assert call.response is not None
    assert call.response.tool_calls[0].arguments == '{"city":"北京"}'
    assert call.model == "llama"
    assert call.timestamp is not None
    assert call.timestamp.year == 2025


def test_a_stored_completion() -> None:
    call = read(STORED)
    assert (call.id, call.session_id, call.model) == ("chatcmpl-1", "s9", "gpt-4o")
    assert call.request.messages[0].text == "A?"
    assert call.request.messages[0].extra == {}
    assert call.request.params == {"temperature": 0.5}
    assert call.request.tool_names == ("f",)
    assert call.metadata["step"] == "route"
    assert call.usage is not None
    assert call.usage.input_tokens == 3


def test_a_stored_completion_without_its_messages_says_how_to_get_them() -> None:
    with pytest.raises(RecordError) as error:
        read_record(COMPLETION)
    assert error.value.reason == "no-messages"
    assert "/messages" in error.value.hint


def test_a_fine_tuning_example_ends_with_the_answer() -> None:
    call = read(TUNING)
    assert [m.role for m in call.request.messages] == ["user", "assistant", "user"]
    assert call.response is not None
    assert call.response.text == "B"
    assert call.request.params == {"parallel_tool_calls": False}
    assert call.id == read(TUNING).id


def test_what_follows_the_answer_is_kept_aside() -> None:
    after = {"role": "user", "content": "thanks"}
    call = read({"messages": [*MESSAGES, ANSWER, after]})
    assert len(call.request.messages) == 1
    assert call.extra["messages_after"] == [after]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([], "not-an-object"),
        ("text", "not-an-object"),
        ({}, "unknown-format"),
        ({"prompt": "a", "completion": "b"}, "unknown-format"),
        ({"messages": MESSAGES}, "no-answer"),
    ],
)
def test_an_unknown_record_is_rejected_with_a_reason(record: Any, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read_record(record)
    assert error.value.reason == reason


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(InputError) as error:
        check_format("csv")
    assert "fine-tuning" in error.value.hint
