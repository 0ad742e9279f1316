"""GenAI spans of every convention become the same call; other spans are told."""

from __future__ import annotations

import io
import itertools
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire import call_from_record, read_record, record_from_call
from rightsizer.wire.formats import FORMATS, read_records
from rightsizer.wire.otlp_attributes import numbered, plain_attributes
from rightsizer.wire.unread import Unread

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
ARGUMENTS = '{"city":"北京"}'
INPUT = [
    {"role": "user", "parts": [{"type": "text", "content": "天气?"}]},
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "北京"}}],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "晴"}]},
]
OUTPUT = [{"role": "assistant", "parts": [{"type": "text", "content": "晴天"}], "finish_reason": "stop"}]
SYSTEM = [{"type": "text", "content": "Be brief."}]
TOOLS = [{"type": "function", "name": "weather", "parameters": SCHEMA}]
COMMON = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.usage.input_tokens": 52,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.response.finish_reasons": ["stop"],
}
CALL = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": ARGUMENTS}}]

SEMANTIC = {
    "gen_ai.input.messages": json.dumps(INPUT),
    "gen_ai.output.messages": json.dumps(OUTPUT),
    "gen_ai.system_instructions": json.dumps(SYSTEM),
    "gen_ai.tool.definitions": json.dumps(TOOLS),
}
STRUCTURED = {
    "gen_ai.input.messages": INPUT,
    "gen_ai.output.messages": OUTPUT,
    "gen_ai.system_instructions": SYSTEM,
    "gen_ai.tool.definitions": TOOLS,
}
TRACELOOP: dict[str, Any] = {
    "gen_ai.operation.name": None,
    "llm.request.type": "chat",
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be brief.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "天气?",
    "gen_ai.prompt.2.role": "assistant",
    "gen_ai.prompt.2.tool_calls.0.id": "c1",
    "gen_ai.prompt.2.tool_calls.0.name": "weather",
    "gen_ai.prompt.2.tool_calls.0.arguments": ARGUMENTS,
    "gen_ai.prompt.3.role": "tool",
    "gen_ai.prompt.3.tool_call_id": "c1",
    "gen_ai.prompt.3.content": "晴",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "晴天",
    "gen_ai.completion.0.finish_reason": "stop",
    "llm.request.functions.0.name": "weather",
    "llm.request.functions.0.parameters": json.dumps(SCHEMA),
}
_IN, _OUT, _CALL = "llm.input_messages", "llm.output_messages", "message.tool_calls.0.tool_call"
OPENINFERENCE: dict[str, Any] = {
    "gen_ai.operation.name": None,
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o",
    "llm.token_count.prompt": 52,
    "llm.token_count.completion": 7,
    "llm.invocation_parameters": '{"temperature": 0.5}',
    f"{_IN}.0.message.role": "system",
    f"{_IN}.0.message.content": "Be brief.",
    f"{_IN}.1.message.role": "user",
    f"{_IN}.1.message.contents.0.message_content.type": "text",
    f"{_IN}.1.message.contents.0.message_content.text": "天气?",
    f"{_IN}.2.message.role": "assistant",
    f"{_IN}.2.{_CALL}.id": "c1",
    f"{_IN}.2.{_CALL}.function.name": "weather",
    f"{_IN}.2.{_CALL}.function.arguments": ARGUMENTS,
    f"{_IN}.3.message.role": "tool",
    f"{_IN}.3.message.tool_call_id": "c1",
    f"{_IN}.3.message.content": "晴",
    f"{_OUT}.0.message.role": "assistant",
    f"{_OUT}.0.message.content": "晴天",
    "llm.tools.0.tool.json_schema": json.dumps(
        {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
    ),
}
VERCEL: dict[str, Any] = {
    "gen_ai.operation.name": None,
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.prompt.messages": json.dumps(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "天气?"}]},
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "tool-call",
                        "toolCallId": "c1",
                        "toolName": "weather",
                        "input": {"city": "北京"},
                    }
                ],
            },
            {
                "role": "tool",
                "content": [
                    {"type": "tool-result", "toolCallId": "c1", "output": {"type": "text", "value": "晴"}}
                ],
            },
        ]
    ),
    "ai.prompt.tools": [json.dumps({"type": "function", "name": "weather", "inputSchema": SCHEMA})],
    "ai.response.text": "晴天",
    "ai.response.finishReason": "stop",
}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("gen_ai.system.message", {"content": "Be brief."}),
    ("gen_ai.user.message", {"content": "天气?"}),
    ("gen_ai.assistant.message", {"tool_calls": CALL}),
    ("gen_ai.tool.message", {"id": "c1", "content": "晴"}),
    (
        "gen_ai.choice",
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "晴天"}},
    ),
]
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "天气?"},
    {"role": "assistant", "content": None, "tool_calls": CALL},
    {"role": "tool", "tool_call_id": "c1", "content": "晴"},
]


def any_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    return {"kvlistValue": {"values": attributes(value)}}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": any_value(value)} for name, value in values.items() if value is not None]


def span(values: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "name": "chat gpt-4o",
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": "1544712661500000000",
        "attributes": attributes({**COMMON, **values}),
        **fields,
    }


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": attributes({"service.name": "shop"})}
    return {
        "resourceSpans": [
            {"resource": resource, "scopeSpans": [{"scope": {"name": "x"}, "spans": list(spans)}]}
        ]
    }


def event(name: str, values: dict[str, Any]) -> dict[str, Any]:
    given = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in values.items()}
    return {"name": name, "timeUnixNano": "1", "attributes": attributes(given)}


def logs(*records: dict[str, Any]) -> dict[str, Any]:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


def log(name: str, body: Any, **values: Any) -> dict[str, Any]:
    given = {"event.name": name, **values}
    return {"traceId": "t", "spanId": "s", "body": any_value(body), "attributes": attributes(given)}


SPANS = {
    "messages as attributes": span(SEMANTIC),
    "structured attributes": span(STRUCTURED),
    "messages on the details event": span(
        {}, events=[{"name": "gen_ai.client.inference.operation.details", "attributes": attributes(SEMANTIC)}]
    ),
    "an event a message": span({"gen_ai.tool.definitions": None}, events=[event(*given) for given in EVENTS]),
    "an attribute with the events": span(
        {"events": json.dumps([{"event.name": name, **fields} for name, fields in EVENTS])}
    ),
    "content events": span(
        {},
        events=[
            event("gen_ai.content.prompt", {"gen_ai.prompt": CHAT}),
            event(
                "gen_ai.content.completion", {"gen_ai.completion": [{"role": "assistant", "content": "晴天"}]}
            ),
        ],
    ),
    "OpenLLMetry": span(TRACELOOP),
    "OpenInference": span(OPENINFERENCE),
    "Vercel AI SDK": span(VERCEL),
}
WITHOUT_TOOLS = ("an event a message", "an attribute with the events", "content events")


def read(record: dict[str, Any]) -> tuple[list[Call], list[Unread]]:
    assert next(name for name, (sniff, _) in FORMATS.items() if sniff(record)) == "otlp"
    found = list(read_records(record))
    calls = [item for item in found if isinstance(item, Call)]
    for call in calls:
        assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return calls, [item for item in found if isinstance(item, Unread)]


@pytest.mark.parametrize("convention", SPANS)
def test_every_convention_gives_the_same_call(convention: str) -> None:
    (call,), unread = read(export(SPANS[convention]))
    assert unread == []
    assert [(m.role, m.text) for m in call.request.messages] == [
        ("system", "Be brief."),
        ("user", "天气?"),
        ("assistant", ""),
        ("tool", "晴"),
    ]
    (asked,) = call.request.messages[2].tool_calls
    assert (asked.id, asked.name, json.loads(asked.arguments)) == ("c1", "weather", {"city": "北京"})
    assert call.request.messages[3].parts[0].model_dump()["id"] == "c1"
    assert call.response is not None
    assert (call.response.role, call.response.text, call.finish_reason) == ("assistant", "晴天", "stop")
    if convention not in WITHOUT_TOOLS:
        assert call.request.tools == (
            {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}},
        )
    assert (call.model, call.request.params["temperature"], call.latency_s) == ("gpt-4o", 0.5, 1.5)
    assert call.usage is not None
    assert (call.usage.input_tokens, call.usage.output_tokens) == (52, 7)


def test_one_log_record_a_message() -> None:
    records = [log(name, body) for name, body in EVENTS]
    records[0]["attributes"] += attributes(COMMON)
    (call,), _ = read(logs(*records))
    assert [m.text for m in call.request.messages] == ["Be brief.", "天气?", "", "晴"]
    assert call.response is not None
    assert call.response.text == "晴天"


def test_log_records_belong_to_the_span_they_name() -> None:
    records = [{**log(name, body), "traceId": "t", "spanId": "s"} for name, body in EVENTS]
    both = export(span({}, traceId="t", spanId="s")) | logs(*records)
    (call,), unread = read(both)
    assert (call.id, unread) == ("t-s", [])
    assert call.request.messages[1].text == "天气?"


def test_details_in_log_records_without_a_span_are_calls_of_their_own() -> None:
    name = "gen_ai.client.inference.operation.details"
    records = [log(name, "", **COMMON, **SEMANTIC) | {"traceId": "", "spanId": ""} for _ in range(2)]
    calls, _ = read(logs(*records))
    assert [call.request.messages[1].text for call in calls] == ["天气?", "天气?"]


def test_session_metadata_and_what_is_kept_aside() -> None:
    more = {"gen_ai.conversation.id": "conv-1", "gen_ai.agent.name": "planner", "custom.flag": True}
    (call,), _ = read(export(span({**SEMANTIC, **more})))
    assert call.id == "5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174"
    assert call.session_id == "conv-1"
    assert call.metadata == {"span_name": "chat gpt-4o", "service_name": "shop", "agent_name": "planner"}
    kept = call.extra["otlp"]
    assert kept["attributes"]["custom.flag"] is True
    assert not any(name.startswith("gen_ai.input") for name in kept["attributes"]), "content is kept once"
    (alone,), _ = read(export(span(SEMANTIC)))
    assert alone.session_id == "5b8efff798038103d269b633813fc60c"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({**SEMANTIC, "gen_ai.operation.name": "embeddings"}, "not-an-llm-span"),
        ({**SEMANTIC, "gen_ai.operation.name": "execute_tool"}, "not-an-llm-span"),
        ({**SEMANTIC, "gen_ai.operation.name": "invoke_agent"}, "not-an-llm-span"),
        ({**OPENINFERENCE, "openinference.span.kind": "TOOL"}, "not-an-llm-span"),
        ({**VERCEL, "ai.operationId": "ai.generateText"}, "not-an-llm-span"),
        ({"gen_ai.operation.name": None, "gen_ai.request.model": None}, "not-an-llm-span"),
        ({}, "no-content"),
        ({**SEMANTIC, "gen_ai.output.messages": None}, "no-response"),
        ({"gen_ai.input.messages": '[{"role": "user", "parts": ["x"]}]'}, "invalid-message"),
    ],
)
def test_a_span_nothing_can_be_learned_from_is_told_and_the_rest_is_read(
    values: dict[str, Any], reason: str
) -> None:
    calls, (unread,) = read(export(span(values, spanId="other"), span(SEMANTIC)))
    assert [call.id[-4:] for call in calls] == ["b174"]
    assert unread.reason == reason
    assert json.loads(unread.raw)["spanId"] == "other"


def test_a_failed_call_is_a_call_without_an_answer() -> None:
    failed = span({**SEMANTIC, "gen_ai.output.messages": None}, status={"code": 2, "message": "timeout"})
    (call,), _ = read(export(failed))
    assert call.response is None
    assert call.error is not None
    assert call.error.message == "timeout"


def test_reasoning_images_and_unknown_parts_are_kept() -> None:
    parts = [
        {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "QUJD"},
        {"type": "file", "modality": "document", "file_id": "f1"},
    ]
    answer = [
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "x"}],
        }
    ]
    messages = {"gen_ai.input.messages": [{"role": "user", "parts": parts}], "gen_ai.output.messages": answer}
    (call,), _ = read(export(span(messages)))
    assert [part.type for part in call.request.messages[0].parts] == ["image", "image", "other"]
    assert call.response is not None
    assert [part.type for part in call.response.parts] == ["reasoning", "text"]


def test_several_calls_are_not_one_record() -> None:
    with pytest.raises(RecordError) as error:
        read_record(export(span(SEMANTIC), span(SEMANTIC, spanId="2")))
    assert error.value.reason == "several-calls"


@pytest.mark.parametrize(
    "broken", [{}, {"resourceSpans": None}, {"resourceSpans": [1, {"scopeSpans": [{"spans": ["x"]}]}]}]
)
def test_an_empty_or_broken_export_gives_nothing(broken: dict[str, Any]) -> None:
    assert read({"resourceSpans": [], **broken}) == ([], [])


def test_attributes_as_plain_values() -> None:
    values = {"s": "x", "i": 2**60, "d": 0.5, "b": False, "l": [1, "a"], "m": {"k": ["v"]}}
    assert plain_attributes(attributes(values)) == values
    assert plain_attributes([{"key": "empty", "value": {}}, {"value": {}}, 3]) == {"empty": None}


def test_numbered_names_are_ordered_by_number() -> None:
    given = {f"p.{n}.role": str(n) for n in (10, 2, 0)} | {
        "p.0.calls.1.id": "b",
        "p.0.calls.0.id": "a",
        "pp.0.x": 1,
    }
    listed = numbered(given, "p")
    assert [item["role"] for item in listed] == ["0", "2", "10"]
    assert listed[0]["calls"] == [{"id": "a"}, {"id": "b"}]
    assert numbered(given, "q") == []


@pytest.mark.shared
def test_the_examples_of_the_conventions(shared_data: Path) -> None:
    """Every input with the output that follows it in the specification's own examples."""
    packed = (shared_data / "otel-genai-spec" / "gen_ai_docs_and_schemas.tar.zst").read_bytes()
    data = io.BytesIO(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
    with tarfile.open(fileobj=data) as archive:
        file = archive.extractfile("docs/gen-ai/non-normative/examples-llm-calls.md")
        assert file is not None
        text = file.read().decode("utf-8")
    blocks = re.findall(
        r"`gen_ai\.(input|output)\.messages` value</span>\s*```json\n(.*?)```", text, re.DOTALL
    )
    assert len(blocks) >= 10
    pairs = [(a[1], b[1]) for a, b in itertools.pairwise(blocks) if (a[0], b[0]) == ("input", "output")]
    assert len(pairs) >= 5
    for given, answered in pairs:
        (call,), unread = read(
            export(span({"gen_ai.input.messages": given, "gen_ai.output.messages": answered}))
        )
        assert unread == []
        assert call.response is not None
        assert call.response.parts
        assert len(call.request.messages) >= len(json.loads(given))
