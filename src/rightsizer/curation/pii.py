"""Find sensitive values in a text: contact data, identity numbers, accounts, secrets; English and Chinese.

Every pattern stands behind a gate: literals that its matches must contain, or a number of digits
close together. The gate only skips work: findings with and without it are identical (tested).
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from rightsizer.curation.recognizers.contact import CONTACT
from rightsizer.curation.recognizers.finance import FINANCE
from rightsizer.curation.recognizers.identity import CHINA, WORLD
from rightsizer.curation.recognizers.pattern import REACH, Cluster, Pattern, Span
from rightsizer.curation.recognizers.phone import PHONES
from rightsizer.curation.recognizers.secrets import SECRETS

__all__ = ["PATTERNS", "Span", "gated", "is_free", "narrow", "resolve", "scan"]

PATTERNS: tuple[Pattern, ...] = (*SECRETS, *CHINA, *FINANCE, *WORLD, *CONTACT, *PHONES)

# Full-width ASCII, odd spaces and the many dashes, one code point for one, so offsets stay.
_NARROW = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)}
_NARROW |= dict.fromkeys((0x3000, 0xA0, 0x2007, 0x202F), 0x20)
_NARROW |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE63), 0x2D)
_WIDE = re.compile("[" + "".join(map(chr, _NARROW)) + "]")

_CLUSTER = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9])+")
_START = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z(]")
_FEWEST = min(p.digits for p in PATTERNS if p.digits)


def scan(text: str, lang: str = "auto", *, patterns: Iterable[Pattern] | None = None) -> list[Span]:
    """Sensitive values in `text`: non-overlapping, sorted, in code points.

    `lang` ("auto", "en", "zh") chooses recognisers of names; patterns look for every country's forms
    in every text. `patterns` overrides the gate's choice.
    """
    if len(text) < 3:
        return []
    plain = narrow(text)
    if patterns is not None:
        return resolve(span for pattern in patterns for span in pattern.find(plain))
    clusters = digit_clusters(plain)
    return resolve(span for pattern in gated(plain, clusters) for span in pattern.find(plain, clusters))


def narrow(text: str) -> str:
    """The text with full-width characters as their ASCII twins; same length, same offsets."""
    if text.isascii() or _WIDE.search(text) is None:
        return text
    return text.translate(_NARROW)


def digit_clusters(text: str) -> list[Cluster]:
    """The clusters of digits that are large enough for some pattern, ascending."""
    clusters = []
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        if end - start >= _FEWEST:
            digits = sum(map(match[0].count, "0123456789"))
            if digits >= _FEWEST:
                starts = [m.start() for m in _START.finditer(text, max(0, start - REACH), end)]
                numbers = tuple(at for at in starts if text[at] <= "9")  # "(" is below the digits
                names = tuple(at for at in starts if text[at] > "9")
                clusters.append(Cluster(digits, numbers, names))
    return clusters


def gated(text: str, clusters: Sequence[Cluster]) -> list[Pattern]:
    """The patterns that can match at all, by the literals, digits and runs that are in the text."""
    low, ascii_only = text.lower(), text.isascii()
    digits = max((c.digits for c in clusters), default=0)
    chosen: list[Pattern] = []
    for group in _GROUPS:
        if group.gate is None or group.gate.search(text) is not None:
            chosen += group.choose(low, ascii_only, digits)
    return chosen


class _Group:
    """The patterns behind one gate, by what they need."""

    def __init__(self, gate: re.Pattern[str] | None) -> None:
        self.gate = gate
        members = [p for p in PATTERNS if p.gate is gate]
        self.free = [p for p in members if not p.needs]
        self.needing = [p for p in members if p.needs]
        literals = sorted({literal for p in members for literal in p.needs})
        self.ascii = [literal for literal in literals if literal.isascii()]
        self.other = [literal for literal in literals if not literal.isascii()]

    def choose(self, low: str, ascii_only: bool, digits: int) -> list[Pattern]:
        present = {literal for literal in self.ascii if literal in low}
        if not ascii_only:
            present.update(literal for literal in self.other if literal in low)
        chosen = [p for p in self.free if p.digits <= digits]
        if present:
            chosen += [p for p in self.needing if p.digits <= digits and not present.isdisjoint(p.needs)]
        return chosen


_GROUPS = [_Group(gate) for gate in dict.fromkeys(p.gate for p in PATTERNS)]


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Of overlapping spans the surest stays, then the longest, then the first; sorted by position."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start, s.type)):
        if is_free(kept, span.start, span.end):
            insort(kept, span)
    return kept


def is_free(taken: Sequence[tuple[int, int] | Span], start: int, end: int) -> bool:
    """Whether [start, end) touches none of `taken`, which is sorted and disjoint."""
    at = bisect_left(taken, (start,))
    return (at == 0 or taken[at - 1][1] <= start) and (at == len(taken) or taken[at][0] >= end)
