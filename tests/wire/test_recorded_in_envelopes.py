"""Real calls in the form that each tool would have logged them: all are read as the same calls."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from rightsizer.types import Call
from rightsizer.wire import otlp, read_record
from rightsizer.wire.otlp_write import spans_from_calls

EACH = 60
Row = dict[str, Any]


def as_text(record: Row) -> Row:
    return {name: json.dumps(v) if isinstance(v, dict | list) else v for name, v in record.items()}


def message(row: Row) -> Row:
    found: Row = row["response"]["choices"][0]["message"]
    return found


def litellm(row: Row) -> Row:
    settings = {name: v for name, v in row["request"].items() if name != "messages"}
    about = {"call_type": "acompletion", "response_cost": 0.1, "model": row.get("model"), "metadata": {}}
    texts = {
        "messages": row["request"]["messages"],
        "response": row["response"],
        "model_parameters": settings,
    }
    return {"id": row["id"], "trace_id": row["session_id"], **about, **texts}


def openpipe(row: Row) -> Row:
    payloads = {"reqPayload": row["request"], "respPayload": row["response"]}
    return {"id": row["id"], "requestedAt": 1, "tags": {"session_id": row["session_id"]}, **payloads}


def langfuse(row: Row) -> Row:
    asked = {name: row["request"][name] for name in ("messages", "tools") if name in row["request"]}
    about = {"type": "GENERATION", "startTime": "2026-01-01T00:00:00Z", "model": row.get("model")}
    return {"id": row["id"], "traceId": row["session_id"], **about, "input": asked, "output": message(row)}


def langfuse_messages_alone(row: Row) -> Row:
    beside = {"tools": row["request"].get("tools")}
    return {**langfuse(row), "input": row["request"]["messages"], "metadata": beside}


def langsmith(row: Row) -> Row:
    extra: Row = {"metadata": {}, "invocation_params": {}}
    about = {"id": row["id"], "run_type": "llm", "trace_id": row["session_id"], "extra": extra}
    return {**about, "inputs": row["request"], "outputs": row["response"]}


def langchain_message(said: Row, constructed: bool) -> Row:
    names = {"system": "System", "user": "Human", "assistant": "AI", "tool": "Tool"}
    name = names[said["role"]]
    fields: Row = {"content": said.get("content") or "", "type": name.lower()}
    if said.get("tool_calls"):
        fields["additional_kwargs"] = {"tool_calls": said["tool_calls"]}
    if said["role"] == "tool":
        fields["tool_call_id"] = said.get("tool_call_id")
    path = ["langchain", "schema", "messages", f"{name}Message"]
    return {"lc": 1, "type": "constructor", "id": path, "kwargs": fields} if constructed else fields


def langchain(row: Row, constructed: bool = True) -> Row:
    said = [langchain_message(m, constructed) for m in row["request"]["messages"]]
    answer = {
        "text": message(row).get("content") or "",
        "message": langchain_message(message(row), constructed),
    }
    extra = {"metadata": {}, "invocation_params": {"tools": row["request"].get("tools")}}
    return {
        **langsmith(row),
        "inputs": {"messages": [said]},
        "outputs": {"generations": [[answer]]},
        "extra": extra,
    }


def flywheel(row: Row) -> Row:
    return {
        "timestamp": 1,
        "workload_id": "w",
        "client_id": "c",
        **{n: row[n] for n in ("request", "response")},
    }


ENVELOPES: dict[str, Callable[[Row], Row]] = {
    "litellm": litellm,
    "litellm, a row of the spend log": lambda row: as_text(litellm(row)),
    "openpipe": openpipe,
    "openpipe as text": lambda row: as_text(openpipe(row)),
    "langfuse": langfuse,
    "langfuse as text": lambda row: as_text(langfuse(row)),
    "langfuse, messages alone": langfuse_messages_alone,
    "langsmith": langsmith,
    "langsmith as text": lambda row: as_text(langsmith(row)),
    "langchain": langchain,
    "langchain, plain": lambda row: langchain(row, constructed=False),
    "flywheel": flywheel,
}


def meaning(call: Call) -> list[Any]:
    """What was said, offered and answered; arguments as values, since a tool may log them parsed."""
    assert call.response is not None
    turns = [*call.request.messages, call.response]
    said = [(m.role, m.text.strip(), [(t.name, value(t.arguments)) for t in m.tool_calls]) for m in turns]
    results = [str(part.response) for m in turns for part in m.parts if part.type == "tool_call_response"]
    return [said, results, call.request.tool_names]


def value(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


@pytest.mark.shared
@pytest.mark.parametrize("name", ENVELOPES)
def test_a_recorded_call_is_the_same_in_every_envelope(shared_data: Path, name: str) -> None:
    n_read = 0
    for path in sorted((shared_data / "calls").glob("*.jsonl.zst")):
        with zstandard.open(path, "rb") as raw:
            lines = itertools.islice(io.TextIOWrapper(raw, encoding="utf-8"), EACH)  # type: ignore[arg-type]
            for row in map(json.loads, lines):
                plain, other = read_record(row, "call"), read_record(ENVELOPES[name](row))
                assert meaning(other) == meaning(plain), row["id"]
                if name != "flywheel":  # it has no session
                    assert other.session_id == plain.session_id
                n_read += 1
    assert n_read == 13 * EACH


@pytest.mark.shared
def test_a_recorded_call_sent_as_a_span_is_read_as_the_same_call(shared_data: Path) -> None:
    for path in sorted((shared_data / "calls").glob("*.jsonl.zst")):
        with zstandard.open(path, "rb") as raw:
            lines = itertools.islice(io.TextIOWrapper(raw, encoding="utf-8"), EACH)  # type: ignore[arg-type]
            for call in (read_record(json.loads(line), "call") for line in lines):
                (sent,) = otlp.read(json.loads(json.dumps(spans_from_calls([call], content=True))))
                assert isinstance(sent, Call)
                assert meaning(sent) == meaning(call)
                assert (sent.session_id, sent.model) == (call.session_id, call.model)
