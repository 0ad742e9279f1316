"""Months without a day (in May, May 2024, 2024年5月, 5月份, 2024-05), moved by whole months."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable
from typing import NamedTuple

from rightsizer.curation.pii import is_free, narrow
from rightsizer.curation.pseudonyms.dates import MONTHS
from rightsizer.curation.text_cache import remembered

Month = tuple[int, int]  # year (0: none is said), month 1 … 12

_NAMES = (
    r"(?P<name>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)"
)
_YEAR = r"(?P<y>(?:19|20)[0-9]{2})"
_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_NUMERAL = r"(?P<numeral>十[一二]?|[一二三四五六七八九])"
_BEFORE = (
    r"(?:in|since|until|till|by|during|last|next|this|early|mid|late|from|through|before|after|of"
    r"|In|Since|Until|By|During|Last|Next|This|Early|Late|From|Before|After)[ \-]"
)
_FORMS: tuple[re.Pattern[str], ...] = (
    re.compile(rf"(?<![A-Za-z0-9]){_NAMES}\.?(?P<gap>,?[ ](?:of[ ])?){_YEAR}(?![0-9A-Za-z])"),
    re.compile(rf"(?<![A-Za-z]){_BEFORE}{_NAMES}(?![A-Za-z0-9]|\.?,?[ ]{{1,2}}(?:the[ ])?[0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR}[ ]?年[ ]?(?P<m>1[0-2]|0?[1-9])[ ]?月(?![ ]?[0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR}[ ]?年{_NUMERAL}月(?![一二三四五六七八九十])"),
    re.compile(r"(?<![0-9年])(?P<m>1[0-2]|0?[1-9])[ ]?月份"),
    re.compile(r"(?:今年|去年|明年|前年|后年|上年)[ ]?(?P<m>1[0-2]|0?[1-9])[ ]?月(?![ ]?[0-9])"),
    re.compile(rf"(?:(?<=今年)|(?<=去年)|(?<=明年)|(?<=前年)){_NUMERAL}月(?![一二三四五六七八九十])"),
    re.compile(rf"(?<![一二三四五六七八九十]){_NUMERAL}月份"),
    re.compile(rf"(?<![0-9A-Za-z.\-/]){_YEAR}-(?P<m>0[1-9]|1[0-2])(?![0-9A-Za-z\-/]|\.[0-9])"),
)
_GATE = re.compile(r"月|(?:19|20)[0-9]{2}-[01][0-9]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)")


class FoundMonth(NamedTuple):
    """A month at [start, end); `write` puts another there, in its form."""

    start: int
    end: int
    month: Month
    write: Callable[[Month], str]


def moved(month: Month, by: int) -> Month:
    """A month so many later; without a year it goes round."""
    year, m = month
    total = (m - 1) + by
    return (year + total // 12 if year else 0, total % 12 + 1)


def find_months(text: str) -> tuple[FoundMonth, ...]:
    """Months in `text` that have no day, disjoint, by position."""
    plain = narrow(text)
    return _find(plain) if _GATE.search(plain) is not None else ()


@remembered(4_000_000)
def _find(text: str) -> tuple[FoundMonth, ...]:
    found: list[FoundMonth] = []
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            one = _read(match, text)
            if is_free(taken, one.start, one.end):
                found.append(one)
                insort(taken, (one.start, one.end))
    return tuple(sorted(found, key=lambda f: f.start))


def _read(match: re.Match[str], text: str) -> FoundMonth:
    groups = match.groupdict()
    group = next(g for g in ("name", "numeral", "m") if groups.get(g))
    said = match[group]
    if group == "name":
        number = next(i for i, m in enumerate(MONTHS, 1) if m.startswith(said.lower()[:3]))
    else:
        number = _NUMERALS.index(said) + 1 if group == "numeral" else int(said)
    year = int(groups["y"]) if groups.get("y") else 0
    spans = [match.span(group)] + ([match.span("y")] if year else [])
    start, end = min(s[0] for s in spans), max(s[1] for s in spans)

    def write(new: Month) -> str:
        words = {match.span(group): _word(said, group, new[1])}
        if year:
            words[match.span("y")] = str(new[0])
        out, at = [], start
        for a, b in sorted(words):
            out += [text[at:a], words[a, b]]
            at = b
        return "".join([*out, text[at:end]])

    return FoundMonth(start, end, (year, number), write)


def _word(said: str, group: str, month: int) -> str:
    if group == "numeral":
        return _NUMERALS[month - 1]
    if group == "m":
        return f"{month:02}" if said[0] == "0" or (len(said) == 2 and month >= 10) else str(month)
    name = MONTHS[month - 1].title()
    return name[:3] if len(said) <= 4 and said not in ("May", "June", "July") else name
