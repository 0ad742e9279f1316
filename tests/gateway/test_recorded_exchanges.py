"""Real exchanges of many providers and clients, through the gateway: byte for byte, and read as calls."""

from __future__ import annotations

import http.client
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from rightsizer.store.sqlite import open_store
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply

PATHS = {
    "chat.completions": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
}


def exchanges(shared: Path) -> list[dict[str, Any]]:
    with zstandard.open(shared / "wire" / "http_exchanges.jsonl.zst", "rb") as raw:
        rows = [orjson.loads(line) for line in io.BufferedReader(raw)]  # type: ignore[arg-type]
    return [r for r in rows if r["kind"] in PATHS and r["path"].endswith(PATHS[r["kind"]][3:])]


def answer_of(row: dict[str, Any]) -> bytes:
    raw = row["response_raw"]
    return orjson.dumps(row["response_body"]) if raw is None else raw.encode("utf-8")


def text_of(kind: str, body: dict[str, Any]) -> str:
    """What the answer says, read without our readers."""
    if kind == "chat.completions":
        content = body["choices"][0]["message"].get("content") or ""
        return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)
    if kind == "responses":
        parts = [p for item in body["output"] if item["type"] == "message" for p in item["content"]]
    else:
        parts = body["content"]
    return "".join(part.get("text", "") for part in parts)


@pytest.mark.shared
def test_recorded_exchanges_pass_and_are_read(start: Any, shared_data: Path) -> None:
    rows = exchanges(shared_data)

    def script(request: Received) -> Reply:
        row = rows[int(request.header("x-row") or 0)]
        body = answer_of(row)
        kind = "text/event-stream" if b"data:" in body and body[:1] != b"{" else "application/json"
        pieces = tuple(body[at : at + 997] for at in range(0, len(body), 997))
        framing = "chunked" if row["stream"] else "length"
        return Reply(pieces, status=row["status"], headers=(("content-type", kind),), framing=framing)

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=30)
        for number, row in enumerate(rows):
            sent = orjson.dumps(row["request_body"])
            headers = {"x-row": str(number), "x-rightsizer-session": str(number)}
            connection.request("POST", PATHS[row["kind"]], sent, headers)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (row["status"], answer_of(row)), row["id"]
            assert llm.received[-1].body == sent
        connection.close()
        gateway.stop()
    calls = {int(call.session_id): call for call in gateway.calls()}
    with open_store(gateway.home) as store:
        rejected = [r.reason for r in store.calls.rejected()]
    assert len(calls) + len(rejected) == len(rows), "every one is recorded"
    unread = [rows[n]["id"] for n, call in calls.items() if call.error and rows[n]["status"] == 200]
    assert len(rejected) + len(unread) <= 0.05 * len(rows), (rejected, unread)
    said = [(n, call.response.text) for n, call in calls.items() if call.response and not rows[n]["stream"]]
    whole = [(n, text) for n, text in said if rows[n]["response_body"] is not None]
    differs = [
        rows[n]["id"]
        for n, t in whole
        if t.replace("\n", "") != text_of(rows[n]["kind"], rows[n]["response_body"]).replace("\n", "")
    ]
    assert not differs
    counted = [call for call in calls.values() if call.response is not None]
    assert sum(call.usage is not None for call in counted) >= 0.9 * len(counted)
