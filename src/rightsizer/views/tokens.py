"""Words of any script, with their places: the unit in which templates and payloads are told apart."""

from __future__ import annotations

import hashlib
import re

# A run of letters, a run of digits, one Han/Kana/Hangul character, or one sign. Chinese has no blanks
# between words, so its characters stand alone and shingles over them act as words.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
TOKEN = re.compile(rf"[{CJK}]|[^\W\d_{CJK}]+|\d+|[^\w\s]|_")


def spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of every token of the text, in order."""
    return [m.span() for m in TOKEN.finditer(text)]


def words(text: str) -> list[str]:
    """Every token of the text, in order, as written."""
    return TOKEN.findall(text)


def digest(text: str) -> str:
    """64 bits of BLAKE2b in hexadecimal: names a line or token without showing it."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
