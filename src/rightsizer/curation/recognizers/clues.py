"""An expression over code points as one over bytes that lets at least as much through, where there is one."""

from __future__ import annotations

import re
from typing import NamedTuple

_PIECE = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|.", re.DOTALL)
# Classes of Unicode's, and whatever counts signs of any length, mean something else over bytes.
_UNLIKE = re.compile(r"\\[wWsSdDbB]|^\[\^|^[.^$]$")
_LARGE = re.compile(r"\{([0-9]+),(?:[2-9][0-9]|[0-9]{3,})\}")


class Form(NamedTuple):
    """The expression, ASCII only, and whether upper and lower case are the same to it."""

    text: str
    caseless: bool


def form_of(regex: re.Pattern[str]) -> Form | None:
    """An expression for engines that scan UTF-8; None where none is sure to let as much through.

    Signs outside ASCII become their bytes, large repeats unbounded, and a last ``$`` is left out: the text
    that an expression is applied to may end before the whole text does.
    """
    pieces = _PIECE.findall(regex.pattern)
    if pieces[-1] == "$":
        pieces.pop()
    if any(_UNLIKE.search(piece) for piece in pieces):
        return None
    text = "".join(piece if piece.isascii() else _in_bytes(piece) for piece in pieces)
    return Form(_LARGE.sub(r"{\1,}", text), bool(regex.flags & re.IGNORECASE))


def _in_bytes(piece: str) -> str:
    """A sign outside ASCII, or a class with such signs; none of the patterns has a range of them."""
    signs = piece[1:-1] if piece[0] == "[" else piece
    ascii_only = "".join(c for c in signs if c.isascii())
    others = ["".join(f"\\x{b:02x}" for b in c.encode("utf-8")) for c in signs if not c.isascii()]
    return "(?:" + "|".join([f"[{ascii_only}]"] * bool(ascii_only) + others) + ")"
