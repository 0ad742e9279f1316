"""Values that hide in another writing: percent-encoding, JSON escapes and base64 in the middle of a text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

_PERCENT = re.compile(r"(?<![A-Za-z0-9._~+\-%])[A-Za-z0-9._~+\-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~+\-]*)+")
_ESCAPED = re.compile(r"(?<![^\s\"'\\])[^\s\"'\\]*(?:\\{1,3}u[0-9A-Fa-f]{4}[^\s\"'\\]*)+")
_ESCAPE = re.compile(r"(\\{1,3})u([0-9A-Fa-f]{4})")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_\-])[A-Za-z0-9+/_\-]{12,4096}={0,2}(?![A-Za-z0-9+/_=\-])")
_ONE_CASE = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[a-z0-9_\-/]+|[A-Z][a-z]+")


class Encoded(NamedTuple):
    """An encoded piece of a text at [start, end), what it says, and how to write another saying."""

    start: int
    end: int
    plain: str
    encode: Callable[[str], str]


def find_encoded(text: str) -> Iterator[Encoded]:
    """Pieces of `text` that decode to readable text, left to right."""
    if "%" in text:
        for match in _PERCENT.finditer(text):
            plain = unquote(match[0], errors="strict") if _decodes(match[0]) else ""
            if plain and plain != match[0]:
                yield Encoded(match.start(), match.end(), plain, lambda new: quote(new, safe="+~"))
    if "\\u" in text:
        for match in _ESCAPED.finditer(text):
            yield Encoded(match.start(), match.end(), *_escaped(match[0]))
    for match in _BASE64.finditer(text):
        found = _base64(match[0])
        if found is not None:
            yield Encoded(match.start(), match.end(), *found)


def _escaped(token: str) -> tuple[str, Callable[[str], str]]:
    slashes = next(m[1] for m in _ESCAPE.finditer(token))
    plain = _ESCAPE.sub(lambda m: chr(int(m[2], 16)), token)

    def encode(new: str) -> str:
        units = new.encode("utf-16-be", "surrogatepass")
        codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
        return "".join(chr(c) if c < 128 else f"{slashes}u{c:04x}" for c in codes)

    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), encode


def _decodes(text: str) -> bool:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _base64(token: str) -> tuple[str, Callable[[str], str]] | None:
    if _ONE_CASE.fullmatch(token):
        return None  # a word, a number, a path
    url_safe = "-" in token or "_" in token
    padded = token.rstrip("=")
    if len(padded) % 4 == 1:
        return None
    try:
        raw = base64.b64decode((padded + "=" * (-len(padded) % 4)).translate(_STANDARD), validate=True)
        plain = raw.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if sum(c.isprintable() or c in "\n\t\r" for c in plain) < len(plain):
        return None

    def encode(new: str) -> str:
        made = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(new.encode())
        out = made.decode("ascii")
        return out if token.endswith("=") or len(token) % 4 == 0 else out.rstrip("=")

    return plain, encode


_STANDARD = str.maketrans("-_", "+/")
