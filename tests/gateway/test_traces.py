"""OTLP in both directions: spans come in as calls, recorded calls go out as spans."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import ConfigError
from rightsizer.gateway.otlp_export import SpanExporter, read_headers
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion
from rightsizer.types import Call, Message, Request, TextPart
from rightsizer.wire import otlp
from rightsizer.wire.otlp_write import spans_from_calls

CALL = Call(
    id="call_1",
    session_id="s",
    model="m",
    request=Request(messages=(Message(role="user", parts=(TextPart(content="你好"),)),)),
    response=Message(role="assistant", parts=(TextPart(content="hi"),)),
)


def post(url: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, named)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_spans_of_models_become_calls_and_others_do_not(start: Any) -> None:
    request = spans_from_calls([CALL], content=True)
    span = request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    tool = {**span, "spanId": "0" * 15 + "1", "name": "execute_tool x"}
    name = {"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}}
    request["resourceSpans"][0]["scopeSpans"][0]["spans"].append({**tool, "attributes": [name]})
    body = orjson.dumps(request)
    gateway = start("http://127.0.0.1:1/v1")
    url = f"{gateway.url}/v1/traces"
    assert post(url, body, content_type="application/json") == (200, b"{}")
    packed = gzip.compress(body)
    assert post(url, packed, content_type="application/json", content_encoding="gzip")[0] == 200
    for bad, kind, status in (
        (b"no", "application/json", 400),
        (b'{"x":1}', "application/json", 400),
        (b"x", "text/plain", 415),
    ):
        assert post(url, bad, content_type=kind)[0] == status
    assert post(url, b"no", content_type="application/json", content_encoding="gzip")[0] == 415
    gateway.stop()
    (call,) = gateway.calls()
    assert call.response is not None
    assert (call.response.text, call.request.messages[0].text) == ("hi", "你好")
    assert (call.session_id, call.source["name"]) == ("s", "otlp")


def test_opentelemetrys_own_exporter_is_understood(start: Any) -> None:
    exporters = pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    gateway = start("http://127.0.0.1:1/v1")
    provider = TracerProvider()
    provider.add_span_processor(
        SimpleSpanProcessor(exporters.OTLPSpanExporter(endpoint=f"{gateway.url}/v1/traces"))
    )
    with provider.get_tracer("agent").start_as_current_span("chat m") as span:
        said = [{"role": "user", "parts": [{"type": "text", "content": "你好"}]}]
        answer = [
            {"role": "assistant", "parts": [{"type": "text", "content": "hi"}], "finish_reason": "stop"}
        ]
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "m")
        span.set_attribute("gen_ai.usage.input_tokens", 3)
        span.set_attribute("gen_ai.input.messages", orjson.dumps(said).decode())
        span.set_attribute("gen_ai.output.messages", orjson.dumps(answer).decode())
        trace_id = f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()
    gateway.stop()
    (call,) = gateway.calls()
    assert call.session_id == trace_id
    assert call.response is not None
    assert call.response.text == "hi"
    assert call.usage is not None
    assert call.usage.input_tokens == 3


def test_what_a_gateway_records_reaches_a_collector(start: Any, tmp_path: Path) -> None:
    collected: list[Received] = []

    def script(request: Received) -> Reply:
        if request.target == "/v1/traces":
            collected.append(request)
            return Reply((b"{}",))
        return Reply((completion("在路上"),))

    home = tmp_path / "home"
    home.mkdir()
    with FakeLLM(script) as llm:
        base = llm.url.removesuffix("/v1")
        (home / "rightsizer.toml").write_text(
            f'[gateway]\notlp_endpoint = "{base}"\notlp_content = true\n', encoding="utf-8"
        )
        gateway = start(llm.url)
        ask = {"model": "m", "messages": [{"role": "user", "content": "where"}]}
        assert post(f"{gateway.url}/v1/chat/completions", orjson.dumps(ask))[0] == 200
        gateway.stop()
    (request,) = collected
    (call,) = otlp.read(orjson.loads(gzip.decompress(request.body)))
    assert isinstance(call, Call)
    assert call.response is not None
    assert call.response.text == "在路上"


def test_a_collector_that_fails_is_asked_twice_and_counted() -> None:
    environment = {"OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b, x-team=c"}
    with FakeLLM(lambda r: Reply((b"",), status=503)) as collector:
        exporter = SpanExporter(collector.url + "/own", environment=environment)
        exporter([CALL])
        assert (len(collector.received), exporter.lost) == (2, 1)
        assert collector.received[0].header("x-key") == "a b"
        assert collector.received[0].target == "/v1/own"
    exporter([CALL])
    assert exporter.lost == 2, "nobody there"


def test_a_collector_that_fails_holds_nothing_up_for_long() -> None:
    clock = [0.0]
    with FakeLLM(lambda r: Reply((b"",), status=503 if clock[0] < 60 else 200)) as collector:
        exporter = SpanExporter(collector.url, now=lambda: clock[0])
        exporter([CALL] * 1000)
        assert (len(collector.received), exporter.lost) == (2, 1000), "two tries, and not two for each batch"
        clock[0] = 59.0
        exporter([CALL])
        assert len(collector.received) == 2
        clock[0] = 61.0
        exporter([CALL] * 300)
        assert (len(collector.received), exporter.lost) == (4, 1001), "it is asked again"


def test_hostile_spans_are_a_4xx_and_the_rest_is_recorded(start: Any, tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.proto")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "rightsizer.toml").write_text(
        "[gateway]\nmax_request_bytes = 100000\n", encoding="utf-8"
    )
    gateway = start("http://127.0.0.1:1/v1")
    url = f"{gateway.url}/v1/traces"
    good = orjson.dumps(spans_from_calls([CALL], content=True))
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    deep = b'{"resourceSpans":' + b"[" * 5000 + b"]" * 5000 + b"}"
    wire = b"\x0a\xff\xff\xff\xff\x0f"  # a field longer than the body
    nested = b"\x0a\x04\x12\x02\x0a\xff"
    for body, kind, encoding in (
        (bomb, "application/json", "gzip"),
        (bomb, "application/x-protobuf", "gzip"),
        (deep, "application/json", ""),
        (wire, "application/x-protobuf", ""),
        (nested, "application/x-protobuf", ""),
        (good[:-3], "application/x-protobuf", ""),
        (b'{"resourceSpans":[7]}', "application/json", ""),
        (b'{"resourceSpans":{"a":1}}', "application/json", ""),
        (good, "application/json", "compress"),
        (b" " * 100_001, "application/json", ""),
    ):
        status, _ = post(url, body, content_type=kind, content_encoding=encoding or "identity")
        assert status in (400, 413, 415), (body[:30], kind)
    odd = orjson.loads(good)
    odd["resourceSpans"][0]["scopeSpans"][0]["spans"] += [
        None,
        {"attributes": 7},
        {"attributes": [{"key": 7}]},
    ]
    assert post(url, orjson.dumps(odd), content_type="application/json; charset=utf-8")[0] == 200
    gateway.stop()
    (call,) = gateway.calls()
    assert call.response is not None
    assert call.response.text == "hi"
    assert "Traceback" not in (tmp_path / "gateway.log").read_text()


def test_the_endpoint_and_its_headers() -> None:
    with pytest.raises(ConfigError):
        SpanExporter("localhost:4318")
    assert read_headers("a=1,,b = 2 ,c") == {"a": "1", "b": "2"}
