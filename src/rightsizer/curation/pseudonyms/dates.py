"""Dates in every usual form, shifted: weekdays, order and distances stay, the days do not."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from rightsizer.curation.pii import is_free, narrow
from rightsizer.curation.text_cache import remembered

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORT = tuple(m[:3] for m in MONTHS)
_MONTH = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)"
)
_Y, _D = r"(?P<y>(?:19|20)[0-9]{2})", r"(?P<d>[0-9]{1,2})"
_MD = rf"(?P<m>[0-9]{{1,2}})(?P<s2>[ ]?月[ ]?){_D}(?P<s3>[ ]?[日号])"
_TH = r"(?P<th>st|nd|rd|th)?"

_FORMS: tuple[re.Pattern[str], ...] = (
    re.compile(
        rf"(?<![0-9A-Za-z.\-/]){_Y}(?P<sep>[-/.])(?P<m>[0-9]{{1,2}})(?P=sep){_D}"
        r"(?=T[0-9]{2}|[^0-9A-Za-z\-/.]|\.(?![0-9])|$)"
    ),
    re.compile(
        r"(?<![0-9A-Za-z.\-/])(?P<a>[0-9]{1,2})(?P<sep>[-/.])(?P<b>[0-9]{1,2})(?P=sep)"
        rf"{_Y}(?![0-9A-Za-z/\-]|\.[0-9])"
    ),
    re.compile(rf"(?<![0-9]){_Y}(?P<s1>[ ]?年[ ]?){_MD}"),
    re.compile(rf"(?<![0-9年]){_MD}"),
    re.compile(rf"(?<![A-Za-z]){_MONTH}(?P<s1>\.?[ ]){_D}{_TH}(?:(?P<s2>,?[ ]){_Y})?(?![0-9A-Za-z:%])", re.I),
    re.compile(
        rf"(?<![0-9A-Za-z$.,]){_D}{_TH}(?P<s1>[ ](?:of[ ])?|-){_MONTH}(?:(?P<s2>\.?,?[ ]|-){_Y})?"
        r"(?![A-Za-z])",
        re.I,
    ),
)
_NAME = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_GATE = re.compile(
    rf"(?:19|20)[0-9]{{2}}[-/.][0-9]|[-/.](?:19|20)[0-9]{{2}}|月|{_NAME}[a-z]{{0,6}}\.?[ ][0-9]"
    rf"|[0-9](?:st|nd|rd|th)?[ \-](?:of[ ])?{_NAME}",
    re.I,
)


class Found(NamedTuple):
    """A date at [start, end); `year` tells whether it is said; `write` puts another in its form."""

    start: int
    end: int
    day: date
    year: bool
    write: Callable[[date], str]


def find_dates(text: str, year: int) -> tuple[Found, ...]:
    """Dates in `text`, disjoint, by position. `year` completes those without one."""
    plain = narrow(text)
    return _find(plain, year) if _GATE.search(plain) is not None else ()


@remembered(4_000_000)
def _find(text: str, year: int) -> tuple[Found, ...]:
    found: list[Found] = []
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if not is_free(taken, match.start(), match.end()):
                continue
            one = _read(match, year)
            if one is not None:
                found.append(one)
                insort(taken, (one.start, one.end))
    return tuple(sorted(found, key=lambda f: f.start))


def _read(match: re.Match[str], year: int) -> Found | None:
    groups = match.groupdict()
    said = groups.get("y")
    if "a" in groups:
        month_first = int(groups["a"]) <= 12
        m, d = (groups["a"], groups["b"]) if month_first else (groups["b"], groups["a"])
    else:
        month_first = True
        m, d = groups.get("m") or str(_month_number(groups["month"])), groups["d"]
    try:
        day = date(int(said) if said else year, int(m), int(d))
    except ValueError:
        if said or (int(m), int(d)) != (2, 29):
            return None
        day = date(year + 4 - year % 4, 2, 29)
    return Found(match.start(), match.end(), day, bool(said), lambda new: _write(groups, new, month_first))


def readings(day: date) -> tuple[date, ...]:
    """A day, and the one that is meant where day and month stand in the other order: 05/06/1968."""
    return (day, day.replace(month=day.day, day=day.month)) if day.day <= 12 else (day,)


def _month_number(name: str) -> int:
    return _SHORT.index(name[:3].lower()) + 1


def _write(groups: dict[str, str | None], new: date, month_first: bool) -> str:
    def number(value: int, model: str | None) -> str:
        return f"{value:02}" if model and len(model) == 2 and (model[0] == "0" or value >= 10) else str(value)

    def padded(value: int, model: str | None, other: str | None) -> str:
        two = all(m is None or len(m) == 2 for m in (model, other))
        return f"{value:02}" if two else number(value, None)

    said = groups.get("y")
    if "a" in groups:
        a, b = (new.month, new.day) if month_first else (new.day, new.month)
        sep = groups["sep"] or ""
        return sep.join(
            (padded(a, groups["a"], groups["b"]), padded(b, groups["b"], groups["a"]), f"{new.year}")
        )
    if "month" in groups:
        return _in_words(groups, new)
    m, d = padded(new.month, groups["m"], groups["d"]), padded(new.day, groups["d"], groups["m"])
    if "sep" in groups:
        return f"{new.year}{groups['sep']}{m}{groups['sep']}{d}"
    head = f"{new.year}{groups['s1']}" if said else ""
    return f"{head}{m}{groups['s2']}{d}{groups['s3']}"


def _in_words(groups: dict[str, str | None], new: date) -> str:
    model = groups["month"] or ""
    name = MONTHS[new.month - 1]
    if len(model) <= 4 and model.lower() not in ("may", "june", "july"):
        name = name[:3]
    month = name.upper() if model.isupper() else name if model.islower() else name.title()
    day = f"{new.day:02}" if (groups["d"] or "")[0] == "0" else str(new.day)
    day += _ordinal(new.day) if groups.get("th") else ""
    year = f"{groups['s2']}{new.year}" if groups.get("y") else ""
    s1 = groups["s1"] or " "
    return f"{month}{s1}{day}{year}" if _month_leads(groups) else f"{day}{s1}{month}{year}"


def _month_leads(groups: dict[str, str | None]) -> bool:
    return next(name for name in groups if name in ("month", "d")) == "month"


def _ordinal(day: int) -> str:
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
