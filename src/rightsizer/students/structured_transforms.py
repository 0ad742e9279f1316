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
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def number_from_words(text: str) -> int | None:
    """``twenty-five`` → 25, ``二十五`` → 25, ``a couple`` → 2; None for anything else or above 99."""
    folded = text.strip().lower()
    if folded in ("a couple", "couple", "a pair"):
        return 2
    if folded in ("a dozen", "dozen"):
        return 12
    if folded and all(c in _HAN or c == "十" for c in folded):
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
    if "十" not in text:
        return _HAN[text] if len(text) == 1 else None
    if text.count("十") > 1:
        return None
    left, right = text.split("十")
    if len(left) > 1 or len(right) > 1:
        return None
    return 10 * (_HAN[left] if left else 1) + (_HAN[right] if right else 0)


def _number(text: str) -> int | float | None:
    cleaned = re.sub(r"[,\s$€£¥%]", "", text)
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", cleaned):
        return None
    value = float(cleaned)
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
