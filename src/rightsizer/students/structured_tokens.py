"""Tokens of a payload with their offsets: the units that spans are made of, in English and Chinese.

A token is a masked value (``<EMAIL_1>``), one Han/Kana/Hangul character, a run of letters, a run of
digits, or one other sign. Spans of a value therefore begin and end on token borders for ids
(``#W49``), times (``7pm``) and languages written without spaces.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_TOKEN = re.compile(rf"<[A-Z][A-Z0-9_]*_\d+>|[{CJK}]|(?:(?![{CJK}])[^\W\d_])+|\d+|[^\w\s]|_")
_CJK = re.compile(f"[{CJK}]")


class Token(NamedTuple):
    """A token: its text and the half-open range of characters it covers."""

    text: str
    start: int
    end: int


def tokenise(text: str, limit: int | None = None) -> list[Token]:
    """The tokens of `text` in order, at most `limit` of them."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        if limit is not None and len(tokens) >= limit:
            break
        tokens.append(Token(match.group(), match.start(), match.end()))
    return tokens


def shape(text: str) -> str:
    """The form of a string with runs collapsed: ``Ab3-x`` → ``Aa9-a``, Han → ``中``, mask → its type."""
    if text.startswith("<") and text.endswith(">"):
        return re.sub(r"\d+", "", text)
    out: list[str] = []
    for char in text:
        if char.isdigit():
            kind = "9"
        elif _CJK.match(char):
            kind = "中"
        elif char.isalpha():
            kind = "A" if char.isupper() else "a"
        else:
            kind = " " if char.isspace() else char
        if not out or out[-1] != kind:
            out.append(kind)
    return "".join(out)


def find_spans(text: str, tokens: list[Token], value: str, *, fold: bool = False) -> list[tuple[int, int]]:
    """Token ranges ``(first, last + 1)`` whose text is `value`; with `fold`, whatever the case."""
    if not value:
        return []
    haystack, needle = (text.lower(), value.lower()) if fold else (text, value)
    if len(haystack) != len(text):  # some characters change length when lowered: offsets would be wrong
        return []
    starts = {token.start: i for i, token in enumerate(tokens)}
    ends = {token.end: i + 1 for i, token in enumerate(tokens)}
    found: list[tuple[int, int]] = []
    at = haystack.find(needle)
    while at != -1:
        first, last = starts.get(at), ends.get(at + len(needle))
        if first is not None and last is not None:
            found.append((first, last))
        at = haystack.find(needle, at + 1)
    return found
