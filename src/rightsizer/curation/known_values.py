"""Where known values stand in a text, read once however many values there are: by their first words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_TOKEN = re.compile(r"[A-Za-z0-9]+|[^\x00-\x7f]")
_FEW = 24  # so many are looked for one by one


class KnownValues:
    """Values as whole words where they begin or end with a Latin sign; the longest at each place."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = sorted(set(values), key=lambda v: (-len(v), v))
        self._set = frozenset(self._values)
        # First word → (signs before it, length) of the values with it, the longest first.
        self._by_token: dict[str, dict[tuple[int, int], None]] = {}
        for value in self._values:
            token = _TOKEN.search(value)
            if token is not None:
                self._by_token.setdefault(token[0], {})[token.start(), len(value)] = None

    def any_in(self, text: str) -> bool:
        """Whether one may be in `text`; False is sure."""
        if len(self._values) <= _FEW:
            return any(value in text for value in self._values)
        return next(self.places(text), None) is not None

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """[start, end) of each, left to right, none overlapping."""
        by_token, end = self._by_token, 0
        if not by_token:
            return
        for token in _TOKEN.finditer(text):
            for before, length in by_token.get(token[0], ()):
                start = token.start() - before
                stop = start + length
                if (
                    end <= start
                    and stop <= len(text)
                    and text[start:stop] in self._set
                    and _stands_alone(text, start, stop)
                ):
                    end = stop
                    yield start, stop
                    break


def _stands_alone(text: str, start: int, stop: int) -> bool:
    if _latin(text[start]) and start and _latin(text[start - 1]):
        return False
    return not (_latin(text[stop - 1]) and stop < len(text) and _latin(text[stop]))


def _latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
