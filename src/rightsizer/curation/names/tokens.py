"""A text as tokens: words of letters, groups of digits, single Chinese characters, single signs.

One tokenisation for both languages, so that `我叫John Smith，住在北京` is one sequence.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〇"
_TOKEN = re.compile(rf"([{HAN}]|[^\W\d_{HAN}]{{1,64}}|\d{{1,32}}|\n[\s]*|[^\w\s]|_)")


class Tokens(NamedTuple):
    """The words of a text and where they are: code points [starts, ends)."""

    words: list[str]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def tokens_of(text: str) -> Tokens:
    """All tokens of `text` in order. A line break with the white space after it is one token."""
    pieces = _TOKEN.split(text)  # what is between tokens, and tokens, in turns
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    ends = np.cumsum(lengths)[1::2]
    words, lengths = pieces[1::2], lengths[1::2]
    starts = ends - lengths
    if "\n" in text:
        words = ["\n" if word[0] == "\n" else word for word in words]
        ends = starts + np.fromiter(map(len, words), np.int64, len(words))
    return Tokens(words, starts, ends)


def is_han(word: str) -> bool:
    """Whether a token is a Chinese character."""
    return len(word) == 1 and ("\u4e00" <= word <= "\u9fff" or "\u3400" <= word <= "\u4dbf" or word in "々〇")
