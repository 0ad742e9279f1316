"""Ids of calls, as `new_id` makes them: of one worker, with randomness asked for in large pieces."""

from __future__ import annotations

import os
import time

_DIGITS = 19  # an id's own: 18 of randomness, and one of which two bits are
_IDS_A_PIECE = 512
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class CallIds:
    """Not to be taken through a fork: both sides would give out the same ids."""

    def __init__(self, prefix: str = "call") -> None:
        self._prefix = prefix
        self._random, self._at = "", 0
        self._ms, self._head = 0, ""

    def new(self) -> str:
        """``<prefix>_<UUIDv7>`` (RFC 9562 §5.7)."""
        ms = time.time_ns() // 1_000_000
        if ms != self._ms:
            text = f"{ms:012x}"
            self._ms, self._head = ms, f"{self._prefix}_{text[:8]}-{text[8:]}-7"
        at = self._at
        if at == len(self._random):
            self._random, at = os.urandom(_DIGITS * _IDS_A_PIECE // 2).hex(), 0
        self._at = end = at + _DIGITS
        r = self._random
        return f"{self._head}{r[at : at + 3]}-{_VARIANT[r[at + 3]]}{r[at + 4 : at + 7]}-{r[at + 7 : end]}"
