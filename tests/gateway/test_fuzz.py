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
