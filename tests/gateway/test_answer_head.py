"""Which heads of answers may travel as they came."""

from __future__ import annotations

import pytest

from rightsizer.gateway.answer_head import head_of_lines

START = b"HTTP/1.1 200 OK\r\n"


def test_a_plain_head_travels_as_it_came() -> None:
    raw = START + b"Content-Type: text/plain \r\nX-Else:  a: b\r\nCONTENT-LENGTH:12\r\n"
    head = head_of_lines(200, raw)
    assert head is not None
    assert (head.lines, head.length, head.content_type) == (raw, b"12", b"text/plain")


def test_the_usual_keep_alive_is_cut_out() -> None:
    head = head_of_lines(200, START + b"a: 1\r\nConnection: Keep-Alive\r\nb: 2\r\n")
    assert head is not None
    assert head.lines == START + b"a: 1\r\nb: 2\r\n"


def test_chunks_are_told_and_their_header_is_cut_out() -> None:
    head = head_of_lines(
        200, START + b"a: 1\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\nb: 2\r\n"
    )
    assert head is not None
    assert (head.lines, head.chunked, head.length) == (START + b"a: 1\r\nb: 2\r\n", True, None)


@pytest.mark.parametrize(
    "line",
    [
        b"Connection: close",
        b"connection: x-secret",
        b"connection: keep-alive, x-secret",
        b"Keep-Alive: timeout=5",
        b"TE: trailers",
        b"Trailer: x",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Upgrade: h2c",
        b"Proxy-Authenticate: Basic",
        b"X-Rightsizer-Served-By: somebody",
        b"x-folded: a\r\n b",
        b"x-folded: a\r\n\tb",
    ],
)
def test_what_must_stay_behind_sends_the_head_the_long_way(line: bytes) -> None:
    assert head_of_lines(200, START + b"a: 1\r\n" + line + b"\r\nb: 2\r\n") is None


def test_two_keep_alives_go_the_long_way() -> None:
    assert head_of_lines(200, START + b"connection: keep-alive\r\n" * 2) is None
