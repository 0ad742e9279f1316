"""JSON of any shape, where an API's JSON should be: read, or refused with a reason; never a crash.

``RIGHTSIZER_FUZZ=20000 pytest tests -k fuzz`` tries that many examples of each.
"""

from __future__ import annotations

import os
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rightsizer.errors import RecordError
from rightsizer.gateway.calls import Recorded, call_from_recorded
from rightsizer.types import Call
from rightsizer.wire.formats import FORMATS, read_records
from rightsizer.wire.record import call_from_record, record_from_call
from rightsizer.wire.sse import read_events, read_json_events

EXAMPLES = int(os.environ.get("RIGHTSIZER_FUZZ", "80"))
pytestmark = pytest.mark.timeout(0 if "RIGHTSIZER_FUZZ" in os.environ else 120)
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RIGHTSIZER_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

DEEP: Any = 1
for _ in range(600):
    DEEP = [DEEP]
ODD = st.sampled_from(
    (
        None,
        True,
        0,
        -1,
        1.5,
        2**63,
        1e300,
        "",
        "x",
        "你好",
        "\ud800",
        "{}",
        '{"a": 1',
        "assistant",
        "tool",
        [],
        {},
        [None],
    )
) | st.just(DEEP)
JSON = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)

FUNCTION = {"name": "find", "arguments": '{"id":"乙"}'}
TOOL_CALL = {"index": 0, "id": "c1", "type": "function", "function": FUNCTION}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "嗨"}, {"type": "image_url", "image_url": {"url": "u"}}],
        },
        {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ],
    "tools": [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    "metadata": {"task": "t"},
    "user": "u",
}
CHAT_ANSWER = {
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hi", "tool_calls": [TOOL_CALL]},
            "finish_reason": "stop",
        }
    ],
    "usage": USAGE,
}
CHAT_EVENTS = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "", "reasoning_content": "r"}}]},
    {"choices": [{"index": 0, "delta": {"content": "hi", "tool_calls": [TOOL_CALL]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {"choices": [], "usage": USAGE},
]
RESPONSES = {
    "model": "m",
    "instructions": "be brief",
    "input": [
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": "u"}],
        },
        {"type": "function_call", "call_id": "c1", "name": "find", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "ok"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}]},
    ],
    "tools": [{"type": "function", "name": "find", "parameters": {}}],
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {}}},
}
RESPONSE = {
    "object": "response",
    "status": "completed",
    "output": [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]},
        {"type": "function_call", "call_id": "c1", "name": "find", "arguments": "{}"},
    ],
    "usage": {"input_tokens": 1, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 0}},
}
RESPONSE_EVENTS = [
    {"type": "response.created", "response": {"id": "r", "output": []}},
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "content": []}},
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "hi"},
    {"type": "response.output_item.done", "output_index": 0, "item": RESPONSE["output"][0]},  # type: ignore[index]
    {"type": "response.completed", "response": RESPONSE},
]
ANTHROPIC = {
    "model": "m",
    "max_tokens": 5,
    "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "hi"},
                {"type": "image", "source": {"type": "url", "url": "u"}},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "find", "input": {"id": 1}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "ok"}]},
    ],
    "tools": [{"name": "find", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "auto"},
}
ANTHROPIC_ANSWER = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 0},
}
ANTHROPIC_EVENTS = [
    {"type": "message_start", "message": {"role": "assistant", "content": [], "usage": {"input_tokens": 1}}},
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "id": "c", "name": "f", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "input_json_delta", "partial_json": '{"a"'},
    },
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
]
APIS = {
    "/v1/chat/completions": (CHAT, CHAT_ANSWER, CHAT_EVENTS),
    "/v1/responses": (RESPONSES, RESPONSE, RESPONSE_EVENTS),
    "/v1/messages": (ANTHROPIC, ANTHROPIC_ANSWER, ANTHROPIC_EVENTS),
}
PARTS = [
    {
        "role": "user",
        "parts": [{"type": "text", "content": "hi"}, {"type": "tool_call", "name": "f", "arguments": {}}],
    }
]
SPAN = {
    "traceId": "t",
    "spanId": "s",
    "name": "chat",
    "startTimeUnixNano": "1700000000000000000",
    "endTimeUnixNano": 1700000001000000000,
    "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.input.messages", "value": {"stringValue": orjson.dumps(PARTS).decode()}},
        {
            "key": "gen_ai.output.messages",
            "value": {"arrayValue": {"values": [{"kvlistValue": {"values": []}}]}},
        },
        {"key": "llm.input_messages.0.message.content", "value": {"stringValue": "x"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "5"}},
    ],
    "events": [{"name": "gen_ai.choice", "attributes": [{"key": "message", "value": {"stringValue": "{}"}}]}],
    "status": {"code": 2},
}
RECORDS = (
    {
        "resourceSpans": [
            {"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "x"}, "spans": [SPAN]}]}
        ]
    },
    {"request": CHAT, "response": CHAT_ANSWER, "timestamp": "2026-01-01T00:00:00Z"},
    {"request": ANTHROPIC, "response": ANTHROPIC_ANSWER},
    {"messages": CHAT["messages"]},
)


@st.composite
def bent(draw: Any, value: Any) -> Any:
    """A document with one to three of its values, anywhere, replaced or gone."""
    for _ in range(draw(st.integers(1, 3))):
        value = _bend(draw, value)
    return value


def _bend(draw: Any, value: Any) -> Any:
    if not value or not isinstance(value, dict | list) or draw(st.integers(0, 5)) == 0:
        return draw(JSON)
    if isinstance(value, list):
        at = draw(st.integers(0, len(value) - 1))
        action = draw(st.sampled_from(("in", "in", "in", "gone", "twice")))
        middle = {"in": [_bend(draw, value[at])], "gone": [], "twice": [value[at], value[at]]}[action]
        return [*value[:at], *middle, *value[at + 1 :]]
    name = draw(st.sampled_from(sorted(value)))
    if draw(st.integers(0, 4)) == 0:
        return {key: each for key, each in value.items() if key != name}
    return {**value, name: _bend(draw, value[name])}


def text_of(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()  # also what orjson refuses to write: lone surrogates, deep nesting


def as_stream(events: Any) -> bytes:
    if not isinstance(events, list):
        events = [events]
    return b"".join(b"data: " + text_of(event) + b"\n\n" for event in events) + b"data: [DONE]\n\n"


@fuzz
@given(
    data=st.data(), path=st.sampled_from(sorted(APIS)), what=st.sampled_from(("request", "answer", "events"))
)
def test_fuzz_what_the_gateway_recorded_becomes_a_call_or_is_refused(data: Any, path: str, what: str) -> None:
    request, answer, events = APIS[path]
    if what == "request":
        request = data.draw(bent(request))
    said = text_of(data.draw(bent(answer)) if what == "answer" else answer)
    kind = "application/json"
    if what == "events":
        said, kind = as_stream(data.draw(bent(events))), "text/event-stream"
        said = said[: len(said) - data.draw(st.integers(0, 40))]
    begin = {"id": "call_1", "at": 1.0, "path": path}
    end = {"status": 200, "type": kind, "total_s": 0.1}
    recorded = Recorded(begin, text_of(request), end, said)
    try:
        call = call_from_recorded(recorded)
    except RecordError:
        recorded.end = None  # an answer never costs the request: this one has no call whatever was said
        with pytest.raises(RecordError):
            call_from_recorded(recorded)
        return
    assert call_from_record(record_from_call(call)) == call, "and can be written and read again"


@fuzz
@given(data=st.data(), record=st.sampled_from(RECORDS), format=st.sampled_from(("auto", *FORMATS)))
def test_fuzz_a_record_of_any_format_is_read_or_refused(data: Any, record: Any, format: str) -> None:
    try:
        found = list(read_records(data.draw(bent(record)), format))
    except RecordError:
        return
    for call in found:
        if isinstance(call, Call):
            assert call_from_record(record_from_call(call)) == call


@fuzz
@given(
    stream=st.binary(max_size=80)
    | st.lists(
        st.sampled_from(
            (b"data: ", b"event: x", b"\r", b"\n", b"\r\n", b"\n\n", b": c", b"{}", b"[DONE]", b"\xe4\xbd")
        )
    ).map(b"".join)
)
def test_fuzz_any_bytes_as_a_stream_of_events(stream: bytes) -> None:
    events = list(read_events(stream))
    assert all(isinstance(event, str) and isinstance(data, str) for event, data in events)
    longer = list(read_events(stream + b"\n\ndata: x\n\n"))
    assert longer[: len(events)] == events, "what comes later changes no event before it"
    try:
        read_json_events(stream)
    except RecordError:
        return
