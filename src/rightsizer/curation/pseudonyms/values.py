"""Known values and where they stand in a text: the longest at each place, whole words in Latin script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from rightsizer.curation.pii import narrow
from rightsizer.curation.pseudonyms.codes import like_case
from rightsizer.curation.pseudonyms.taken import lowered

_TOKEN = re.compile(r"[a-z0-9]+|[^\x00-\x7f]")
_GROUPS = re.compile(r"[0-9]+")
_CLUSTER = re.compile(r"[0-9](?:[ \-.()/\u00b7]{0,3}[0-9])+")
_MONEY = re.compile(r"[$€£¥￥.,]$")
FEWEST_DIGITS = 7  # of numbers that are found however they are grouped


class Hit(NamedTuple):
    """A known value at [start, end) and what to write there."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Value:
    """One form of a value. `capital`: only where it is written with a capital (a name that is a word)."""

    old: str
    new: str
    capital: bool = False

    def write(self, found: str) -> str:
        """The surrogate in the letter case and width in which the value was found."""
        plain = narrow(found)
        new = self.new
        if plain != self.old and lowered(plain) == lowered(self.old):
            new = _recase(plain, self.old, self.new)
        stays = plain == found or new.startswith("<") or _CJK.search(found)
        return new if stays else "".join(map(_wide, new))


_CJK = re.compile(r"[\u3400-\u9fff]")


def _wide(c: str) -> str:
    return chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c


def _recase(found: str, old: str, new: str) -> str:
    if found.islower():
        return new.lower()
    if found.isupper():
        return new.upper()
    if len(found) == len(new) and len(old) == len(new):
        return "".join(
            n.upper() if f.isupper() else n.lower() if f.islower() else n
            for f, n in zip(found, new, strict=True)
        )
    return new if " " in old or not found[:1].isupper() else like_case(found, new)


@dataclass
class _Forms:
    """Forms with one first word, by their text; `sizes`: their lengths and the signs before the word."""

    values: dict[str, Value] = field(default_factory=dict)
    sizes: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class ValueIndex:
    """Forms by their first word, so that a text is read once however many values are known."""

    forms: dict[str, _Forms] = field(default_factory=dict)
    digits: dict[str, str] = field(default_factory=dict)

    def add(self, value: Value) -> None:
        """Find this form from now on."""
        low = lowered(narrow(value.old))
        token = _TOKEN.search(low)
        if token is None:
            return
        known = self.forms.setdefault(token[0], _Forms())
        if low not in known.values:
            known.values[low] = value
            size = (len(low), token.start())
            if size not in known.sizes:
                known.sizes.append(size)
                known.sizes.sort(key=lambda each: (-each[0], each[1]))

    def add_digits(self, old: str, new: str) -> None:
        """Find this number however its digits are grouped."""
        a, b = "".join(_GROUPS.findall(old)), "".join(_GROUPS.findall(new))
        if len(a) >= FEWEST_DIGITS and len(a) == len(b):
            self.digits.setdefault(a, b)

    def hits(self, text: str) -> Iterator[Hit]:
        """Known values in `text`, left to right, none overlapping."""
        plain = narrow(text)
        low = lowered(plain)
        end = 0
        for token in _TOKEN.finditer(low):
            if token.start() < end:
                continue
            hit = self._at(text, plain, low, token, end)
            if hit is None and self.digits and token[0].isdigit():
                hit = self._number(plain, token.start())
            if hit is not None:
                end = hit.end
                yield hit

    def _at(self, text: str, plain: str, low: str, token: re.Match[str], floor: int) -> Hit | None:
        known = self.forms.get(token[0])
        for length, before in known.sizes if known is not None else ():
            start = token.start() - before
            stop = start + length
            form = low[max(0, start) : stop]
            value = known.values.get(form) if known is not None else None
            if value is None or start < floor or len(form) != length or not _ends(low, stop):
                continue
            if value.capital and not plain[token.start()].isupper():
                continue
            if form.isdigit() and _is_part_of_amount(low, start, stop, len(form)):
                continue
            if token[0][0].isalpha() and start and _is_letter(low[start - 1]):
                continue
            return Hit(start, stop, value.write(text[start:stop]))
        return None

    def _number(self, plain: str, start: int) -> Hit | None:
        cluster = _CLUSTER.match(plain, start)
        if cluster is None:
            return None
        groups = list(_GROUPS.finditer(plain, start, cluster.end()))
        for last in range(len(groups), 0, -1):
            old = "".join(g[0] for g in groups[:last])
            if len(old) < FEWEST_DIGITS:
                break
            new = self.digits.get(old)
            if new is not None:
                stop = groups[last - 1].end()
                return Hit(start, stop, _regrouped(plain[start:stop], new))
        return None


def _regrouped(text: str, digits: str) -> str:
    """The text with its digits replaced by these, one by one."""
    rest = iter(digits)
    return "".join(next(rest) if "0" <= c <= "9" else c for c in text)


def _is_letter(c: str) -> bool:
    return c.isalpha() and c < "\u0250"


def _ends(low: str, stop: int) -> bool:
    if stop >= len(low) or not (low[stop - 1].isascii() and low[stop - 1].isalnum()):
        return True
    after = low[stop]
    return not (after.isascii() and after.isalnum()) and not _is_letter(after)


def _is_part_of_amount(low: str, start: int, stop: int, length: int) -> bool:
    """Short numbers inside ``1,234.50`` or after ``$`` are no ids."""
    if length >= FEWEST_DIGITS:
        return False
    before, after = low[max(0, start - 2) : start], low[stop : stop + 2]
    if before[-1:] in "$€£¥" and before:
        return True
    if len(before) == 2 and before[1] in ".," and before[0].isdigit():
        return True
    return (len(after) == 2 and after[0] in ".," and after[1].isdigit()) or after[:1] == "%"
