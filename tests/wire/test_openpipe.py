"""OpenPipe's reports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.formats import FORMATS

REPORT: dict[str, Any] = {
    "requestedAt": 1760831008000,
    "receivedAt": 1760831009250,
    "reqPayload": {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "退款吗?"}],
        "functions": [{"name": "f", "parameters": {}}],
        "temperature": 0,
    },
    "respPayload": {
        "id": "chatcmpl-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "是"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1},
    },
    "statusCode": 200,
    "tags": {"prompt_id": "router", "session_id": "s1"},
}


def read(**changed: Any) -> Call:
    record = {**REPORT, **changed}
    assert next(name for name, (sniff, _) in FORMATS.items() if sniff(record)) == "openpipe"
    call = read_record(record)
    assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return call


@pytest.mark.parametrize("form", [lambda value: value, lambda value: json.dumps(value, ensure_ascii=False)])
def test_a_report_with_its_payloads_as_values_or_as_text(form: Any) -> None:
    call = read(reqPayload=form(REPORT["reqPayload"]), respPayload=form(REPORT["respPayload"]))
    assert call.request.messages[0].text == "退款吗?"
    assert call.request.tool_names == ("f",)
    assert call.request.params["temperature"] == 0
    assert call.response is not None
    assert (call.response.text, call.finish_reason, call.model) == ("是", "stop", "gpt-4o")
    assert (call.latency_s, call.session_id) == (1.25, "s1")
    assert call.usage is not None
    assert call.usage.input_tokens == 5


@pytest.mark.parametrize(
    ("tags", "metadata"),
    [
        ({"a": "b"}, {"a": "b"}),
        ([{"name": "a", "value": "b"}, {"name": "c"}, "x"], {"a": "b", "c": None}),
        ('{"a": "b"}', {"a": "b"}),
        (None, {}),
    ],
)
def test_tags_are_metadata(tags: Any, metadata: dict[str, Any]) -> None:
    assert read(tags=tags).metadata == metadata


def test_unknown_fields_are_kept() -> None:
    assert read(cacheHit=False).extra["openpipe"] == {"cacheHit": False}
    assert "openpipe" not in read().extra


@pytest.mark.parametrize("response", [None, {"error": {"message": "too many"}}])
def test_a_failed_call(response: Any) -> None:
    call = read(statusCode=429, errorMessage="too many", respPayload=response)
    assert call.response is None
    assert call.error is not None
    assert (call.error.status, call.error.message) == (429, "too many")


def test_a_call_of_anthropic() -> None:
    request = {"messages": [{"role": "user", "content": "hi"}], "system": "Be brief."}
    response = {"type": "message", "content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn"}
    call = read(reqPayload=request, respPayload=response)
    assert [m.role for m in call.request.messages] == ["system", "user"]
    assert call.response is not None
    assert (call.response.text, call.finish_reason) == ("hello", "stop")


@pytest.mark.parametrize(("payload", "reason"), [("hello", "no-request"), ({"input": None}, "no-messages")])
def test_what_is_no_chat_is_told(payload: Any, reason: str) -> None:
    with pytest.raises(RecordError) as error:
        read(reqPayload=payload)
    assert error.value.reason == reason
