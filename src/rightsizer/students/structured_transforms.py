"""Ways in which a teacher turns copied text into a value: case, numbers, number words, dates.

Each is a function of the text alone that gives the value, or None where it does not apply. Which one a
field uses is learned: see `Rewriting`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rightsizer.students.structured_tokens import shape

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_HAN = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_SUFFIXES = {"k": 10**3, "m": 10**6, "千": 10**3, "万": 10**4, "thousand": 10**3, "million": 10**6}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def number_from_words(text: str) -> int | None:
    """``twenty-five`` → 25, ``二十五`` → 25, ``a couple`` → 2; None for anything else, or above 99
    in English and 9,999 in Chinese."""
    folded = text.strip().lower()
    if folded in ("a couple", "couple", "a pair"):
        return 2
    if folded in ("a dozen", "dozen"):
        return 12
    if folded and all(c in _HAN or c in _HAN_TENS for c in folded):
        return _from_han(folded)
    words = re.split(r"[\s-]+", folded)
    if len(words) == 1 and words[0] in _UNITS:
        return _UNITS.index(words[0])
    if words[0] in _TENS:
        tens = 10 * (_TENS.index(words[0]) + 2)
        if len(words) == 1:
            return tens
        if len(words) == 2 and words[1] in _UNITS[1:10]:
            return tens + _UNITS.index(words[1])
    return None


def _from_han(text: str) -> int | None:
    if len(text) == 1 and text in _HAN:
        return _HAN[text]
    found = re.fullmatch(r"((.)千)?零?((.)百)?零?((.)?十)?零?(.)?", text)
    if not found or not any(c in text for c in _HAN_TENS):
        return None
    total = 0
    for digit, size in ((found[2], 1000), (found[4], 100), (found[6], 10), (found[7], 1)):
        if digit is not None and digit not in _HAN:
            return None
        total += size * _HAN[digit] if digit else 0
    return total + (10 if found[5] == "十" else 0)


def _number(text: str) -> int | float | None:
    cleaned = re.sub(r"[,\s$€£¥%]", "", text)
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", cleaned):
        return None
    value = float(cleaned)
    return int(value) if value.is_integer() else value


def _scaled(text: str) -> int | float | None:
    """``5k`` → 5000, ``1.2 million`` → 1200000, ``3万`` → 30000."""
    found = re.fullmatch(r"[$€£¥]?\s*(\d+(?:\.\d+)?)\s*([a-z]+|千|万)", text.strip().lower())
    if not found or found[2] not in _SUFFIXES:
        return None
    value = round(float(found[1]) * _SUFFIXES[found[2]], 6)
    return int(value) if value.is_integer() else value


def _digits(text: str) -> str | None:
    return re.sub(r"\D", "", text) or None


def _first_number(text: str) -> int | float | None:
    found = re.search(r"\d+(\.\d+)?", text)
    if found:
        return _number(found.group())
    return next((n for n in map(number_from_words, text.split()) if n is not None), None)


def _first_number_text(text: str) -> str | None:
    number = _first_number(text)
    return None if number is None else str(number)


def _iso_date(text: str) -> str | None:
    """A date with its year → ``YYYY-MM-DD``; ``3/4/2025`` is read as in the US, month first."""
    folded = text.strip().lower()
    if found := re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", folded):
        year, month, day = (int(g) for g in found.groups())
    elif found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", folded):
        month, day, year = (int(g) for g in found.groups())
    elif found := re.fullmatch(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", folded):
        month, day, year = _month(found[1]), int(found[2]), int(found[3])
    elif found := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]{3,9})\.?,? (\d{4})", folded):
        day, month, year = int(found[1]), _month(found[2]), int(found[3])
    else:
        return None
    return _date(year, month, day)


def _iso_date_day_first(text: str) -> str | None:
    """``3.4.2025`` or ``3/4/2025`` as in most of the world, the day first."""
    found = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", text.strip())
    return _date(int(found[3]), int(found[2]), int(found[1])) if found else None


def _month_day(text: str) -> str | None:
    """A date without its year → ``MM-DD``: ``March 5th``, ``5 Mar``, ``3月5日``. No year is ever made up."""
    whole = _iso_date(f"{text.strip()} 2000") or _iso_date(f"2000年{text.strip()}")
    return None if whole is None else whole[5:]


def _date(year: int, month: int, day: int) -> str | None:
    return f"{year:04d}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _month(name: str) -> int:
    return next((i for i, full in enumerate(_MONTHS, 1) if full.startswith(name)), 0)


def _clock(text: str) -> str | None:
    """``7pm`` → ``19:00``, ``7:30 a.m.`` → ``07:30``."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?\s*(a\.?m\.?|p\.?m\.?)?", text.strip().lower())
    if not found or not (found[2] or found[3]):
        return None
    hour = int(found[1]) % 12 + (12 if found[3].startswith("p") else 0) if found[3] else int(found[1])
    return f"{hour:02d}:{int(found[2] or 0):02d}" if hour < 24 else None


TRANSFORMS: dict[str, Callable[[str], Any]] = {
    "same": lambda text: text,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "singular": lambda text: text[:-1] if text.endswith("s") else None,
    "sentence": lambda text: text[:1].upper() + text[1:],
    "number": _number,
    "number-text": lambda text: None if _number(text) is None else str(_number(text)),
    "words-number": number_from_words,
    "words-number-text": lambda t: None if number_from_words(t) is None else str(number_from_words(t)),
    "first-number": _first_number,
    "first-number-text": _first_number_text,
    "digits": _digits,
    "no-blanks": lambda text: re.sub(r"\s+", "", text),
    "snake": lambda text: re.sub(r"[\s-]+", "_", text.strip().lower()),
    "iso-date": _iso_date,
    "iso-date-day-first": _iso_date_day_first,
    "month-day": _month_day,
    "scaled-number": _scaled,
    "clock": _clock,
}


@dataclass(frozen=True)
class Rewriting:
    """How one field rewrites copied text: exact rewrites seen in training, then a transform by form.

    `exact` maps folded text to the value it became; `by_shape` a text's shape to a transform's name.
    """

    default: str = "same"
    by_shape: Mapping[str, str] = field(default_factory=dict)
    exact: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, text: str) -> Any:
        """The value of a copied text, or None where the learned transform does not apply to it."""
        folded = " ".join(text.lower().split())
        if folded in self.exact:
            return self.exact[folded]
        name = self.by_shape.get(shape(text), self.default)
        return TRANSFORMS[name](text)
