"""Large requests are read beside the loop: nobody else waits for it."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.asked import LARGE_BYTES, Asked, read_asked
from rightsizer.gateway.keys import Limits, create_key
from rightsizer.gateway.routing import Decision
from rightsizer.gateway.segments import BEGIN, read_frames, segments_folder
from rightsizer.gateway.settings import NamedUpstream
from rightsizer.types import Message, TextPart
from rightsizer.wire import callers
from tests.gateway.rig import ANSWER, Rig, Wire, run

PICTURE = "data:image/png;base64," + "A" * 2 * LARGE_BYTES
USER = "lin@example.com"
SAID = Message(role="assistant", parts=(TextPart(content="from the student"),))


class Student:
    """Answers everything, or nothing."""

    is_empty = False

    def __init__(self, message: Message | None) -> None:
        self.message = message

    def load(self) -> Student:
        return self

    def place(self, call_id: str, body: bytes, metadata: Any) -> None:
        return None

    def route(self, call_id: str, body: bytes, metadata: Any) -> Decision:
        return Decision("t", "s", "live", 1.0, offered=True, message=self.message)

    def shadow(self, decision: Decision) -> Decision:
        return decision


def request(key: str, size: str = PICTURE, pack: bool = False) -> bytes:
    body = orjson.dumps(
        {
            "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": size}}]}],
            "model": "groq/vision",
            "user": USER,
            "stream": True,
            "max_tokens": 5,
        }
    )
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-rightsizer-key: {key}\r\n"
    if pack:
        body = gzip.compress(body)
        head += "content-encoding: gzip\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def on_the_loop(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the large texts that the loop's thread itself has read."""
    seen: list[int] = []

    def watch(module: Any, name: str) -> None:
        real = getattr(module, name)

        def watched(data: Any, *more: Any, **named: Any) -> Any:
            if len(data) > LARGE_BYTES and threading.current_thread() is threading.main_thread():
                seen.append(len(data))
            return real(data, *more, **named)

        monkeypatch.setattr(module, name, watched)

    watch(orjson, "loads")
    watch(json, "loads")
    watch(callers, "users_hidden")
    return seen


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("answers", [True, False])
def test_whatever_is_wanted_of_a_large_body_the_loop_does_not_read_it(
    tmp_path: Path, on_the_loop: list[int], packed: bool, answers: bool
) -> None:
    """A budget, an upstream by prefix, counts of a stream, a user's name, a student: each reads the body."""
    key = create_key(tmp_path, "k", limits=Limits(tokens=10**9))[0]

    async def test(rig: Rig) -> bytes:
        rig.worker.routing.reload()
        named = rig.worker.upstreams.named["groq"]
        named.pool = rig.pool
        client, wire = rig.connect()
        client.data_received(request(key, pack=packed))
        await answered(wire)
        return b"".join(wire.written)

    got = run(
        tmp_path,
        test,
        Student(SAID if answers else None),
        max_request_bytes=8 * LARGE_BYTES,
        stream_usage=True,
        upstreams=(NamedUpstream("groq", "http://groq.example/v1"),),
    )
    assert (b"from the student" in got) == answers
    assert answers or got.endswith(ANSWER[-2:])
    assert on_the_loop == []
    (begin,) = [
        body
        for path in segments_folder(tmp_path).glob("*.seg")
        for kind, _, body in read_frames(path, bytes(range(32)))
        if kind == BEGIN
    ]
    assert PICTURE.encode() in begin
    assert USER.encode() not in begin


async def answered(wire: Wire) -> None:
    async with asyncio.timeout(60):
        while not wire.written:
            await asyncio.sleep(0.001)


def test_what_comes_after_a_large_body_is_answered_before_it(tmp_path: Path) -> None:
    key = create_key(tmp_path, "k", limits=Limits(tokens=10**9))[0]

    async def test(rig: Rig) -> None:
        (slow, late), (quick, early) = rig.connect(), rig.connect()
        slow.data_received(request(key))
        assert late.written == []
        quick.data_received(request(key, "small"))
        assert early.written, "at once"
        assert late.written == []
        await answered(late)
        assert rig.pool.asked[0].endswith(b"}")
        assert [len(asked) > LARGE_BYTES for asked in rig.pool.asked] == [False, True]

    run(tmp_path, test, max_request_bytes=8 * LARGE_BYTES)


def test_a_client_that_goes_while_its_request_is_read_asks_nothing(tmp_path: Path) -> None:
    key = create_key(tmp_path, "k", limits=Limits(tokens=10**9))[0]

    async def test(rig: Rig) -> None:
        client, _ = rig.connect()
        client.data_received(request(key))
        assert rig.worker.metrics.in_flight == 1
        client.connection_lost(None)
        await asyncio.sleep(0.3)
        assert rig.pool.asked == []
        assert rig.worker.metrics.in_flight == 0

    run(tmp_path, test, max_request_bytes=8 * LARGE_BYTES)


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (b"{", Asked()),
        (b"[]", Asked()),
        (b'{"model": 7, "max_tokens": "9", "stream": 1}', Asked()),
        (b'{"model":"m","max_completion_tokens":9,"max_tokens":5}', Asked("m", None, 9)),
        (b'{"stream":true}', Asked(may_ask_usage=True)),
        (b'{"stream":true,"stream_options":null}', Asked()),
        (b'{"a":{"model":"x/y"},"model":"x/y"}', Asked("x/y", (29, 34))),
        (b'{"say \\"model": "x/y", "model":"x/y"}', Asked("x/y", (31, 36))),
        (b'{"a":{"model":"x/y"},"mod\\u0065l":"x/z"}', Asked("x/z", None)),
    ],
)
def test_what_is_found_in_a_body(body: bytes, asked: Asked) -> None:
    assert read_asked(body) == asked


def test_a_model_is_found_in_a_picture_s_company() -> None:
    """Gone through byte for byte this took minutes; it would run into the time limit of the tests."""
    text = "A" * (32 << 20)
    for body in (
        b'{"a":"%b","model":"x/y"}' % text.encode(),
        b'{"a":"%b","b":{"model":"x/y"},"model":"x/y"}' % text.encode(),
        b'{"a":"%b","b":{"model":"n"},"model":"x/y"}' % (b"\\n" * (8 << 20)),
    ):
        at = read_asked(body).model_at
        assert at is not None
        assert body[slice(*at)] == b'"x/y"'
