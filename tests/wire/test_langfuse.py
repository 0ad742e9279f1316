"""Langfuse exports: every generation a call, everything else told."""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import zstandard

from rightsizer.types import Call
from rightsizer.wire import call_from_record, record_from_call
from rightsizer.wire.formats import FORMATS, read_records
from rightsizer.wire.unread import Unread

MESSAGES = [{"role": "system", "content": "分类。"}, {"role": "user", "content": "退款"}]
GENERATION: dict[str, Any] = {
    "id": "o1",
    "traceId": "t1",
    "type": "GENERATION",
    "name": "classify",
    "startTime": "2026-01-01T10:00:00.000Z",
    "endTime": "2026-01-01T10:00:01.500Z",
    "model": "gpt-4o",
    "modelParameters": {"temperature": 0, "top_p": None},
    "input": MESSAGES,
    "output": {"role": "assistant", "content": "refund"},
    "usageDetails": {"input": 10, "input_cache_read": 4, "output": 2, "total": 16},
    "costDetails": {"total": 0.25},
    "metadata": {"step": "route", "attributes": {"a": 1}},
    "level": "DEFAULT",
}
SPAN = {**GENERATION, "id": "o2", "type": "SPAN"}
TRACE = {
    "id": "t1",
    "projectId": "p",
    "bookmarked": False,
    "timestamp": "2026-01-01T10:00:00.000Z",
    "name": "agent",
    "userId": "u",
    "sessionId": "s1",
    "tags": ["a"],
    "scores": [
        {"name": "helpful", "value": 1, "observationId": None},
        {"name": "right", "value": 0, "observationId": "o1"},
        {"name": "other", "value": 0, "observationId": "o9"},
        {"name": "kind", "value": None, "stringValue": "good", "observationId": None},
    ],
}


def read(record: dict[str, Any]) -> tuple[list[Call], list[Unread]]:
    assert next(name for name, (sniff, _) in FORMATS.items() if sniff(record)) == "langfuse"
    found = list(read_records(record))
    calls = [item for item in found if isinstance(item, Call)]
    for call in calls:
        assert call_from_record(record_from_call(call)) == call, "export would not give the call back"
    return calls, [item for item in found if isinstance(item, Unread)]


def read_one(**changed: Any) -> Call:
    (call,), _ = read({**GENERATION, **changed})
    return call


def test_a_generation_alone() -> None:
    call = read_one()
    assert (call.id, call.session_id, call.model, call.latency_s, call.cost_usd) == (
        "o1",
        "t1",
        "gpt-4o",
        1.5,
        0.25,
    )
    assert [m.text for m in call.request.messages] == ["分类。", "退款"]
    assert call.request.params == {"temperature": 0}
    assert call.response is not None
    assert call.response.text == "refund"
    assert call.metadata == {"name": "classify", "step": "route"}
    assert call.extra["langfuse"]["attributes"] == {"a": 1}


def test_cached_input_counts_as_input_unless_the_total_says_otherwise() -> None:
    usage = read_one().usage
    assert usage is not None
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (14, 4, 2)
    inclusive = read_one(usageDetails={"input": 14, "input_cache_read": 4, "output": 2, "total": 16}).usage
    assert inclusive is not None
    assert inclusive.input_tokens == 14


@pytest.mark.parametrize("shape", ["beside", "inside", "page"])
def test_a_trace_gives_session_user_and_scores(shape: str) -> None:
    record: dict[str, Any] = {"trace": TRACE, "observations": [GENERATION, SPAN]}
    if shape == "inside":
        record = {**TRACE, "observations": [GENERATION, SPAN]}
    elif shape == "page":
        record = {"data": [{**TRACE, "observations": [GENERATION, SPAN]}], "meta": {"page": 1}}
    (call,), (other,) = read(record)
    assert call.session_id == "s1"
    assert call.outcome == {"scores": {"helpful": 1, "right": 0, "kind": "good"}}
    assert call.metadata == {
        "user_id": "u",
        "tags": ["a"],
        "trace_name": "agent",
        "name": "classify",
        "step": "route",
    }
    assert (other.reason, json.loads(other.raw)["id"]) == ("not-a-generation", "o2")


def test_snake_case_and_json_text_as_in_the_blob_export() -> None:
    row = {
        "id": "o1",
        "trace_id": "t1",
        "type": "GENERATION",
        "start_time": "2026-01-01 10:00:00",
        "end_time": "2026-01-01 10:00:02",
        "provided_model_name": "gpt-4o",
        "input": json.dumps(MESSAGES, ensure_ascii=False),
        "output": '{"role": "assistant", "content": "refund"}',
        "usage_details": '{"input": 3, "output": 1}',
        "total_cost": 0.5,
    }
    (call,), _ = read(row)
    assert (call.session_id, call.model, call.latency_s, call.cost_usd) == ("t1", "gpt-4o", 2.0, 0.5)
    assert call.request.messages[1].text == "退款"
    assert call.usage is not None
    assert call.usage.input_tokens == 3


def test_an_answer_that_langfuse_has_parsed_is_its_text() -> None:
    call = read_one(output={"label": "退款", "sure": True})
    assert call.response is not None
    assert json.loads(call.response.text) == {"label": "退款", "sure": True}


def test_the_agents_sdk_has_tools_and_instructions_in_the_response() -> None:
    output = {
        "object": "response",
        "instructions": "Help.",
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
        "output": [{"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"}],
    }
    call = read_one(input=[{"role": "user", "content": "hi"}], output=output)
    assert [m.role for m in call.request.messages] == ["system", "user"]
    assert call.request.tool_names == ("f",)
    assert call.finish_reason == "tool_calls"


def test_a_failed_generation_is_a_failed_call() -> None:
    call = read_one(output=None, level="ERROR", statusMessage="rate limited")
    assert call.response is None
    assert call.error is not None
    assert call.error.message == "rate limited"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"type": "EMBEDDING"}, "not-a-generation"),
        ({"input": None}, "no-messages"),
        ({"output": None}, "no-response"),
        ({"input": {"question": "what?"}}, "no-messages"),
        ({"input": {"messages": ["role='user' content='hi'"]}}, "invalid-message"),
        (
            {"output": [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]},
            "several-answers",
        ),
    ],
)
def test_what_nothing_can_be_learned_from_is_told(changed: dict[str, Any], reason: str) -> None:
    calls, unread = read({**GENERATION, **changed})
    assert calls == []
    assert [item.reason for item in unread] == [reason]
    assert unread[0].detail


def test_a_trace_without_its_observations_is_told() -> None:
    assert [item.reason for item in read({k: v for k, v in TRACE.items() if k != "observations"})[1]] == [
        "trace-alone"
    ]


def text_and_calls(message: dict[str, Any]) -> tuple[Any, ...]:
    """What Langfuse's own reading of a message says, where it says it."""
    content = message.get("content")
    calls = [(c["name"], json.loads(c["arguments"] or "{}")) for c in message.get("tool_calls") or []]
    return (content if isinstance(content, str) and content else None), calls


# Of each framework's recorded trace: calls read, and generations that hold no readable request or answer.
FRAMEWORKS = {
    "agno": (2, 2), "autogen": (1, 0), "beeai": (0, 5), "claude-agent": (1, 3), "crewai": (1, 0),
    "csharp-agent-with-gemini": (3, 0), "google-adk": (2, 0), "google-gemini": (1, 0), "koog": (1, 1),
    "langgraph-js": (2, 0), "langgraph-python": (2, 0), "llamaindex": (1, 0), "microsoft-agent": (2, 0),
    "openai-agents": (2, 0), "vercel-aisdk": (2, 0), "vertex-ai": (1, 0),
}  # fmt: skip


@pytest.mark.shared
def test_the_traces_of_every_framework(shared_data: Path) -> None:
    seen: dict[str, tuple[int, int]] = {}
    expected: dict[str, Any] = {}
    read_calls: dict[str, Call] = {}
    packed = (shared_data / "langfuse-traces" / "framework_traces.tar.zst").read_bytes()
    data = io.BytesIO(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
    with tarfile.open(fileobj=data) as archive:
        for member in archive:
            name = Path(member.name).name
            file = archive.extractfile(member)
            if name.endswith(".chatml.json") and file is not None:
                expected |= json.load(file)
            elif name.endswith(".trace.json") and file is not None:
                calls, unread = read(json.load(file))
                read_calls |= {call.id: call for call in calls}
                reasons = Counter(item.reason for item in unread)
                seen[name[: name.index("-20")]] = (
                    len(calls),
                    sum(reasons.values()) - reasons["not-a-generation"],
                )
                assert all(call.usage and call.usage.input_tokens for call in calls), name
                assert all(call.response and call.response.parts for call in calls), name
    assert {name: seen.get(name) for name in FRAMEWORKS} == FRAMEWORKS
    compared = 0
    for call_id, sides in expected.items():
        call, output = read_calls.get(call_id), sides.get("output", {})
        if call is None or call.response is None or not output.get("success") or len(output["data"]) != 1:
            continue
        text, asked = text_and_calls(output["data"][0])
        assert [(c.name, json.loads(c.arguments)) for c in call.response.tool_calls] == asked, call_id
        assert text in (None, call.response.text), call_id
        compared += 1
    assert compared >= 20
