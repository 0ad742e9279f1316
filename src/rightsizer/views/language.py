"""Is a text Chinese? By its letters, for tables and slices; not a language detector."""

from __future__ import annotations

from typing import Literal

from rightsizer.types import Request

Language = Literal["Chinese", "mixed", "not Chinese", "no text"]

_CJK = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
CHINESE, SOME_CHINESE = 0.5, 0.05  # shares of CJK characters among the letters


def language_of_text(text: str) -> Language:
    """By the share of CJK characters among the letters."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return "no text"
    share = sum(any(a <= ord(c) <= b for a, b in _CJK) for c in letters) / len(letters)
    return "Chinese" if share > CHINESE else "mixed" if share > SOME_CHINESE else "not Chinese"


def newest_user_text(request: Request) -> str:
    """What the user said last; empty where nobody did."""
    return next((m.text for m in reversed(request.messages) if m.role == "user"), "")
