"""Values that hide in another writing: percent-encoding, JSON escapes, hexadecimal, base64, gzip, zlib."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

_PERCENT = re.compile(r"(?<![A-Za-z0-9._~+\-%])[A-Za-z0-9._~+\-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~+\-]*)+")
_ESCAPED = re.compile(r"(?<![^\s\"'\\])[^\s\"'\\]*(?:\\{1,3}u[0-9A-Fa-f]{4}[^\s\"'\\]*)+")
_ESCAPE = re.compile(r"(\\{1,3})u([0-9A-Fa-f]{4})")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_\-])[A-Za-z0-9+/_\-]{12,65536}={0,2}(?![A-Za-z0-9+/_=\-])")
_HEX = re.compile(r"[0-9a-f]{12,65536}|[0-9A-F]{12,65536}")
_LARGEST = 1 << 20  # bytes that a compressed piece may come to
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
        found = _hexadecimal(match[0]) or _base64(match[0])
        if found is not None:
            yield Encoded(match.start(), match.end(), *found)


def _hexadecimal(token: str) -> tuple[str, Callable[[str], str]] | None:
    if len(token) % 2 or _HEX.fullmatch(token) is None:
        return None
    plain = _readable(bytes.fromhex(token))
    if plain is None:
        return None
    upper = token != token.lower()
    return plain, lambda new: new.encode().hex().upper() if upper else new.encode().hex()


def _readable(raw: bytes) -> str | None:
    """The text that these bytes are, if people could have written it."""
    try:
        plain = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return plain if all(c.isprintable() or c in "\n\t\r" for c in plain) else None


def _inflated(raw: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """What a compressed piece holds, and how it is compressed again; itself if it is none, or too large."""
    forms: tuple[tuple[bytes, int, Callable[[bytes], bytes]], ...] = (
        (b"\x1f\x8b", 31, lambda data: gzip.compress(data, mtime=0)),
        (b"\x78", 15, zlib.compress),
    )
    for head, bits, compress in forms:
        if raw.startswith(head):
            try:
                opened = zlib.decompressobj(bits)
                data = opened.decompress(raw, _LARGEST)
            except zlib.error:
                continue
            if opened.eof:
                return data, compress
    return raw, lambda data: data


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
    except binascii.Error:
        return None
    data, compress = _inflated(raw)
    plain = _readable(data)
    if plain is None:
        return None

    def encode(new: str) -> str:
        made = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(compress(new.encode()))
        out = made.decode("ascii")
        return out if token.endswith("=") or len(token) % 4 == 0 else out.rstrip("=")

    return plain, encode


_STANDARD = str.maketrans("-_", "+/")
