"""What the gateway recorded, exported, imported into another home: the same calls, the same file."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from rightsizer.capture import import_files
from rightsizer.pipeline import export_log, open_workspace
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import (
    SSE,
    TOOL,
    anthropic_stream,
    completion,
    in_pieces,
    response_stream,
    text_stream,
    tool_stream,
)
from rightsizer.types import Call
from rightsizer.wire.otlp_write import spans_from_calls

TEXT = "它在哪里? Zoë \u2028 \x00 🧑🏽‍🚀 \\u0041 \ufffd"
IMAGE = "data:image/png;base64,iVBORw0KGgo="
PICTURE = [
    {"type": "text", "text": TEXT},
    {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
]
CALLED = {
    "id": "call_0",
    "type": "function",
    "function": {"name": "find_order", "arguments": '{"id": "A-1"}'},
}


def script(request: Received) -> Reply:
    body = orjson.loads(request.body)
    if request.target.endswith("/messages"):
        return in_pieces(anthropic_stream(), 7)
    if request.target.endswith("/responses"):
        return in_pieces(response_stream("在路上"), 7)
    if request.target.endswith("/embeddings"):
        data = [{"index": 0, "embedding": [0.5]}]
        return Reply((orjson.dumps({"object": "list", "model": "m", "data": data}),))
    if body["model"] == "busy":
        return Reply((b'{"error":{"message":"slow down","code":"rate_limit"}}',), status=429)
    if body["model"] == "cut":
        return Reply((text_stream("half a")[:150],), headers=SSE, framing="chunked", cut=True)
    if body.get("stream"):
        return in_pieces(tool_stream() if "tools" in body else text_stream(TEXT), 7)
    return Reply((completion(TEXT),))


def asks() -> list[tuple[str, dict[str, Any]]]:
    user = [{"role": "user", "content": TEXT}]
    tools = {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True}
    result = {"role": "tool", "tool_call_id": "call_0", "content": "on its way"}
    turns = [*user, {"role": "assistant", "content": None, "tool_calls": [CALLED]}, result]
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    chat = "/v1/chat/completions"
    anthropic = [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]
    return [
        (chat, {"model": "m", "messages": user, "temperature": 0.5, "metadata": {"step": "一"}}),
        (chat, {"model": "m", "messages": user, "stream": True}),
        (chat, {"model": "m", "messages": user, "stream": True, **tools}),
        (chat, {"model": "m", "messages": turns, **tools}),
        (chat, {"model": "m", "messages": [{"role": "user", "content": PICTURE}], "response_format": schema}),
        (
            chat,
            {"model": "m", "messages": user, "made_up": {"deep": [1, None, 1e300, -0.0, {"": ""}]}, "n": 1},
        ),
        (chat, {"model": "busy", "messages": user}),
        (chat, {"model": "cut", "messages": user, "stream": True}),
        (
            "/v1/messages",
            {"model": "c", "max_tokens": 9, "system": TEXT, "messages": anthropic, "stream": True},
        ),
        ("/v1/responses", {"model": "r", "instructions": TEXT, "input": TEXT, "stream": True}),
        ("/v1/embeddings", {"model": "e", "input": [TEXT, "b"]}),
    ]


def post(url: str, body: Any) -> str:
    request = urllib.request.Request(url, orjson.dumps(body), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            call_id = answer.headers["x-rightsizer-call-id"]
            answer.read()
    except urllib.error.HTTPError as error:
        call_id = error.headers["x-rightsizer-call-id"]
    except http.client.IncompleteRead:
        pass
    return call_id or ""


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst"])
def test_recorded_exported_imported_equal(start: Any, tmp_path: Path, suffix: str) -> None:
    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        ids = [
            post(f"{gateway.url}/session/{quote(f'会话-{number // 4}')}{path}", body)
            for number, (path, body) in enumerate(asks())
        ]
        for told in (
            {"call_id": ids[0], "metric_name": "solved", "value": True},
            {"call_id": ids[2], "metric_name": "评分", "value": 4.5},
            {"session_id": "会话-1", "metric_name": "note", "value": TEXT.replace("\x00", "")},
        ):
            post(f"{gateway.url}/feedback", told)
        spans = spans_from_calls([Call.model_validate(gateway_call())], content=True)
        post(f"{gateway.url}/v1/traces", spans)
        gateway.stop()
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    with open_workspace(gateway.home) as ws:
        assert export_log(ws, first).calls == len(ids) + 1
    with open_workspace(tmp_path / "other") as ws:
        report = import_files(ws.store, [first])
        assert (report.new, report.rejected, report.conflicts) == (len(ids) + 1, 0, ())
        imported = {call.id: call for call in ws.store.calls.scan()}
        export_log(ws, second)
        assert import_files(ws.store, [second]).new == 0
    assert first.read_bytes() == second.read_bytes()
    assert (imported[ids[0]].outcome, imported[ids[2]].outcome) == ({"solved": True}, {"评分": 4.5})
    assert {imported[i].outcome.get("note") for i in ids[4:8]} == {TEXT.replace("\x00", "")}
    recorded = {call.id: call for call in gateway.calls()}
    assert recorded.keys() == imported.keys()
    for call_id, call in recorded.items():
        assert imported[call_id].model_copy(update={"outcome": {}}) == call.model_copy(update={"outcome": {}})
    failed = [imported[i].error for i in (ids[6], ids[7])]
    assert [error is not None for error in failed] == [True, True]
    assert failed[0] is not None
    assert failed[0].status == 429
    calls = imported[ids[2]].response
    assert calls is not None
    assert [each.arguments for each in calls.tool_calls] == ['{"id":"A-1"}', '{"id":"B-2"}']
    assert IMAGE in str(imported[ids[4]].request)


def gateway_call() -> dict[str, Any]:
    said = {"role": "user", "parts": [{"type": "text", "content": TEXT.replace("\x00", "")}]}
    answer = {"role": "assistant", "parts": [{"type": "text", "content": "ok"}]}
    return {"id": "c", "session_id": "s", "model": "m", "request": {"messages": [said]}, "response": answer}
