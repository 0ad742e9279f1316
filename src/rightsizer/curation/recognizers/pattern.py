"""One kind of sensitive value as data: a regular expression, what must hold besides, and its gate.

Boundaries are ASCII-only on purpose: Python's ``\\b`` and ``\\w`` count Chinese characters as word
characters, so ``邮箱zhang@qq.com`` would be swallowed whole and ``卡号4111…已过期`` missed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Span(NamedTuple):
    """A sensitive value in a text: code points [start, end), its type, and a score in (0, 1]."""

    start: int
    end: int
    type: str
    score: float


# Given a match: the (start, end) of the value, or None when it is none after all.
Check = Callable[[re.Match[str]], tuple[int, int] | None]

# Not preceded / not followed by an ASCII letter or digit.
B = r"(?<![A-Za-z0-9])"
E = r"(?![A-Za-z0-9])"

CONTEXT_BEFORE = 48
CONTEXT_AFTER = 24

# Every key of a known form, and every wallet, has a run like this one.
LONG_TOKEN = re.compile(r"[A-Za-z0-9_\-+/=%]{16}")


First = Literal["digit", "letter", "any"]
_NUMBER = re.compile(r"[0-9(（](?<![0-9A-Za-z].)")
_DIGITS = re.compile(r"[0-9]+")
_WORD = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,13}\Z")


def starts_of(text: str, first: First) -> list[int]:
    """Where tokens begin that may hold digits: those that begin with a digit or a bracket, or a letter."""
    if first == "digit":
        return [m.start() for m in _NUMBER.finditer(text)]
    starts = starts_of(text, "digit") if first == "any" else []
    for run in _DIGITS.finditer(text):
        at = run.start()
        if at and text[at - 1] == " ":
            at -= 1
        if at and text[at - 1].isalpha():
            word = _WORD.search(text, max(0, at - 13), at)
            if word is not None:
                starts.append(word.start())
    return starts


@dataclass(frozen=True, slots=True)
class Pattern:
    """`needs` are lower-case literals, one of which every match (or its context) contains; a text without
    them is not searched at all. A pattern with `digits` has so many of them at least, and begins where a
    token does, as `first` says: it is tried at every such place, so that what it finds does not depend on who
    chose the places. `gate` is an expression that must be found in the text. `context` must be found near the
    value; `after` and `never_after` are matched up to its start.
    """

    type: str
    regex: re.Pattern[str]
    score: float
    needs: tuple[str, ...] = ()
    digits: int = 0
    first: First = "any"
    gate: re.Pattern[str] | None = None
    check: Check | None = None
    group: int = 0
    context: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    never_after: re.Pattern[str] | None = None

    def find(self, text: str, starts: Sequence[int] | None = None) -> list[Span]:
        """All values of this kind in `text`; `starts`, where given, are the only places to begin at."""
        found = []
        for match in self._matches(text, starts):
            at = self.check(match) if self.check else match.span(self.group)
            if at is not None and self._in_context(text, at):
                found.append(Span(at[0], at[1], self.type, self.score))
        return found

    def _matches(self, text: str, starts: Sequence[int] | None) -> Iterator[re.Match[str]]:
        if not self.digits:
            return self.regex.finditer(text)
        match = self.regex.match
        places = starts_of(text, self.first) if starts is None else starts
        return filter(None, [match(text, at) for at in places])

    def _in_context(self, text: str, at: tuple[int, int]) -> bool:
        start, end = at
        begin = max(0, start - CONTEXT_BEFORE)
        if self.never_after is not None and self.never_after.search(text, begin, start):
            return False
        if self.after is not None and not self.after.search(text, begin, start):
            return False
        if self.context is None or self.context.search(text, begin, start):
            return True
        return self.context.search(text, end, end + CONTEXT_AFTER) is not None


def holds(predicate: Callable[[str], bool], group: int = 0) -> Check:
    """A check from a predicate on the matched value."""

    def check(match: re.Match[str]) -> tuple[int, int] | None:
        return match.span(group) if predicate(match[group]) else None

    return check


def words(*alternatives: str) -> re.Pattern[str]:
    """A context: any of these words, case-insensitive, ASCII boundaries on Latin words."""
    latin = [w for w in alternatives if w.isascii()]
    other = [w for w in alternatives if not w.isascii()]
    parts = []
    if latin:
        # "_" and camelCase count as boundaries here: `phone_number`, `homePhone`, "phone:".
        parts.append(r"(?:(?<![A-Za-z])(?:" + "|".join(latin) + r")(?![A-Za-z]))")
    parts += other
    return re.compile("|".join(parts), re.IGNORECASE)
