"""What is sensitive in one text of a call, whether prose or JSON, and which kinds are masked."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from rightsizer.curation.encoded import find_encoded
from rightsizer.curation.json_text import is_json, leaves
from rightsizer.curation.pii import PATTERNS, is_free, scan
from rightsizer.curation.recognizers.pattern import Span
from rightsizer.curation.recognizers.secrets import SECRET_TYPES

# Short names inside placeholders; a type without one here uses its own.
_NAMES = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "CN_BANK_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "US_SSN": "SSN",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "MAC",
    "CN_ID_CARD": "ID_CARD",
    "CN_USCC": "USCC",
    "CN_LICENSE_PLATE": "PLATE",
    "CN_PASSPORT": "PASSPORT",
    "US_PASSPORT": "PASSPORT",
    "PASSWORD": "PASSWORD",
}
PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]{0,30}_[0-9]{1,5}>")
MASK_SCORE = 0.6
# Found, but left in place: they carry the task and name nobody.
KEPT_TYPES = frozenset({"URL"})
MASKED_TYPES = frozenset(p.type for p in PATTERNS) - KEPT_TYPES


@dataclass(frozen=True, slots=True)
class Finding:
    """`values`: (value, type, is a JSON number), by first appearance; `spans` are of a plain text only."""

    values: tuple[tuple[str, str, bool], ...] = ()
    spans: tuple[Span, ...] = ()
    placeholders: frozenset[str] = frozenset()
    json: bool = False


NOTHING = Finding()
NOTHING_IN_JSON = Finding(json=True)


def placeholder_name(kind: str) -> str:
    """The word inside a placeholder for values of this type."""
    if kind in _NAMES:
        return _NAMES[kind]
    return "SECRET" if kind in SECRET_TYPES else kind


def spans_to_mask(text: str, masked: frozenset[str] = MASKED_TYPES) -> tuple[Span, ...]:
    """Spans of a plain text that are masked; what touches an existing placeholder is not.

    Searched again with the found values replaced, until nothing new appears: what stood beside a
    value may be read differently once that is a placeholder.
    """
    found = _once(text, masked)
    while found:
        more = _beside(text, found, masked)
        if not more:
            break
        found = sorted([*found, *more])
    hidden = _encoded(text, found, masked)
    return tuple(sorted([*found, *hidden]) if hidden else found)


def _encoded(text: str, found: list[Span], masked: frozenset[str]) -> list[Span]:
    """Percent- and base64-encoded pieces that say something sensitive, each as a whole."""
    spans = []
    for piece in find_encoded(text):
        inside = find(piece.plain, masked).values if is_free(found, piece.start, piece.end) else ()
        if inside:
            spans.append(Span(piece.start, piece.end, inside[0][1], MASK_SCORE))
    return spans


def _once(text: str, masked: frozenset[str]) -> list[Span]:
    spans = [s for s in scan(text) if s.type in masked and (s.score >= MASK_SCORE or s.type in KEPT_TYPES)]
    if not spans or "<" not in text:
        return spans
    taken = [m.span() for m in PLACEHOLDER.finditer(text)]
    return [s for s in spans if is_free(taken, s.start, s.end)]


def _beside(text: str, found: list[Span], masked: frozenset[str]) -> list[Span]:
    """What a search finds in the text with `found` replaced, at its place in the original."""
    out: list[str] = []
    shifts: list[tuple[int, int]] = []  # (position in the new text, how far the original is ahead)
    at = length = 0
    for span in found:
        piece = text[at : span.start] + f"<{placeholder_name(span.type)}_1>"
        out.append(piece)
        length += len(piece)
        at = span.end
        shifts.append((length, at - length))
    new = _once("".join([*out, text[at:]]), masked)

    def ahead(position: int) -> int:
        before = bisect_right(shifts, position, key=lambda shift: shift[0])
        return shifts[before - 1][1] if before else 0

    return [s._replace(start=s.start + ahead(s.start), end=s.end + ahead(s.start)) for s in new]


def leaf_spans(key: str, text: str, masked: frozenset[str] = MASKED_TYPES) -> tuple[Span, ...]:
    """Spans of a JSON string or number that stands under `key`, which serves as its context."""
    if not key:
        return spans_to_mask(text, masked)
    head = f"{key}: "
    shift = len(head)
    return tuple(
        s._replace(start=s.start - shift, end=s.end - shift)
        for s in spans_to_mask(head + text, masked)
        if s.start >= shift
    )


def find(text: str, masked: frozenset[str] = MASKED_TYPES) -> Finding:
    """Everything sensitive in one text, of the classes in `masked`."""
    placeholders = frozenset(PLACEHOLDER.findall(text)) if "<" in text else frozenset()
    if not is_json(text):
        spans = spans_to_mask(text, masked)
        if not spans and not placeholders:
            return NOTHING
        values = tuple((text[s.start : s.end], s.type, False) for s in spans)
        return Finding(values, spans, placeholders)
    values, nested = _in_json(text, masked)
    if not values and not placeholders and not nested:
        return NOTHING_IN_JSON
    return Finding(values, (), placeholders | nested, json=True)


def _in_json(text: str, masked: frozenset[str]) -> tuple[tuple[tuple[str, str, bool], ...], frozenset[str]]:
    values: list[tuple[str, str, bool]] = []
    placeholders: set[str] = set()
    for leaf in leaves(text):
        if "<" in leaf.text:
            placeholders.update(PLACEHOLDER.findall(leaf.text))
        if len(leaf.text) < 3:
            continue
        if not leaf.is_number and is_json(leaf.text):
            inner, more = _in_json(leaf.text, masked)
            values += inner
            placeholders |= more
            continue
        spans = leaf_spans(leaf.key, leaf.text, masked)
        if leaf.is_number:  # a part of a number is not a value
            spans = tuple(s for s in spans if s.start == 0 and s.end == len(leaf.text))
        values += [(leaf.text[s.start : s.end], s.type, leaf.is_number) for s in spans]
    return tuple(values), frozenset(placeholders)
