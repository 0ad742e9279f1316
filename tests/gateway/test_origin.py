"""Who called is kept as a keyed pseudonym only; what became of a call finds it wherever it is."""

from __future__ import annotations

import http.client
import sqlite3
import time
from pathlib import Path
from typing import Any

import orjson

from rightsizer.gateway.segments import segments_folder
from rightsizer.pipeline import export_log, open_workspace
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import completion
from tests.gateway.conftest import recorded_frames

BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
SECRET = "sk-very-secret-0123456789"


def post(gateway: Any, path: str = "/v1/chat/completions", body: bytes = BODY, **headers: str) -> str:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    connection.close()
    return answer.getheader("x-rightsizer-call-id") or ""


def frames(home: Path) -> bytes:
    """All that was recorded and not folded yet, in clear."""
    return b"\n".join(meta + body for _, _, meta, body in recorded_frames(home, segments_folder(home)))


def test_the_callers_key_reaches_the_llm_and_no_record(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        (database,) = (gateway.home / "store").glob("*.db")
        lock = sqlite3.connect(database, isolation_level=None)
        lock.execute("begin exclusive")  # so that the segments stay where they can be looked at
        for name, value in (
            ("authorization", f"Bearer {SECRET}"),
            ("x-api-key", SECRET),
            ("api-key", SECRET),
        ):
            post(gateway, **{name: value})
            assert llm.received[-1].header(name) == value
        post(gateway, cookie=SECRET)
        assert SECRET not in str(llm.received[-1].headers), "cookies are this host's"
        recorded = frames(gateway.home)
        assert recorded.count(b'"origin"') == 4
        assert SECRET.encode() not in recorded
        lock.execute("rollback")
        lock.close()
        gateway.stop()
    calls = gateway.calls()
    assert SECRET not in str(calls)
    assert "127.0.0.1" not in str([call.source for call in calls])
    for file in gateway.home.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_the_pseudonym_is_the_same_for_one_caller_and_another_for_others(start: Any, tmp_path: Path) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        for value in ("Bearer a", "Bearer b", "Bearer a"):
            post(gateway, authorization=value)
        gateway.stop()
    first, second, third = (call.source["origin"] for call in gateway.calls())
    assert first == third != second


def test_feedback_finds_its_call_in_another_segment_in_the_store_and_before_it_is_there(
    start: Any, tmp_path: Path
) -> None:
    def told(about: dict[str, Any]) -> None:
        post(gateway, "/feedback", orjson.dumps(about))

    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        stored = post(gateway, **{"x-rightsizer-session": "one"})
        end = time.monotonic() + 30
        while any(segments_folder(gateway.home).glob("*.seg")):  # rotated, folded, gone
            assert time.monotonic() < end
            time.sleep(0.1)
        told({"call_id": stored, "metric_name": "late", "value": 1})
        told({"session_id": "one", "metric_name": "solved", "value": False})
        fresh = post(gateway, **{"x-rightsizer-session": "one"})
        told({"call_id": fresh, "metric_name": "same segment", "value": "x"})
        told({"session_id": "two", "metric_name": "solved", "value": True})
        early = post(gateway, **{"x-rightsizer-session": "two"})
        gateway.stop()
    with open_workspace(gateway.home) as ws:
        export_log(ws, tmp_path / "out.jsonl")
    rows = map(orjson.loads, (tmp_path / "out.jsonl").read_bytes().splitlines())
    assert {row["id"]: row.get("outcome") for row in rows} == {
        stored: {"late": 1, "solved": False},
        fresh: {"same segment": "x", "solved": False},
        early: {"solved": True},
    }
