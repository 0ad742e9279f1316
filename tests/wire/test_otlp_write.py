"""Calls as spans, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from rightsizer.types import (
    Call,
    CallError,
    Message,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
    Usage,
)
from rightsizer.wire import otlp
from rightsizer.wire.otlp_attributes import plain_attributes
from rightsizer.wire.otlp_write import spans_from_calls

TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}
CALL = Call(
    id="call_1",
    session_id="trip/7",
    timestamp=datetime(2026, 3, 1, 12, 30, 5, 250_000, tzinfo=UTC),
    model="gpt-4o",
    request=Request(
        messages=(
            Message(role="system", parts=(TextPart(content="be brief"),)),
            Message(role="user", parts=(TextPart(content="订单 A-1 在哪"),)),
            Message(role="assistant", parts=(ToolCallPart(id="c1", name="find", arguments='{"id":"A-1"}'),)),
            Message(role="tool", parts=(ToolCallResponsePart(id="c1", response='{"at":"home"}'),)),
        ),
        tools=(TOOL,),
        params={"temperature": 0.5, "max_tokens": 9, "stream": True},
    ),
    response=Message(role="assistant", parts=(TextPart(content="在家 home"),)),
    finish_reason="stop",
    usage=Usage(input_tokens=12, output_tokens=3, cached_input_tokens=4),
    latency_s=1.5,
    cost_usd=0.25,
    source={"name": "gateway", "path": "/v1/chat/completions", "served_by": "llm", "status": 200},
)


def spans(request: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return found


def test_with_content_our_own_reader_gives_the_call_back() -> None:
    (read,) = otlp.read(orjson.loads(orjson.dumps(spans_from_calls([CALL], content=True))))
    assert isinstance(read, Call)
    assert (read.session_id, read.timestamp, read.model) == (CALL.session_id, CALL.timestamp, CALL.model)
    assert [(m.role, m.text) for m in read.request.messages] == [
        (m.role, m.text) for m in CALL.request.messages
    ]
    assert read.request.messages[2].tool_calls == CALL.request.messages[2].tool_calls
    assert read.request.tools == CALL.request.tools
    assert (read.request.params["temperature"], read.request.params["max_tokens"]) == (0.5, 9)
    assert read.response is not None
    assert read.response.parts == CALL.response.parts  # type: ignore[union-attr]
    assert read.usage == CALL.usage
    assert (read.latency_s, read.cost_usd, read.finish_reason) == (1.5, 0.25, "stop")


def test_without_content_no_word_of_it_leaves() -> None:
    failed = CALL.model_copy(
        update={"id": "call_2", "response": None, "error": CallError(status=500, message="secret words")}
    )
    text = orjson.dumps(spans_from_calls([CALL, failed])).decode()
    for word in ("订单", "brief", "home", "A-1", "find", "secret"):
        assert word not in text
    ok, bad = spans(spans_from_calls([CALL, failed]))
    assert "status" not in ok
    assert bad["status"]["code"] == 2
    assert plain_attributes(bad["attributes"])["error.type"] == "500"


def test_ids_are_hex_and_the_same_every_time() -> None:
    first, again = spans(spans_from_calls([CALL]))[0], spans(spans_from_calls([CALL]))[0]
    assert first == again
    assert (len(bytes.fromhex(first["traceId"])), len(bytes.fromhex(first["spanId"]))) == (16, 8)
    other = spans(spans_from_calls([CALL.model_copy(update={"id": "call_3"})]))[0]
    assert other["traceId"] == first["traceId"], "one session, one trace"
    assert other["spanId"] != first["spanId"]


def test_protobuf_says_the_same_as_json() -> None:
    pytest.importorskip("opentelemetry.proto")
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from rightsizer.wire.otlp_protobuf import export_request_from_protobuf

    request = spans_from_calls([CALL], content=True)
    plain = orjson.loads(orjson.dumps(request))
    for span in spans(plain):  # protobuf's JSON has base64 where OTLP's has hex
        import base64

        for name in ("traceId", "spanId"):
            span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    body = ParseDict(plain, ExportTraceServiceRequest()).SerializeToString()
    (read,) = otlp.read(export_request_from_protobuf(body))
    (expected,) = otlp.read(request)
    assert isinstance(read, Call)
    assert read == expected
