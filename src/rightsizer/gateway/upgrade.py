"""Requests that ask for another protocol (RFC 9110 §7.8): they are answered in this one.

Java's HTTP client asks every plain server for HTTP/2 in this way, with its first request. llhttp takes what
follows such a head for the other protocol's, so the head is read once more without the question.
"""

from __future__ import annotations

from typing import Any

from rightsizer.gateway.headers import Headers


def head_without_upgrade(parser: Any, target: bytes, headers: Headers) -> bytes:
    """The head that `parser` has just read, without its upgrade; empty if it cannot go without (CONNECT)."""
    method = parser.get_method()
    if method == b"CONNECT":
        return b""
    lines = [b"%b %b HTTP/%b" % (method, target, parser.get_http_version().encode())]
    for name, value in headers:
        if name == b"upgrade":
            continue
        if name == b"connection":
            kept = [token.strip() for token in value.split(b",")]
            value = b", ".join(token for token in kept if token.lower() != b"upgrade")
        lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join(lines) + b"\r\n\r\n"
