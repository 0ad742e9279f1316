"""Find sensitive values in a text: contact data, identity numbers, accounts, secrets; English and Chinese.

Every pattern stands behind a gate: literals that its matches must contain, or a number of digits
close together. The gate only skips work: findings with and without it are identical (tested).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rightsizer.curation.recognizers.contact import CONTACT
from rightsizer.curation.recognizers.finance import FINANCE
from rightsizer.curation.recognizers.identity import CHINA, WORLD
from rightsizer.curation.recognizers.pattern import Pattern, Span
from rightsizer.curation.recognizers.phone import PHONES
from rightsizer.curation.recognizers.secrets import SECRETS

__all__ = ["PATTERNS", "Span", "gated", "narrow", "resolve", "scan"]

PATTERNS: tuple[Pattern, ...] = (*SECRETS, *CHINA, *FINANCE, *WORLD, *CONTACT, *PHONES)

# Full-width ASCII, odd spaces and the many dashes, one code point for one, so offsets stay.
_NARROW = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)}
_NARROW |= dict.fromkeys((0x3000, 0xA0, 0x2007, 0x202F), 0x20)
_NARROW |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE63), 0x2D)
_WIDE = re.compile("[" + "".join(map(chr, _NARROW)) + "]")

_GATES = {
    n: re.compile(rf"[0-9](?:[^0-9]{{0,3}}[0-9]){{{n - 1}}}")
    for n in sorted({p.digits for p in PATTERNS} - {0})
}
_LITERALS = tuple(sorted({n for p in PATTERNS for n in p.needs}))


def scan(text: str, lang: str = "auto", *, patterns: Iterable[Pattern] | None = None) -> list[Span]:
    """Sensitive values in `text`: non-overlapping, sorted, in code points.

    `lang` ("auto", "en", "zh") chooses recognisers of names; patterns look for every country's forms
    in every text. `patterns` overrides the gate's choice.
    """
    if len(text) < 3:
        return []
    plain = narrow(text)
    chosen = gated(plain) if patterns is None else patterns
    return resolve(span for pattern in chosen for span in pattern.find(plain))


def narrow(text: str) -> str:
    """The text with full-width characters as their ASCII twins; same length, same offsets."""
    if text.isascii() or _WIDE.search(text) is None:
        return text
    return text.translate(_NARROW)


def gated(text: str) -> list[Pattern]:
    """The patterns that can match at all, by the literals and digits that are in the text."""
    low = text.lower()
    present = {literal for literal in _LITERALS if literal in low}
    most = 0
    for n, gate in _GATES.items():
        if gate.search(text) is None:
            break
        most = n
    return [p for p in PATTERNS if p.digits <= most and (not p.needs or not present.isdisjoint(p.needs))]


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Of overlapping spans the surest stays, then the longest, then the first; sorted by position."""
    kept: list[Span] = []
    taken: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start, s.type)):
        if all(span.end <= start or span.start >= end for start, end in taken):
            kept.append(span)
            taken.append((span.start, span.end))
    return sorted(kept)
