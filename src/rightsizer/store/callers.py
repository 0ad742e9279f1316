"""Keyed pseudonyms of who calls: one value has one pseudonym in all of a store, and none says whose it is.

Whoever knows a value and may open the store can find what was recorded of it (`CallerNames.known_as`);
nobody else learns more than that two calls are of the same one.
"""

from __future__ import annotations

import hashlib
import re

PREFIX = "pseudonym-"
_MADE = re.compile(PREFIX + "[0-9a-f]{24}")


class CallerNames:
    """`key` is the store's (`SqliteStore.caller_key`), the same for every role and after a rotation."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of_origin(self, who: bytes) -> str:
        """What stands for the key or the address that a call came with."""
        return self._digest(b"gateway-origin", who, 9)

    def of_user(self, value: str) -> str:
        """What stands for the name of a caller's user; a pseudonym stays as it is."""
        if _MADE.fullmatch(value):
            return value
        return PREFIX + self._digest(b"gateway-user", value.encode("utf-8", "surrogatepass"), 12)

    def known_as(self, value: str) -> tuple[str, ...]:
        """Everything under which a user, an API key or an address may stand in a record; itself first."""
        raw = value.encode("utf-8", "surrogatepass")
        return (value, self.of_user(value), self.of_origin(raw), self.of_origin(b"Bearer " + raw))

    def _digest(self, purpose: bytes, value: bytes, size: int) -> str:
        return hashlib.blake2b(value, key=self._key, digest_size=size, person=purpose).hexdigest()
