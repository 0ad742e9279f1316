"""Which headers travel: end-to-end ones do; hop-by-hop ones (RFC 9110 §7.6.1), ours, and CORS do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Headers = Sequence[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
OURS = b"x-rightsizer-"
CORS = b"access-control-"  # which sites may read answers of the LLM's server; it may not speak for this one
# Set anew for the upstream; cookies belong to this host and not to the LLM's.
_REPLACED = frozenset((b"host", b"content-length", b"expect", b"accept-encoding", b"cookie"))

_BODILESS = (b"GET", b"HEAD", b"DELETE", b"OPTIONS")


def named_in_connection(headers: Headers) -> set[bytes]:
    """Header names the Connection header declares hop-by-hop."""
    return {
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    }


def request_lines(
    method: bytes,
    target: bytes,
    authority: bytes,
    headers: Headers,
    *,
    leave_out: Iterable[bytes],
    add: Headers = (),
) -> bytes:
    """The head of the request to the upstream up to its Content-Length. Names in `headers` are lower case.

    ``accept-encoding: identity``: a compressed stream arrives in lumps and could not be recorded.
    """
    dropped = named_in_connection(headers) | set(leave_out)
    lines = [method, b" ", target, b" HTTP/1.1\r\nhost: ", authority, b"\r\naccept-encoding: identity\r\n"]
    for name, value in headers:
        if name in HOP_BY_HOP or name in _REPLACED or name in dropped or name.startswith(OURS):
            continue
        lines += (name, b": ", value, b"\r\n")
    for name, value in add:
        lines += (name, b": ", value, b"\r\n")
    return b"".join(lines)


def request_head(
    method: bytes,
    target: bytes,
    authority: bytes,
    headers: Headers,
    body_bytes: int,
    *,
    leave_out: Iterable[bytes],
    add: Headers = (),
) -> bytes:
    """The whole head of the request to the upstream."""
    lines = request_lines(method, target, authority, headers, leave_out=leave_out, add=add)
    if body_bytes or method not in _BODILESS:
        return b"%bcontent-length: %d\r\n\r\n" % (lines, body_bytes)
    return lines + b"\r\n"


def request_bytes(lines: bytes, method: bytes, body: bytes) -> bytes:
    """The whole request of these `request_lines`."""
    if body or method not in _BODILESS:
        return b"%bcontent-length: %d\r\n\r\n%b" % (lines, len(body), body)
    return lines + b"\r\n"


def response_head(status: int, reason: bytes, headers: Headers) -> bytes:
    """Status line and end-to-end headers of an answer, without the closing blank line."""
    dropped = named_in_connection(headers)
    lines = [b"HTTP/1.1 %d %s\r\n" % (status, reason)]
    for name, value in headers:
        if name in HOP_BY_HOP or name in dropped or name.startswith((OURS, CORS)):
            continue
        lines.append(name + b": " + value + b"\r\n")
    return b"".join(lines)


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header, or None."""
    for key, value in headers:
        if key == name:
            return value
    return None
