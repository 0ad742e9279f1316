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


class Cluster(NamedTuple):
    """Digits with at most three other characters between them: how many, and which tokens begin there.

    The positions are from `REACH` characters before the cluster to its end: of tokens that begin with a
    digit or a bracket, and of those that begin with a letter.
    """

    digits: int
    numbers: tuple[int, ...]
    names: tuple[int, ...]


# Given a match: the (start, end) of the value, or None when it is none after all.
Check = Callable[[re.Match[str]], tuple[int, int] | None]

# Not preceded / not followed by an ASCII letter or digit.
B = r"(?<![A-Za-z0-9])"
E = r"(?![A-Za-z0-9])"

CONTEXT_BEFORE = 48
CONTEXT_AFTER = 24
REACH = 12  # how far before its digits a match may begin

# Every key of a known form, and every wallet, has a run like this one.
LONG_TOKEN = re.compile(r"[A-Za-z0-9_\-+/=%]{16}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """`needs` are lower-case literals, one of which every match (or its context) contains; a text
    without them, or with fewer than `digits` digits close together, is not searched at all.
    A pattern with `digits` is tried at the tokens around clusters of so many digits only, those that begin
    as `first` says; so it must not match inside a token. `gate` is an expression that must be found in
    the text. `context` must be found near the value; `after` and `never_after` are matched up to its
    start.
    """

    type: str
    regex: re.Pattern[str]
    score: float
    needs: tuple[str, ...] = ()
    digits: int = 0
    first: Literal["digit", "letter", "any"] = "any"
    gate: re.Pattern[str] | None = None
    check: Check | None = None
    group: int = 0
    context: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    never_after: re.Pattern[str] | None = None

    def find(self, text: str, clusters: Sequence[Cluster] | None = None) -> list[Span]:
        """All values of this kind in `text`; with `clusters`, only those around enough digits."""
        found = []
        for match in self._matches(text, clusters):
            at = self.check(match) if self.check else match.span(self.group)
            if at is not None and self._in_context(text, at):
                found.append(Span(at[0], at[1], self.type, self.score))
        return found

    def _matches(self, text: str, clusters: Sequence[Cluster] | None) -> Iterator[re.Match[str]]:
        if clusters is None or not self.digits:
            yield from self.regex.finditer(text)
            return
        for cluster in clusters:
            if cluster.digits >= self.digits:
                starts = () if self.first == "letter" else cluster.numbers
                for at in starts if self.first == "digit" else (*starts, *cluster.names):
                    match = self.regex.match(text, at)
                    if match is not None:
                        yield match

    def _in_context(self, text: str, at: tuple[int, int]) -> bool:
        if self.context is None and self.after is None and self.never_after is None:
            return True
        before = text[max(0, at[0] - CONTEXT_BEFORE) : at[0]]
        if self.never_after is not None and self.never_after.search(before):
            return False
        if self.after is not None and not self.after.search(before):
            return False
        if self.context is None or self.context.search(before):
            return True
        return self.context.search(text[at[1] : at[1] + CONTEXT_AFTER]) is not None


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
