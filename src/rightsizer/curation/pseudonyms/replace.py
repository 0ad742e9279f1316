"""Surrogates put in place: a pure function of a text and the session's map, whatever stands around it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter

from rightsizer.curation.encoded import find_encoded
from rightsizer.curation.json_text import Leaf, is_json, rewrite_tokens
from rightsizer.curation.pseudonyms.dates import find_dates
from rightsizer.curation.pseudonyms.months import Month, find_months, moved
from rightsizer.curation.pseudonyms.values import Hit, ValueIndex

REMEMBERED = 8_000_000  # characters of texts and their answers
_start, _end = attrgetter("start"), attrgetter("end")
_EPOCH = re.compile(r"1[0-9]{9}(?:[0-9]{3})?")
_TIME_KEY = re.compile(r"(?:^|_)(?:at|time|timestamp|ts|date|epoch|created|updated)$", re.I)


@dataclass
class Replacer:
    """One direction of a map.

    `keyed`: (key, value) → what to write, for values that count under their own field only. `plain`:
    values that become placeholders. `days`: dates with their own answer; others move by `shift`, except
    `fixed` ones, which are answers already. `fields`: keys of objects that are nobody's.
    `months`: how far months without a day move, but `fixed_months`, which have moved already.
    """

    index: ValueIndex
    keyed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    days: Mapping[date, date] = field(default_factory=dict)
    fixed: frozenset[date] = frozenset()
    shift: timedelta = timedelta(0)
    year: int = 2024
    schema_keys: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    months: int = 0
    fixed_months: frozenset[Month] = frozenset()
    _seen: dict[str, str] = field(default_factory=dict)  # agents send their history with every call
    _held: int = 0

    def text(self, text: str) -> str:
        """The text with every known value replaced; JSON stays JSON and keeps all other bytes."""
        new = self._seen.get(text)
        if new is None:
            new = rewrite_tokens(text, self._leaf) if is_json(text) else self._prose(text)
            self._held += len(text) + len(new)
            if self._held > REMEMBERED:
                self._seen.clear()
                self._held = len(text) + len(new)
            self._seen[text] = new
        return new

    def leaf(self, key: str, text: str) -> str:
        """A string that stands under `key`."""
        return self._leaf(Leaf(key, text))

    def number(self, key: str, text: str) -> str:
        """A number that stands under `key`, as its digits."""
        return self._leaf(Leaf(key, text, is_number=True))

    def key(self, name: str) -> str:
        """A key of an object: replaced only where it is a value (an id, an address), never a schema's."""
        return self._leaf(Leaf("", name, is_key=True))

    def stays(self, key: str) -> bool:
        """Whether a key is a schema's or an ordinary name of a field, which says nothing of anybody.

        A word that is a known value as a whole does not stay, unless many sessions use it as a field.
        """
        if key in self.schema_keys:
            return True
        if not (key.isascii() and key.isidentifier()) or any(c.isdigit() for c in key):
            return False
        if key in self.fields and key[:1].islower():
            return True
        return not any(h.end - h.start == len(key) for h in self.index.hits(key))

    def _leaf(self, leaf: Leaf) -> str:
        if leaf.is_key:
            return leaf.text if self.stays(leaf.text) else self._prose(leaf.text)
        chosen = self.keyed.get((leaf.key, leaf.text))
        if chosen is not None:
            return chosen
        if leaf.is_number:
            return self._number(leaf)
        return rewrite_tokens(leaf.text, self._leaf) if is_json(leaf.text) else self._prose(leaf.text)

    def _number(self, leaf: Leaf) -> str:
        """A number is a value as a whole or not at all, and stays a number."""
        text = leaf.text
        if not text.isdigit():
            return text
        if _EPOCH.fullmatch(text) and _TIME_KEY.search(leaf.key) and self.shift:
            scale = 1000 if len(text) == 13 else 1
            return str(int(text) + int(self.shift.total_seconds()) * scale)
        hits = list(self.index.hits(text)) if len(text) >= 7 else []
        if len(hits) == 1 and hits[0].start == 0 and hits[0].end == len(text) and hits[0].new[0] != "0":
            return hits[0].new
        return text

    def _prose(self, text: str) -> str:
        new = _put(text, self._hits(text))
        inside: list[Hit] = []
        for piece in find_encoded(new):
            inner = self.text(piece.plain)
            if inner != piece.plain and len(range(*_overlapping(inside, piece.start, piece.end))) == 0:
                insort(inside, Hit(piece.start, piece.end, piece.encode(inner)))
        return _put(new, inside)

    def _hits(self, text: str) -> list[Hit]:
        hits = list(self.index.hits(text))
        if not (self.shift or self.days):
            return hits
        dates: list[Hit] = []
        under: set[int] = set()
        for found in find_dates(text, self.year):
            over = range(*_overlapping(hits, found.start, found.end))
            if any(_wins(hits[i], found.start, found.end, text) for i in over):
                continue
            day = self._day(found.day)
            if day is not None:
                under.update(over)
                dates.append(Hit(found.start, found.end, found.write(day)))
        taken = sorted([*(h for i, h in enumerate(hits) if i not in under), *dates])
        return sorted([*taken, *self._months(text, taken)])

    def _months(self, text: str, taken: list[Hit]) -> list[Hit]:
        if not self.months:
            return []
        return [
            Hit(m.start, m.end, m.write(moved(m.month, self.months)))
            for m in find_months(text)
            if m.month not in self.fixed_months and len(range(*_overlapping(taken, m.start, m.end))) == 0
        ]

    def _day(self, day: date) -> date | None:
        known = self.days.get(day)
        if known is not None:
            return known
        return None if day in self.fixed or not self.shift else day + self.shift


def _wins(hit: Hit, start: int, end: int, text: str) -> bool:
    """Whether a value goes before a date at [start, end): a longer one, or one that is masked or stays."""
    if hit.end - hit.start > end - start:
        return True
    return (hit.start, hit.end) == (start, end) and (hit.new[:1] == "<" or hit.new == text[start:end])


def _overlapping(hits: list[Hit], start: int, end: int) -> tuple[int, int]:
    """From which to before which of `hits`, disjoint and by position, [start, end) is met."""
    first = bisect_right(hits, start, key=_end)
    return first, max(first, bisect_left(hits, end, key=_start))


def _put(text: str, hits: list[Hit]) -> str:
    if not hits:
        return text
    out, at = [], 0
    for hit in hits:
        out += [text[at : hit.start], hit.new]
        at = hit.end
    return "".join([*out, text[at:]])
