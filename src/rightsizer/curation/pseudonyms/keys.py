"""Keys of sessions, and choices drawn from them.

A session's key is HMAC-SHA256 (RFC 2104) over tenant, session and a random salt, under a key of the
store. The salt lies in the store; who destroys it makes the session's surrogates irreversible, and
nobody can draw the same ones again.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

SALT_BYTES = 16


def session_key(master: bytes, tenant: str, session: str, salt: bytes) -> bytes:
    """The 32-byte key of one session; other words, another salt or another master give another key."""
    named = (name.encode("utf-8", "surrogatepass") for name in (tenant, session))
    return hmac.digest(master, _framed(*named, salt), "sha256")


_REDRAWS = 32


class Draw:
    """A deterministic stream of choices: HMAC-SHA256 of the key over the context and a counter.

    `avoid` says which options are better not picked (words of the session).
    """

    def __init__(
        self, key: bytes, *context: str | int, avoid: Callable[[object], bool] = lambda _: False
    ) -> None:
        self._key = key
        self._avoid = avoid
        self._context = _framed(*(str(c).encode("utf-8", "surrogatepass") for c in context))
        self._count = 0
        self._bytes = b""

    def below(self, n: int) -> int:
        """A number in [0, n)."""
        if len(self._bytes) < 8:
            block = self._context + self._count.to_bytes(4, "big")
            self._bytes += hmac.digest(self._key, block, "sha256")
            self._count += 1
        taken, self._bytes = self._bytes[:8], self._bytes[8:]
        return int.from_bytes(taken, "big") % n

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, none to be avoided as long as there are others."""
        chosen = options[self.below(len(options))]
        for _ in range(_REDRAWS):
            if not self._avoid(chosen):
                break
            chosen = options[self.below(len(options))]
        return chosen


def _framed(*pieces: bytes) -> bytes:
    """Pieces with their lengths, so that no two lists give the same bytes."""
    return b"".join(len(p).to_bytes(4, "big") + p for p in pieces)
