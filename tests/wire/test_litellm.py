"""LiteLLM's standard logging payload and the proxy's spend log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.formats import FORMATS

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
PAYLOAD: dict[str, Any] = {
    "id": "chatcmpl-1",
    "trace_id": "trace-1",
    "call_type": "acompletion",
    "response_cost": 0.25,
    "status": "success",
    "prompt_tokens": 5,
    "completion_tokens": 1,
    "total_tokens": 6,
    "startTime": 1760831008.0,
    "endTime": 1760831009.5,
    "model": "gpt-4o",
    "metadata": {"user_api_key_hash": "h", "requester_metadata": {"step": "route"}},
    "request_tags": ["prod"],
    "messages": [{"role": "user", "content": "退款吗?"}],
    "response": {"choices": [{"message": {"role": "assistant", "content": "是"}, "finish_reason": "stop"}]},
    "model_parameters": {"temperature": 0, "tools": TOOLS},
}
SPEND: dict[str, Any] = {
    "request_id": "chatcmpl-2",
    "call_type": "acompletion",
    "spend": 0.5,
    "startTime": "2026-01-01T10:00:00Z",
    "endTime": "2026-01-01T10:00:02Z",
    "model": "gpt-4o",
    "session_id": "s1",
    "messages": "{}",
    "proxy_server_request": json.dumps({"messages": PAYLOAD["messages"], "temperature": 0, "tools": TOOLS}),
    "response": json.dumps(PAYLOAD["response"], ensure_ascii=False),
    "metadata": "{}",
}


def read(record: dict[str, Any]) -> Call:
    assert next(name for name, (sniff, _) in FORMATS.items() if sniff(record)) == "litellm"
    call = read_record(record)
    assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return call


@pytest.mark.parametrize(
    ("record", "about"),
    [(PAYLOAD, ("chatcmpl-1", "trace-1", 1.5, 0.25)), (SPEND, ("chatcmpl-2", "s1", 2.0, 0.5))],
)
def test_both_logs(record: dict[str, Any], about: tuple[Any, ...]) -> None:
    call = read(record)
    assert (call.id, call.session_id, call.latency_s, call.cost_usd) == about
    assert call.request.messages[0].text == "退款吗?"
    assert call.request.params == {"temperature": 0}
    assert call.request.tool_names == ("f",)
    assert call.response is not None
    assert (call.response.text, call.finish_reason, call.model) == ("是", "stop", "gpt-4o")


def test_only_the_callers_own_metadata_is_metadata() -> None:
    call = read(PAYLOAD)
    assert call.metadata == {"step": "route", "tags": ["prod"]}
    assert call.extra["litellm"]["metadata"]["user_api_key_hash"] == "h"


def test_the_callers_session_comes_before_litellms_trace() -> None:
    metadata = {"requester_metadata": {"conversation_id": "mine"}}
    assert read({**PAYLOAD, "metadata": metadata}).session_id == "mine"


def test_tokens_counted_by_litellm() -> None:
    usage = read(PAYLOAD).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (5, 1)


def test_a_failed_call() -> None:
    about = {"error_code": "429", "error_message": "too many", "error_class": "RateLimitError"}
    call = read({**PAYLOAD, "status": "failure", "response": {}, "error_information": about})
    assert call.response is None
    assert call.error is not None
    assert (call.error.status, call.error.message) == (429, "too many")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"call_type": "aembedding"}, "not-a-chat"),
        ({"call_type": "image_generation"}, "not-a-chat"),
        ({"messages": None}, "no-messages"),
        ({"response": None}, "no-response"),
    ],
)
def test_what_nothing_can_be_learned_from_is_told(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read({**PAYLOAD, **changed})
    assert error.value.reason == reason
