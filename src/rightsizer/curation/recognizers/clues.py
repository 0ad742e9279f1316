"""An expression over code points as one over bytes that lets at least as much through, where there is one."""

from __future__ import annotations

import re
from typing import NamedTuple

_PIECE = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|.", re.DOTALL)
# Classes of Unicode's, and whatever counts signs of any length, mean something else over bytes.
_UNLIKE = re.compile(r"\\[wWsSdDbB]|^\[\^|^[.^$]$")
_LARGE = re.compile(r"\{([0-9]+),(?:[2-9][0-9]|[0-9]{3,})\}")
_CLASS = r"\[(?:\\.|[^\]\\])+\]"
_INSIDE = rf"(?:\\.|{_CLASS}|[^()\[\]\\])*"
_GROUP = rf"\({_INSIDE}(?:\({_INSIDE}(?:\({_INSIDE}\){_INSIDE})*\){_INSIDE})*\)"
_BEFORE = re.compile(rf"(\(\?:)?((?:(?=\(\?<!){_GROUP})+)")
_BEFORE_FORM = re.compile(rf"^\(\?:\^\|{_CLASS}\)")
_BEHIND = re.compile(rf"(?=\(\?[!=]){_GROUP}$")
_NOT_ONE_OF = re.compile(rf"\(\?<?!(?:\(\?:)?\[({_CLASS[2:-2]})\](?=[|)])")
_REFERENCE = re.compile(r"\\([1-9])")
_CHOICE = re.compile(rf"(?<!\\)\((?!\?)({_CLASS})?\)?")


class Form(NamedTuple):
    """The expression, ASCII only, and whether upper and lower case are the same to it."""

    text: str
    caseless: bool


def form_of(regex: re.Pattern[str], *, cut: bool = False) -> Form | None:
    """An expression for engines that scan UTF-8; None where none is sure to let as much through.

    Signs outside ASCII become their bytes, and large repeats unbounded. What must not stand before or after
    becomes a sign that may, since engines know no look-around. With `cut` the text that an expression is
    applied to may end before the whole text does: then a last ``$``, and what must not follow, are left out.
    """
    pieces = _PIECE.findall(regex.pattern)
    if pieces[-1] == "$":
        pieces.pop()
    if any(_UNLIKE.search(piece) for piece in pieces):
        return None
    text = "".join(piece if piece.isascii() else _in_bytes(piece) for piece in pieces)
    text = _referred(_LARGE.sub(r"{\1,}", text))
    return Form(_before(_behind(text, cut)), bool(regex.flags & re.IGNORECASE))


def adjacent(before: re.Pattern[str], regex: re.Pattern[str]) -> Form | None:
    """The form of an expression with another right before it, which ends in ``$``."""
    first, then = form_of(before, cut=True), form_of(regex)
    if first is None or then is None:
        return None
    begun = _BEFORE_FORM.sub("", then.text)
    return Form(f"(?:{first.text})(?:{begun})", first.caseless or then.caseless)


def _before(text: str) -> str:
    """What must not stand before it, as the sign that may: only one sign is looked at."""
    match = _BEFORE.match(text)
    if match is None:
        return text
    classes = _NOT_ONE_OF.findall(match[2])
    may = f"(?:^|[^{classes[0]}])" if classes else ""
    return (match[1] or "") + may + text[match.end() :]


def _behind(text: str, cut: bool) -> str:
    """What must not stand behind it as the sign that may, and what must as a part of it."""
    match = _BEHIND.search(text)
    if match is None:
        return text
    if match[0].startswith("(?="):
        return text[: match.start()] + "(?:" + text[match.start() + 3 :]
    classes = [] if cut else _NOT_ONE_OF.findall(match[0])
    return text[: match.start()] + (f"(?:$|[^{classes[0]}])" if classes else "")


def _referred(text: str) -> str:
    """Where a group of one sign is referred to, any sign of its class."""
    groups = [match[1] for match in _CHOICE.finditer(text)]

    def sign(match: re.Match[str]) -> str:
        return groups[int(match[1]) - 1] or match[0]

    return _REFERENCE.sub(sign, text) if None not in groups else text


def _in_bytes(piece: str) -> str:
    """A sign outside ASCII, or a class with such signs; none of the patterns has a range of them."""
    signs = piece[1:-1] if piece[0] == "[" else piece
    ascii_only = "".join(c for c in signs if c.isascii())
    others = ["".join(f"\\x{b:02x}" for b in c.encode("utf-8")) for c in signs if not c.isascii()]
    return "(?:" + "|".join([f"[{ascii_only}]"] * bool(ascii_only) + others) + ")"
