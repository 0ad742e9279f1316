"""The shape of a value, and searching for more of that shape: ``#W2378156`` is ``#W`` and seven digits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

_RUN = re.compile(r"[0-9]+|[a-z]+|[A-Z]+|[^0-9A-Za-z]+")
_HEX = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[0-9a-f]{16,64}")


def shape(value: str) -> str:
    """Runs of a value with their lengths; letters keep their case class, other signs themselves.

    Lengths of letter runs count only in codes; words of handles (``mia_li_3668``) may have any length.
    """
    if _HEX.fullmatch(value):
        return "~hex"
    return "".join(_piece(run) for run in _RUN.findall(value))


def _piece(run: str) -> str:
    if run[0].isdigit() and run.isascii():
        return f"9{{{len(run)}}}"
    if run.isascii() and run.isalpha():
        return ("A" if run[0].isupper() else "a") + f"{{{len(run)}}}"
    return run


def is_distinctive(value: str) -> bool:
    """Whether a value of this shape can be told from ordinary words and numbers in running text."""
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isascii() and c.isalpha() for c in value)
    if digits and letters:
        return digits + letters >= 5 and digits >= 2
    return digits >= 8 and value.isdigit()


def induce(values: Iterable[str]) -> tuple[str, ...]:
    """Regular expressions for what these ids look like, sorted; ASCII boundaries.

    Letters that all values of a shape share stay letters (``#W``, ``credit_card_``); others may vary.
    A shape is learned from any single distinctive value.
    """
    groups: defaultdict[str, list[list[str]]] = defaultdict(list)
    for value in sorted(set(values)):
        if is_distinctive(value) and len(value) <= 64 and value.isascii():
            groups[_loose(value)].append(_RUN.findall(value))
    found = {_expression(rows) for rows in groups.values()}
    return tuple(sorted(found))


def _loose(value: str) -> str:
    """The shape with letter runs of any length: one handle teaches the form of all."""
    return re.sub(r"([Aa])\{[0-9]+\}", r"\1", shape(value))


def _expression(rows: list[list[str]]) -> str:
    if len({len(row) for row in rows}) > 1:
        rows = [rows[0]]  # hexadecimal values: one stands for all
    if _HEX.fullmatch("".join(rows[0])):
        lengths = "-" in "".join(rows[0])
        body = (
            r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
            if lengths
            else "[0-9a-f]{" + str(len("".join(rows[0]))) + "}"
        )
        return rf"(?<![A-Za-z0-9])(?:{body})(?![A-Za-z0-9])"
    pieces = []
    for column in zip(*rows, strict=True):
        pieces.append(_column(column, alone=len(rows) == 1))
    before = "(?<![A-Za-z0-9])" if rows[0][0][0].isalnum() else ""
    return before + "".join(pieces) + "(?![A-Za-z0-9])"


def _column(column: tuple[str, ...], *, alone: bool) -> str:
    first = column[0]
    if first.isdigit():
        lengths = sorted({len(run) for run in column})
        return f"[0-9]{{{lengths[0]},{lengths[-1]}}}" if len(lengths) > 1 else f"[0-9]{{{lengths[0]}}}"
    if not first.isalpha():
        return re.escape(first)
    if len(set(column)) == 1 and (not alone or len(first) <= 4 or first in _KNOWN):
        return re.escape(first)
    letters = "A-Z" if first.isupper() else "a-z"
    lengths = sorted({len(run) for run in column})
    if first.isupper():
        return f"[{letters}]{{{lengths[0]},{lengths[-1]}}}"
    return f"[{letters}]{{2,24}}"


_KNOWN = frozenset({"credit", "gift", "card", "paypal", "order", "user", "customer", "invoice"})
