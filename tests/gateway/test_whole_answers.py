"""An answer that comes in one read goes a shorter way; client and record must not tell the ways apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.segments import BEGIN, END, read_frames, segments_folder
from tests.gateway.rig import Rig, Wire, run

KEK = bytes(range(32))
ASKED = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
BODY = b'{"choices":[{"message":{"role":"assistant","content":"hello"}}]}'
TIMES = ("id", "at", "total_s", "first_byte_s")


def asked(path: bytes = b"/v1/chat/completions") -> bytes:
    return b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%b" % (path, len(ASKED), ASKED)


def answer(*lines: bytes, body: bytes = BODY) -> bytes:
    head = b"".join(line + b"\r\n" for line in (b"HTTP/1.1 200 OK", *lines))
    return head + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def frames(home: Path) -> list[tuple[bytes, dict[str, Any], bytes]]:
    """What is recorded, in order; what differs from call to call is left out."""
    found = []
    for path in sorted(segments_folder(home).glob("*.seg")):
        for kind, raw, body in read_frames(path, KEK):
            meta = {name: value for name, value in orjson.loads(raw).items() if name not in TIMES}
            found.append((kind, meta, body.rstrip(b"\n")))  # a stream's last event may be closed for it
    return found


def outcome(home: Path, pieces: Sequence[bytes], request: bytes) -> tuple[bytes, Any, Any]:
    """(what the client got, what was recorded, what was counted) for an answer in these pieces."""

    async def test(rig: Rig) -> tuple[bytes, Any]:
        rig.pool.answers = pieces
        got = await rig.exchange([request])
        counts = rig.worker.metrics
        held = [sum(h.counts) for h in (counts.latency_s, counts.first_byte_s)]
        return got, (dict(counts.calls), counts.in_flight, counts.recorded, held, dict(counts.fallbacks))

    got, counted = run(home, test)
    return re.sub(rb"call_[0-9a-f-]+", b"call_id", got), frames(home), counted


@pytest.mark.parametrize(
    ("whole", "path"),
    [
        (answer(b"content-type: application/json"), b"/v1/chat/completions"),
        (answer(b"content-type: application/json", b"connection: keep-alive"), b"/v1/messages"),
        (answer(b"content-type: application/json", b"content-encoding: br"), b"/v1/responses"),
        (answer(b"content-type: text/event-stream", body=b"data: [DONE]\n\n"), b"/v1/chat/completions"),
        (answer(body=b""), b"/v1/chat/completions"),
        (answer(), b"/v1/models/unrecorded"),
        (answer(b"connection: close"), b"/v1/chat/completions"),
        (answer(b"content-length: 3"), b"/v1/chat/completions"),  # two lengths: not HTTP
        (answer(b"bad name: x"), b"/v1/chat/completions"),
        (answer(b"no colon"), b"/v1/chat/completions"),
        (answer(b"x: \x00"), b"/v1/chat/completions"),
    ],
)
def test_both_ways_give_the_same(tmp_path: Path, whole: bytes, path: bytes) -> None:
    at = whole.index(b"\r\n\r\n") + 4
    one = outcome(tmp_path / "one", [whole], asked(path))
    for cut in {at - 1, min(at, len(whole) - 1), len(whole) - 1}:
        two = outcome(tmp_path / f"two{cut}", [whole[:cut], whole[cut:]], asked(path))
        assert one == two


def test_the_end_is_recorded_before_the_client_has_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[bytes]] = []
    write = Wire.write

    def watched(wire: Wire, data: Any) -> None:
        if bytes(data).startswith(b"HTTP/1.1 200"):
            seen.append([kind for kind, _, _ in frames(tmp_path)])
        write(wire, data)

    monkeypatch.setattr(Wire, "write", watched)
    outcome(tmp_path, [answer()], asked())
    assert seen == [[BEGIN, END]]


def test_a_whole_answer_goes_the_short_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this the tests above could compare the long way with itself."""
    from rightsizer.gateway import exchange

    def relay(*arguments: Any, **more: Any) -> Any:
        raise AssertionError("the long way")

    monkeypatch.setattr(exchange, "Relay", relay)
    got, recorded, counted = outcome(tmp_path, [answer()], asked())
    assert got.endswith(BODY)
    assert [kind for kind, _, _ in recorded] == [BEGIN, END]
    assert counted[:3] == ({("llm", "200"): 1}, 0, 1)


def test_a_gateway_that_drains_closes_after_it(tmp_path: Path) -> None:
    async def test(rig: Rig) -> bytes:
        rig.worker.draining = True
        rig.pool.answers = [answer()]
        return await rig.exchange([asked()])

    assert b"\r\nconnection: close\r\n\r\n" in run(tmp_path, test)
