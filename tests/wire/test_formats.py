"""Other tools' records: recognised, and turned into calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rightsizer.errors import InputError, RecordError
from rightsizer.types import Call
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.formats import FORMATS, check_format, read_records
from rightsizer.wire.jsontext import parse_json

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
    "anthropic": {
        "request": {"system": "S", "messages": MESSAGES, "tools": [{"name": "f", "input_schema": {}}]},
        "response": {
            "type": "message",
            "content": [{"type": "text", "text": "B"}],
            "usage": {"input_tokens": 1},
        },
    },
    "exchange": {
        "request": {
            "model": "m",
            "input": "A?",
            "instructions": "S",
            "tools": [{"type": "function", "name": "f"}],
        },
        "response": {
            "object": "response",
            "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "B"}]},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            ],
            "usage": {"input_tokens": 3, "output_tokens": 1},
        },
    },
    "openpipe": {
        "requestedAt": 1,
        "reqPayload": {"messages": MESSAGES},
        "respPayload": COMPLETION,
        "tags": {"a": "b"},
    },
    "litellm": {
        "call_type": "completion",
        "response_cost": 0.1,
        "messages": MESSAGES,
        "response": COMPLETION,
        "model_parameters": {"temperature": 0},
        "metadata": {"requester_metadata": {"a": "b"}},
    },
    "langsmith": {
        "id": "r",
        "run_type": "llm",
        "inputs": {"messages": [[{"type": "human", "content": "A?"}]]},
        "outputs": {"generations": [[{"message": {"type": "ai", "content": "B", "tool_calls": []}}]]},
        "extra": {"metadata": {"thread_id": "t"}, "invocation_params": {"tools": []}},
    },
    "tensorzero": {
        "function_name": "f",
        "variant_name": "v",
        "input": {"messages": [{"role": "user", "content": [{"type": "text", "text": "A?"}]}]},
        "output": [
            {"type": "text", "text": "B"},
            {"type": "tool_call", "id": "c", "name": "f", "arguments": "{}"},
        ],
        "tool_params": {"tools_available": [{"name": "f", "parameters": {}}]},
    },
    "langfuse": {
        "trace": {"sessionId": "s", "scores": [{"name": "a", "value": 1}]},
        "observations": [
            {
                "id": "o",
                "traceId": "t",
                "type": "GENERATION",
                "startTime": "2026-01-01T10:00:00Z",
                "input": [{"role": "user", "parts": [{"type": "text", "content": "A?"}]}],
                "output": {"candidates": [{"content": {"parts": [{"text": "B"}]}}]},
                "usageDetails": {"input": 1},
            }
        ],
    },
    "otlp": {
        "resourceSpans": [
            {
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "t",
                                "spanId": "s",
                                "startTimeUnixNano": "1",
                                "attributes": [
                                    {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
                                    {"key": "gen_ai.prompt", "value": {"stringValue": "A?"}},
                                    {"key": "gen_ai.completion", "value": {"stringValue": "B"}},
                                ],
                            }
                        ]
                    }
                ]
            }
        ]
    },
}
# Values of the wrong kind for any place in a log.
JUNK: tuple[Any, ...] = (
    None,
    1,
    True,
    "",
    "x",
    "[",
    '[{"role": 1}]',
    [],
    {},
    [None],
    [[]],
    {"a": 1},
    {"type": []},
    {"type": "text"},
)


def read(record: dict[str, Any], format: str = "auto") -> Call:
    call = read_record(record, format)
    assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return call


@pytest.mark.parametrize("format", SAMPLES)
def test_each_format_is_recognised_by_itself_alone(format: str) -> None:
    first = next(name for name, (sniff, _) in FORMATS.items() if sniff(SAMPLES[format]))
    assert first == format
    assert read(SAMPLES[format]) == read(SAMPLES[format], format)


def test_a_sample_of_every_format() -> None:
    assert SAMPLES.keys() == FORMATS.keys()


@pytest.mark.parametrize("format", SAMPLES)
def test_a_record_with_anything_anywhere_gives_a_call_or_a_reason(format: str) -> None:
    for path in places(SAMPLES[format]):
        for junk in JUNK:
            record = changed(SAMPLES[format], path, junk)
            try:
                found = list(read_records(record, format if path else "auto"))
            except RecordError:
                continue
            for item in found:
                if isinstance(item, Call):
                    assert call_from_record(record_from_call(item)) == item, (path, junk)
                else:
                    assert item.reason


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("sample", [*SAMPLES, "nothing"])
def test_a_format_forced_on_a_record_of_another_gives_a_call_or_a_reason(format: str, sample: str) -> None:
    try:
        found = list(read_records(SAMPLES.get(sample, {}), format))
    except RecordError:
        return
    assert all(isinstance(item, Call) or item.reason for item in found)


def deep(level: str, times: int) -> Any:
    """A value within a value within a value, about as deep as the parser lets through."""
    before, after = level.split("@")
    return parse_json(f"{before * times}1{after * times}".encode())


def one_span(attributes: Any) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": attributes}]}]}]}


DEEP: dict[str, Any] = {
    "prompts": {"reqPayload": deep('{"prompts": [@]}', 450)},
    "runs": {"inputs": {}, **deep('{"run_type": "chain", "inputs": {}, "child_runs": [@]}', 450)},
    "values": one_span([{"key": "a", "value": deep('{"arrayValue": {"values": [@]}}', 320)}]),
    "numbers": one_span({"gen_ai.request.model": "m", f"gen_ai.prompt.{'0.' * 5000}": "x"}),
    "digits": one_span({"gen_ai.request.model": "m", f"gen_ai.prompt.{'9' * 5000}.role": "x"}),
}


@pytest.mark.parametrize("kind", DEEP)
def test_a_record_nested_beyond_reason_is_told(kind: str) -> None:
    try:
        found = list(read_records(DEEP[kind]))
    except RecordError:
        return
    assert found
    assert not any(isinstance(item, Call) for item in found)


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside this one."""
    yield ()
    for key, inside in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else [])
    ):
        yield from ((key, *rest) for rest in places(inside))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = changed(value[path[0]], path[1:], new)
    return copied


def test_a_flywheel_record() -> None:
    call = read(FLYWHEEL)
    assert call.metadata == {"workload_id": "router", "client_id": "prod"}
    assert call.response is not None
    assert call.response.tool_calls[0].arguments == '{"city":"北京"}'
    assert call.model == "llama"
    assert call.timestamp is not None
    assert call.timestamp.year == 2025


@pytest.mark.parametrize("format", ["anthropic", "exchange"])
def test_a_flywheel_record_of_another_api(format: str) -> None:
    call = read({**SAMPLES[format], "workload_id": "router"})
    assert call.metadata == {"workload_id": "router"}
    assert [m.text for m in call.request.messages] == ["S", "A?"]
    assert call.response is not None
    assert call.response.text == "B"


def test_an_exchange_with_the_responses_api() -> None:
    call = read({**SAMPLES["exchange"], "session_id": "s"})
    assert [(m.role, m.text) for m in call.request.messages] == [("system", "S"), ("user", "A?")]
    assert call.request.tool_names == ("f",)
    assert call.response is not None
    assert (call.response.text, call.response.tool_calls[0].name) == ("B", "f")
    assert (call.model, call.session_id, call.finish_reason) == ("m", "s", "tool_calls")
    assert call.usage is not None
    assert call.usage.input_tokens == 3


def test_an_exchange_with_gemini() -> None:
    parts = [{"text": "B"}]
    response = {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}
    call = read({"request": {"contents": [{"parts": [{"text": "A?"}]}]}, "response": response})
    assert call.request.messages[0].text == "A?"
    assert call.response is not None
    assert (call.response.text, call.finish_reason) == ("B", "stop")


@pytest.mark.parametrize(
    ("request_", "response", "reason"),
    [
        ({"input": "A?", "previous_response_id": "r"}, {"object": "response", "output": []}, "needs-history"),
        (
            {"input": ["a", "b"], "model": "e"},
            {"object": "list", "data": [{"embedding": [0.1]}]},
            "not-a-chat",
        ),
    ],
)
def test_an_exchange_nothing_can_be_learned_from(request_: Any, response: Any, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read_record({"request": request_, "response": response})
    assert error.value.reason == reason


def test_a_failed_exchange_keeps_the_error() -> None:
    failed = {"object": "response", "status": "failed", "error": {"message": "too many"}, "output": []}
    call = read({"request": {"input": "A?"}, "response": failed})
    assert call.response is None
    assert call.error is not None
    assert call.error.message == "too many"


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
