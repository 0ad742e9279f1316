"""What a surrogate must not be: any value of the session, or another's surrogate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from operator import add

from rightsizer.curation.pii import narrow

_OTHER = re.compile(r"[^\x00-\x7f]{2,}")
_TOKEN = re.compile(r"[a-z0-9]+")
_IGNORED = 3  # shorter tokens are everywhere and name nobody


class Taken:
    """Words and numbers that occur in a session, and surrogates already given."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts: list[str] = []  # those that hold more than ASCII: of others the words tell all
        self._tokens: set[str] = set()
        for text in texts:
            low = lowered(narrow(text))
            self._tokens.update(_TOKEN.findall(low))
            if not low.isascii():
                self._texts.append(low)
        self._pairs = _pairs_of(self._texts)
        self._given: set[str] = set()
        self._held: dict[str, bool] = {}

    def holds(self, word: object) -> bool:
        """Whether a Chinese word of two signs and more, its level (市, 区 …) aside, stands in the session."""
        if not isinstance(word, str) or word.isascii() or len(word) < 2:
            return False
        if word not in self._held:
            name = word.rstrip("省市区县") if len(word) > 2 else word
            self._held[word] = self._stands(name)
        return self._held[word]

    def is_free(self, surrogate: str, original: str) -> bool:
        """Whether the surrogate is new to the session: as a whole and in every word that changed."""
        low = lowered(surrogate)
        if low in self._given or low == lowered(original):
            return False
        kept = set(_TOKEN.findall(lowered(narrow(original))))
        for token in _TOKEN.findall(low):
            if token not in kept and (len(token) > _IGNORED or token == low) and token in self._tokens:
                return False
        return surrogate.isascii() or not self._stands(low)

    def _stands(self, word: str) -> bool:
        """Whether a word stands in the session; most are told by their pairs of signs, without a search."""
        if any(a + b not in self._pairs for a, b in pairwise(word) if a > "\x7f" and b > "\x7f"):
            return False
        return any(word in text for text in self._texts)

    def give(self, surrogate: str) -> str:
        """Note a surrogate as given."""
        self._given.add(lowered(surrogate))
        return surrogate


def _pairs_of(texts: Iterable[str]) -> set[str]:
    """Every two signs outside ASCII that stand side by side."""
    pairs: set[str] = set()
    for text in texts:
        for run in () if text.isascii() else _OTHER.findall(text):
            pairs.update(map(add, run, run[1:]))
    return pairs


def lowered(text: str) -> str:
    """Lower case, sign by sign: the same length, so the same offsets."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
