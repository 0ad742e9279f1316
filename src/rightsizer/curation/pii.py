"""Find sensitive values in a text: contact data, identity numbers, accounts, secrets; on request names too.

Every pattern stands behind a gate (`recognizers.gate`), names behind a recogniser that ships with the
package (`names`). English and Chinese.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence

from rightsizer.curation.recognizers.contact import CONTACT
from rightsizer.curation.recognizers.facts import FACTS
from rightsizer.curation.recognizers.finance import FINANCE
from rightsizer.curation.recognizers.gate import Gate
from rightsizer.curation.recognizers.health import HEALTH
from rightsizer.curation.recognizers.identity import CHINA, WORLD
from rightsizer.curation.recognizers.pattern import Pattern, Span
from rightsizer.curation.recognizers.phone import PHONES
from rightsizer.curation.recognizers.secrets import SECRETS

__all__ = ["NAME_TYPES", "PATTERNS", "PERSONAL", "Span", "is_free", "narrow", "resolve", "scan"]

PATTERNS: tuple[Pattern, ...] = (*SECRETS, *CHINA, *FINANCE, *WORLD, *CONTACT, *PHONES)
# What is only looked for together with names: it says something about a person, but points at nobody.
PERSONAL: tuple[Pattern, ...] = (*FACTS, *HEALTH)
NAME_TYPES = frozenset({"PERSON", "ORGANIZATION", "LOCATION", "ADDRESS"}) | {p.type for p in PERSONAL}

# Full-width ASCII, odd spaces and the many dashes, one code point for one, so offsets stay.
_NARROW = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)}
_NARROW |= dict.fromkeys((0x3000, 0xA0, 0x2007, 0x202F), 0x20)
_NARROW |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE63), 0x2D)
_WIDE = re.compile("[" + "".join(map(chr, _NARROW)) + "]")
# Signs that show nothing: a value with one inside reads as it does without.
_HIDDEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff]")

_GATE = Gate(PATTERNS)
_PERSONAL_GATE = Gate(PERSONAL)


def scan(
    text: str, lang: str = "auto", *, names: bool = False, patterns: Iterable[Pattern] | None = None
) -> list[Span]:
    """Sensitive values in `text`: non-overlapping, sorted, in code points.

    With `names` also people, organisations, places and addresses, and what is said about people: titles,
    ages, origin and belief, dates, health (`NAME_TYPES`). `lang` ("auto", "en", "zh") chooses among the
    recognisers of those; patterns look for every country's forms in every text. `patterns` overrides
    the gate's choice.
    """
    plain = narrow(text)
    found = _in_plain(plain, None if patterns is None else tuple(patterns))
    return with_names(plain, found, lang) if names else found


def scan_many(texts: Sequence[str], lang: str = "auto", *, names: bool = False) -> list[list[Span]]:
    """For every text what `scan` finds in it; the names in many short texts are found quicker together."""
    plain = [narrow(text) for text in texts]
    found = [_in_plain(text) for text in plain]
    if not names:
        return found
    from rightsizer.curation.names.find import find_names_in

    named = find_names_in(plain, "en" if lang == "en" else "zh" if lang == "zh" else "auto")
    return [_joined(*of, lang) for of in zip(plain, found, named, strict=True)]


def _in_plain(text: str, patterns: Sequence[Pattern] | None = None) -> list[Span]:
    hidden = None if text.isascii() else _HIDDEN.search(text)
    if hidden is not None:
        return _under_hidden(text, patterns)
    if patterns is not None:
        return resolve(span for pattern in patterns for span in pattern.find(text))
    found = _GATE.find(text) if len(text) > 1 else []
    return resolve(found) if len(found) > 1 else found


def _under_hidden(text: str, patterns: Sequence[Pattern] | None) -> list[Span]:
    """What is found in the text without the signs that show nothing, at its places in the text with them."""
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []  # (where a piece begins without them, and with them)
    at = length = 0
    for run in (*_HIDDEN.finditer(text), None):
        end = len(text) if run is None else run.start()
        if end > at:
            pieces.append(text[at:end])
            starts.append((length, at))
            length += end - at
        at = end if run is None else run.end()

    def place(position: int) -> int:
        before, behind = starts[bisect_right(starts, (position, len(text))) - 1]
        return behind + position - before

    found = _in_plain("".join(pieces), patterns)
    return [s._replace(start=place(s.start), end=place(s.end - 1) + 1) for s in found]


def with_names(text: str, found: list[Span], lang: str = "auto") -> list[Span]:
    """`found`, and the names and facts in the rest of `text`."""
    from rightsizer.curation.names.find import find_names

    names = find_names(text, "en" if lang == "en" else "zh" if lang == "zh" else "auto")
    return _joined(text, found, names, lang)


def _joined(text: str, found: list[Span], names: list[Span], lang: str) -> list[Span]:
    wanted = _PERSONAL_GATE.choose(text)
    facts = resolve(s for p in wanted for s in p.find(text) if _speaks(text[s.start : s.end], lang))
    kept = list(found)
    for fact in facts:
        if is_free(kept, fact.start, fact.end) and not _part_of_name(fact, names):
            insort(kept, fact)
    taken = list(kept)
    for span in names:
        # Where a number in an address was no house's, one word that is left is no address.
        least = 4 if span.type == "ADDRESS" and not is_free(found, span.start, span.end) else 0
        for start, end in _rest(span, taken):
            while start < end and not text[start].isalnum():
                start += 1
            while start < end and not (text[end - 1].isalnum() or text[end - 1] in ".)"):
                end -= 1
            if end - start > least:
                insort(kept, Span(start, end, span.type, span.score))
    return kept


def _part_of_name(fact: Span, names: Sequence[Span]) -> bool:
    """Whether a fact is only a word of a longer name (British in British Airways); a title never is."""
    at = bisect_left(names, (fact.start + 1,)) - 1
    if fact.type == "TITLE" or at < 0:
        return False
    name = names[at]
    return name.end > fact.start and (name.start, name.end) != (fact.start, fact.end) and name.end >= fact.end


def _rest(span: Span, taken: Sequence[Span]) -> list[tuple[int, int]]:
    """The parts of a span that no taken one covers."""
    if is_free(taken, span.start, span.end):
        return [(span.start, span.end)]
    parts, at = [], span.start
    first = max(0, bisect_left(taken, (span.start,)) - 1)
    for i in range(first, len(taken)):
        other = taken[i]
        if other.start >= span.end:
            break
        if other.end > at:
            if other.start > at:
                parts.append((at, other.start))
            at = other.end
    return [*parts, (at, span.end)] if at < span.end else parts


def _speaks(value: str, lang: str) -> bool:
    """Whether a value is in the language asked for; numbers are in every one."""
    if lang == "zh":
        return _LATIN.search(value) is None
    return lang != "en" or _HAN.search(value) is None


def narrow(text: str) -> str:
    """The text with full-width characters as their ASCII twins; same length, same offsets."""
    if text.isascii() or _WIDE.search(text) is None:
        return text
    return text.translate(_NARROW)


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
