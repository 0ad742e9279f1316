"""Whatever comes over the wire: no exception, no 500 of ours, and short cuts give what the long way gives.

``RIGHTSIZER_FUZZ=20000 pytest tests -k fuzz`` tries that many examples of each.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import httptools
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rightsizer.errors import StoreError
from rightsizer.gateway.known_heads import KnownHeads
from rightsizer.gateway.segments import BEGIN, END, Segment, read_frames
from tests.gateway.rig import Answers, Rig, run

EXAMPLES = int(os.environ.get("RIGHTSIZER_FUZZ", "60"))
pytestmark = pytest.mark.timeout(0 if "RIGHTSIZER_FUZZ" in os.environ else 120)
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RIGHTSIZER_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NAMES = st.sampled_from(
    (
        "content-type",
        "Connection",
        "Expect",
        "Transfer-Encoding",
        "Content-Length",
        "content-length",
        "Upgrade",
        "TE",
        "Trailer",
        "x-rightsizer-session",
        "x-rightsizer-metadata",
        "x-rightsizer-key",
        "Authorization",
        "Cookie",
        "X-Else",
        "bad name",
        "",
    )
)
VALUES = st.sampled_from(
    (
        "application/json",
        "close",
        "keep-alive",
        "100-continue",
        "chunked",
        "gzip, chunked",
        "0",
        "5",
        "-1",
        "+3",
        "5, 5",
        "99999999999999999999",
        "websocket",
        "x-else, te",
        '{"a": 1}',
        "[1]",
        "Bearer rz-nobody",
        "Bearer sk-1",
        " folded\r\n more",
        "nul\0",
        "",
        "你好",
    )
)
TARGETS = st.sampled_from(
    (
        "/v1/chat/completions",
        "/v1/messages?beta=true",
        "/v1/models",
        "/session/s%201/v1/responses",
        "/session//v1/x",
        "/v1/",
        "/healthz",
        "/metrics",
        "/feedback",
        "*",
        "http://other.example/v1/x",
        "/%zz",
        "",
    )
)


@st.composite
def requests(draw: Any) -> bytes:
    """A request, mostly well-formed, sometimes lying about its length."""
    method = draw(st.sampled_from(("POST", "POST", "POST", "GET", "HEAD", "DELETE", "CONNECT", "PRI")))
    body = draw(st.binary(max_size=60) | st.just(b'{"model":"m","messages":[]}'))
    headers = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    framing = draw(st.sampled_from(("length", "length", "length", "chunked", "none", "lie")))
    if framing in ("length", "lie"):
        headers.append(("Content-Length", str(len(body) + (framing == "lie") * draw(st.integers(-3, 3)))))
    elif framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in [("Host", "x"), *headers])
    return f"{method} {draw(TARGETS)} HTTP/1.1\r\n{lines}\r\n".encode() + body


@st.composite
def mutated(draw: Any, source: st.SearchStrategy[bytes]) -> bytes:
    """Bytes with a few of them changed, left out or put in."""
    data = bytearray(draw(source))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        data[at : at + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=3) | st.sampled_from((b"\r\n", b"\n", b":"))
        )
    return bytes(data)


@st.composite
def in_pieces(draw: Any, source: st.SearchStrategy[bytes]) -> list[bytes]:
    """Bytes as they may arrive: cut anywhere."""
    data = draw(source)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=4)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


SEVERAL = st.lists(requests(), min_size=1, max_size=3).map(b"".join)


@fuzz
@given(pieces=in_pieces(mutated(SEVERAL)))
def test_any_bytes_of_a_client_are_answered_as_http_and_never_by_a_500(
    tmp_path: Path, pieces: list[bytes]
) -> None:
    got = run(tmp_path, lambda rig: rig.exchange(pieces))
    is_head = b"HEAD" in b"".join(pieces)  # an answer without its body cannot be told from a cut one
    if got and not is_head:
        statuses = [status for status, _, _ in Answers(got).whole]
        assert all(status < 500 for status in statuses), got
        assert statuses, got


@fuzz
@given(pieces=in_pieces(SEVERAL), data=st.data())
def test_a_known_head_is_read_as_an_unknown_one(tmp_path: Path, pieces: list[bytes], data: Any) -> None:
    """With the memo and without it: the same calls go to the LLM, the same answers come back."""

    assume(b"/metrics" not in b"".join(pieces))  # it tells how much has been asked

    async def both(rig: Rig) -> None:
        for whole in (pieces, [b"".join(pieces)]):
            for piece in whole:  # the memo learns what there is to learn
                await rig.exchange([piece])
        rig.pool.asked.clear()
        quick = await rig.exchange(pieces)
        asked = list(rig.pool.asked)
        rig.worker.known_heads = Forgetful()
        rig.pool.asked.clear()
        slow = await rig.exchange(pieces)
        assert asked == rig.pool.asked
        assert without_ids(quick) == without_ids(slow)

    run(tmp_path, both)


BODY = b'{"model":"m","messages":[]}'
USUAL = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n"
    b"Content-Length: %d\r\nX-Next: 1\r\nX-Else: 1\r\n\r\n"
)
LIKE_IT = (  # what a smuggler would make of the usual head
    (b"X-Else: 1", b"Transfer-Encoding: chunked"),
    (b"X-Else: 1", b"Transfer-Encoding : chunked"),
    (b"X-Else: 1", b"X-Else: 1\r\nContent-Length: 5"),
    (b"Accept: */*", b"Content-Length: 5"),
    (b"Accept: */*", b"content-length: 5"),
    (b"Accept: */*", b"Transfer-Encoding: chunked"),
    (b"Accept: */*", b"Accept: */*\r\n folded"),
    (b"Content-Length: ", b"Content-Length:  "),
    (b"Content-Length: ", b"Content-Length:"),
    (b"Content-Length: ", b"Content-Length: +"),
    (b"Content-Length: ", b"Content-Length: 0"),
    (b"Content-Length: ", b"Content-Length: 0x"),
    (b"Content-Length: ", b"Content-Length : "),
    (b"\r\nX-Else", b" \r\nX-Else"),
    (b"\r\nX-Else", b"\nX-Else"),
    (b"\r\nX-Else", b"\r\n\r\nX-Else"),
    (b"\r\nX-Next", b", 5\r\nX-Next"),
    (b"\r\nX-Next", b"\nX-Next"),
    (b"\r\n\r\n", b"\r\n\n"),
    (b"\r\n\r\n", b"\n\n"),
    (b"POST ", b"PUT "),
    (b"POST ", b"post "),
    (b"POST ", b"POST  "),
    (b"/v1/chat/completions", b"/v1/chat/completions?x=1"),
    (b"/v1/chat", b"/v1/./chat"),
    (b"/v1/chat", b"http://other.example/v1/chat"),
    (b"HTTP/1.1", b"HTTP/1.0"),
    (b"Host: x", b"Host: y"),
    (b"Host: x", b"Expect: 100-continue"),
    (b"Host: x", b"Connection: close"),
)


@st.composite
def unlike(draw: Any) -> bytes:
    """Nearly the usual request: of its head a thing or some bytes differ, or its length lies."""
    body = draw(st.sampled_from((BODY, b"", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", BODY + USUAL % 0)))
    head = USUAL % max(0, len(body) + draw(st.sampled_from((0, 0, 0, -5, 5))))
    for old, new in draw(st.lists(st.sampled_from(LIKE_IT), max_size=2)):
        head = head.replace(old, new, 1)
    return draw(st.just(head + body) | mutated(st.just(head + body)))


@fuzz
@given(strange=st.lists(in_pieces(unlike()), min_size=1, max_size=3), between=st.booleans())
def test_a_head_like_the_last_one_is_no_known_head(
    tmp_path: Path, strange: list[list[bytes]], between: bool
) -> None:
    """On one connection, after the memo has learnt the usual head: the same bytes go and come."""
    usual = USUAL % len(BODY) + BODY
    sent = [usual, usual]
    for pieces in strange:
        sent += [*pieces, usual] if between else pieces

    async def both(rig: Rig) -> None:
        quick = await rig.exchange(sent)
        asked = list(rig.pool.asked)
        rig.worker.known_heads = Forgetful()
        rig.pool.asked.clear()
        slow = await rig.exchange(sent)
        assert asked == rig.pool.asked
        assert without_ids(quick) == without_ids(slow)

    run(tmp_path, both)


class Forgetful(KnownHeads):
    """Knows nothing."""

    def find(self, key: bytes, address: str) -> None:
        return None


def without_ids(answers: bytes) -> list[bytes]:
    return [line for line in answers.split(b"\r\n") if not line.startswith(b"x-rightsizer-call-id")]


@st.composite
def answers(draw: Any) -> bytes:
    """An answer of an LLM's server, mostly well-formed."""
    start = draw(
        st.sampled_from(("HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 200 Fine", "HTTP/1.0 200 OK"))
    )
    start = draw(
        st.sampled_from((start, start, "HTTP/1.1 429 Slow down", "HTTP/1.1 204 None", "HTTP/1.1 304 No"))
    )
    body = draw(st.binary(max_size=80))
    headers = draw(st.lists(st.tuples(NAMES | st.just("Keep-Alive"), VALUES), max_size=4))
    framing = draw(st.sampled_from(("length", "length", "length", "chunked", "close")))
    if framing == "length":
        headers.insert(draw(st.integers(0, len(headers))), ("Content-Length", str(len(body))))
    elif framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    interim = draw(
        st.sampled_from(("", "", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n"))
    )
    return f"{interim}{start}\r\n{lines}\r\n".encode() + body


ASK = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
HOP_BY_HOP = {b"connection", b"keep-alive", b"te", b"trailer", b"upgrade", b"x-rightsizer-key"}


@fuzz
@given(pieces=in_pieces(mutated(answers())))
def test_any_bytes_of_an_llm_reach_the_client_as_http(tmp_path: Path, pieces: list[bytes]) -> None:
    """Whole, or as a clear 502, or cut; and however cut into pieces, what is whole says the same."""

    async def both(rig: Rig) -> tuple[bytes, bytes]:
        rig.pool.answers = pieces
        first = await rig.exchange([ASK])
        rig.pool.answers = [bytes([byte]) for byte in b"".join(pieces)]
        return first, await rig.exchange([ASK])

    quick, slow = run(tmp_path, both)
    said, said_slowly = Answers(quick).whole, Answers(slow).whole
    assert not {status for status, _, _ in said + said_slowly} & {500, 503}
    assert of_the_llm(said) == of_the_llm(said_slowly)
    for status, headers, _ in said:
        own = {b"connection"} if headers.get(b"connection") == b"close" else set()
        assert not (headers.keys() & HOP_BY_HOP) - own, (status, headers)
        assert b"x-rightsizer-call-id" in headers


def of_the_llm(
    said: list[tuple[int, dict[bytes, bytes], bytes]],
) -> list[tuple[int, dict[bytes, bytes], bytes]]:
    """Without our own words, which are said as long as nothing has been sent."""
    ids = (b"x-rightsizer-call-id",)
    return [
        (status, {name: value for name, value in headers.items() if name not in ids}, body)
        for status, headers, body in said
        if b"rightsizer_gateway_error" not in body
    ]


@fuzz
@given(data=mutated(st.just(b"")) | st.binary(max_size=200))
def test_fuzz_any_file_as_a_segment(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.seg"
    path.write_bytes(data)
    with contextlib.suppress(StoreError):
        assert list(read_frames(path, bytes(32))) == []


@fuzz
@given(data=st.data())
def test_fuzz_a_damaged_segment_gives_a_beginning_of_what_was_written(tmp_path: Path, data: Any) -> None:
    segment = Segment(tmp_path, bytes(32))
    frames = data.draw(
        st.lists(
            st.tuples(st.sampled_from((BEGIN, END)), st.binary(max_size=40), st.binary(max_size=40)),
            max_size=4,
        )
    )
    for frame in frames:
        segment.append(*frame)
    segment.close()
    segment.path.write_bytes(data.draw(mutated(st.just(segment.path.read_bytes()))))
    try:
        got = list(read_frames(segment.path, bytes(32)))
    except StoreError:
        return
    assert got == frames[: len(got)]


def test_the_rig_sees_a_refusal(tmp_path: Path) -> None:
    got = run(tmp_path, lambda rig: rig.exchange([b"NONSENSE\r\n\r\n"]))
    assert Answers(got).whole[0][0] == 400
    with pytest.raises(httptools.HttpParserError):
        Answers(b"NONSENSE\r\n\r\n")
