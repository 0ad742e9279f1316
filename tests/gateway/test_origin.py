"""Who called is kept as a keyed pseudonym only; what became of a call finds it wherever it is."""

from __future__ import annotations

import gzip
import http.client
import sqlite3
import time
from pathlib import Path
from typing import Any

import orjson

from rightsizer.gateway.segments import segments_folder
from rightsizer.pipeline import export_log, forget_subject, open_workspace
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import (
    anthropic_message,
    completion,
    in_pieces,
    response_object,
    response_stream,
)
from tests.gateway.conftest import recorded_frames

BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
USER = "lin@example.com"
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


def named_bodies() -> dict[str, Any]:
    """path → a body that names its user, in each of the ways the APIs have."""
    said = [{"role": "user", "content": "hi"}]
    return {
        "/v1/chat/completions": {"model": "m", "messages": said, "user": USER, "safety_identifier": USER},
        "/v1/responses": {"model": "m", "input": "hi", "user": USER, "safety_identifier": USER},
        "/v1/messages": {"model": "m", "messages": said, "max_tokens": 9, "metadata": {"user_id": USER}},
        "/v1/embeddings": {"model": "m", "input": "hi", "user": USER},
    }


def echo(request: Received) -> Reply:
    """An LLM's server that repeats who asked, as the Responses API does."""
    body = orjson.loads(gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body)
    if request.target.endswith("/messages"):
        return Reply((orjson.dumps(anthropic_message()),))
    if request.target.endswith("/embeddings"):
        data = [{"index": 0, "embedding": [0.5]}]
        return Reply((orjson.dumps({"object": "list", "model": "m", "data": data}),))
    if not request.target.endswith("/responses"):
        return Reply((completion("ok"),))
    names = {name: body[name] for name in ("user", "safety_identifier")}
    if not body.get("stream"):
        return Reply((orjson.dumps({**response_object("ok"), **names}),))
    events = response_stream("ok").replace(
        b'"object":"response"', b'"object":"response",' + orjson.dumps(names)[1:-1]
    )
    assert USER.encode() in events
    return in_pieces(events, 3)


def test_a_user_reaches_the_llm_and_is_recorded_as_a_pseudonym(start: Any, tmp_path: Path) -> None:
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        (database,) = (gateway.home / "store").glob("*.db")
        lock = sqlite3.connect(database, isolation_level=None)
        lock.execute("begin exclusive")
        for path, body in named_bodies().items():
            for sent in (body, {**body, "stream": True} if path == "/v1/responses" else body):
                post(gateway, path, orjson.dumps(sent))
                assert llm.received[-1].body == orjson.dumps(sent), "what goes to the LLM is untouched"
        packed = gzip.compress(orjson.dumps(named_bodies()["/v1/chat/completions"]))
        post(gateway, "/v1/chat/completions", packed, **{"content-encoding": "gzip"})
        assert llm.received[-1].body == packed
        about = {"x-rightsizer-metadata": orjson.dumps({"user_id": USER, "step": "s"}).decode()}
        post(gateway, **about)
        odd = b'{"\\u0075ser" : "%s", "model": "m", "messages": []}' % USER.encode()
        post(gateway, body=BODY)
        recorded = frames(gateway.home)
        assert USER.encode() not in recorded
        assert recorded.count(b"pseudonym-") >= 10
        post(gateway, body=odd)
        lock.execute("rollback")
        lock.close()
        gateway.stop()
    assert USER not in str(gateway.calls())
    assert len([c for c in gateway.calls() if c.response is not None]) == 12
    with open_workspace(gateway.home) as ws:
        assert export_log(ws, tmp_path / "theirs.jsonl", subject=USER).calls == 11
        assert forget_subject(ws, USER, dry_run=True).calls == 11
        assert forget_subject(ws, "somebody else", dry_run=True).calls == 0
        assert forget_subject(ws, USER).calls == 11
        assert ws.store.calls.count() == 1


def test_a_key_and_an_address_are_found_by_what_they_are(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        post(gateway, authorization=f"Bearer {SECRET}")
        post(gateway, **{"x-api-key": "sk-other"})
        post(gateway)
        gateway.stop()
    gateway.calls()
    with open_workspace(gateway.home) as ws:
        for who in (SECRET, f"Bearer {SECRET}", "sk-other", "127.0.0.1"):
            assert forget_subject(ws, who, dry_run=True).calls == 1, who
