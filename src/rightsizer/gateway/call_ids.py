"""Ids of calls, as `new_id` makes them: of one worker, with randomness asked for in large pieces."""

from __future__ import annotations

import os
import time

_IDS_A_PIECE = 512
_VERSION = bytes(0x70 | byte & 0x0F for byte in range(256))
_VARIANT = bytes(0x80 | byte & 0x3F for byte in range(256))


class CallIds:
    """Not to be taken through a fork: both sides would give out the same ids."""

    def __init__(self, prefix: str = "call") -> None:
        self._prefix = prefix
        self._tails: list[str] = []
        self._ms, self._head = 0, ""

    def new(self) -> str:
        """``<prefix>_<UUIDv7>`` (RFC 9562 §5.7)."""
        ms = time.time_ns() // 1_000_000
        if ms != self._ms:
            text = f"{ms:012x}"
            self._ms, self._head = ms, f"{self._prefix}_{text[:8]}-{text[8:]}-"
        if not self._tails:
            self._tails = _random_tails()
        return self._head + self._tails.pop()


def _random_tails() -> list[str]:
    """What follows the time in so many ids. Column by column: a tenth of the work of one by one."""
    version, variant = bytearray(os.urandom(2 * _IDS_A_PIECE)), bytearray(os.urandom(2 * _IDS_A_PIECE))
    version[::2] = version[::2].translate(_VERSION)
    variant[::2] = variant[::2].translate(_VARIANT)
    columns = (version.hex("-", 2), variant.hex("-", 2), os.urandom(6 * _IDS_A_PIECE).hex("-", 6))
    return list(map("-".join, zip(*(column.split("-") for column in columns), strict=True)))
