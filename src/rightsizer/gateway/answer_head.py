"""The head of an answer of the LLM's server, as little taken apart as it can be.

Most heads travel on as they came. llhttp has then checked the very bytes (RFC 9112), and one search sees to
it that none of the headers must stay behind; that is a fifth of the work of twenty headers one by one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rightsizer.gateway.headers import Headers

# A folded line, a hop-by-hop header (RFC 9110 §7.6.1), one of CORS, or one of ours; in lower case.
_STAYS = re.compile(
    rb"\n(?:[ \t]|access-control-|connection:|keep-alive:|proxy-|te:|trailer:|transfer-encoding:|upgrade:"
    rb"|x-rightsizer-)"
)
_LENGTH, _TYPE, _ENCODING = b"\r\ncontent-length:", b"\r\ncontent-type:", b"\r\ncontent-encoding:"
_LENGTH_LINE = re.compile(rb"(?mi)^content-length:[^\n]*\n")
_KEEP_ALIVE = b"\r\nconnection: keep-alive\r\n"
_CHUNKED = b"\r\ntransfer-encoding: chunked\r\n"


class AnswerHead(NamedTuple):
    """`lines`: status line and headers, to travel as they are; empty: `headers` hold what there is.

    `length` is the Content-Length as it came, None without one. Names in `headers` are lower case.
    """

    status: int
    reason: bytes
    headers: Headers
    lines: bytes
    length: bytes | None
    content_type: bytes
    encoding: bytes
    chunked: bool


def head_of_headers(status: int, reason: bytes, headers: Headers) -> AnswerHead:
    """The head of an answer whose headers are known one by one."""
    first: dict[bytes, bytes] = {}
    for name, value in headers:
        first.setdefault(name, value)
    return AnswerHead(
        status,
        reason,
        headers,
        b"",
        first.get(b"content-length"),
        first.get(b"content-type", b""),
        first.get(b"content-encoding", b""),
        b"transfer-encoding" in first,
    )


def head_of_lines(status: int, raw: bytes) -> AnswerHead | None:
    """The head of an answer whose `raw` head (up to the blank line) llhttp accepts.

    None if its headers must be looked at one by one: one of them is hop-by-hop, ours, or folded.
    """
    lower = raw.lower()
    chunked = False
    if _STAYS.search(lower) is not None:
        for line in (_KEEP_ALIVE, _CHUNKED):  # the hop-by-hop headers that nearly all servers send
            at = lower.find(line)
            if at >= 0:
                raw = raw[: at + 2] + raw[at + len(line) :]
                lower = lower[: at + 2] + lower[at + len(line) :]
                chunked = chunked or line is _CHUNKED
        if _STAYS.search(lower) is not None:
            return None
    length = _value(raw, lower, _LENGTH)
    kind = _value(raw, lower, _TYPE) or b""
    encoding = (_value(raw, lower, _ENCODING) or b"") if _ENCODING in lower else b""
    if chunked and length is not None:
        return None
    return AnswerHead(status, b"", (), raw, length, kind, encoding, chunked)


def without_length(head: AnswerHead) -> AnswerHead:
    """The head of an answer whose body will be another."""
    if head.length is None:
        return head
    headers = [(name, value) for name, value in head.headers if name != b"content-length"]
    return head._replace(length=None, headers=headers, lines=_LENGTH_LINE.sub(b"", head.lines))


def _value(raw: bytes, lower: bytes, name: bytes) -> bytes | None:
    at = lower.find(name)
    if at < 0:
        return None
    start = at + len(name)
    return raw[start : raw.index(b"\r", start)].strip(b" \t")
