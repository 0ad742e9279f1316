"""Heads of requests that llhttp has read before: a client sends the same one with every call but for its
length.

The memo is asked with the exact bytes of a head without the digits of its Content-Length. It holds only heads
that llhttp has accepted, of requests that were let in, with one Content-Length, on a connection to be kept.
So a hit says what llhttp would say, for a tenth of the work. Whether the caller may call is asked every time.
"""

from __future__ import annotations

from typing import NamedTuple

from rightsizer.gateway.incoming import Incoming

_MAX_HEADS = 256
_MAX_HEAD_BYTES = 8 << 10
_MAX_DIGITS = 10
_NAMES = (b"\r\nContent-Length: ", b"\r\ncontent-length: ")


class Split(NamedTuple):
    """A head taken apart: `key` is all but the digits of its Content-Length, which stood at `digits_at`."""

    key: bytes
    digits_at: int
    length: int
    body_at: int


def split_head(data: bytes) -> Split | None:
    """The POST head at the start of `data`, or None if it is not whole or not written as clients write it."""
    if not data.startswith(b"POST "):
        return None
    end = data.find(b"\r\n\r\n", 0, _MAX_HEAD_BYTES)
    if end < 0:
        return None
    for name in _NAMES:
        at = data.find(name, 0, end)
        if at >= 0:
            break
    else:
        return None
    start = at + len(name)
    stop = data.find(b"\r", start, end + 1)
    digits = data[start:stop]
    if not digits.isdigit() or len(digits) > _MAX_DIGITS:
        return None
    return Split(data[:start] + data[stop:end], start, int(digits), end + 4)


class LastHead:
    """The head a connection sent last, told apart from others without being taken apart.

    `read` finds what `split_head` and then the memo would: all bytes but the digits are equal.
    """

    __slots__ = ("_after", "_before", "incoming")

    def __init__(self, split: Split, incoming: Incoming) -> None:
        self._before = split.key[: split.digits_at]
        self._after = split.key[split.digits_at :] + b"\r\n\r\n"
        self.incoming = incoming

    def read(self, data: bytes) -> tuple[int, int] | None:
        """(length of the body, where it begins) if `data` starts with this head."""
        if not data.startswith(self._before):
            return None
        start = len(self._before)
        stop = data.find(b"\r", start, start + _MAX_DIGITS + 1)
        digits = data[start:stop]
        if stop < 0 or not digits.isdigit() or not data.startswith(self._after, stop):
            return None
        return int(digits), stop + len(self._after)


class KnownHeads:
    """The memo of one worker; forgets all when it is full, for heads that never come again."""

    def __init__(self) -> None:
        self._heads: dict[tuple[bytes, str], Incoming] = {}

    def __len__(self) -> int:
        return len(self._heads)

    def find(self, key: bytes, address: str) -> Incoming | None:
        """The request that had this head and came from this address."""
        return self._heads.get((key, address))

    def learn(self, split: Split, address: str, incoming: Incoming) -> None:
        """Remember a request that llhttp has read and that was let in."""
        lengths = [value for name, value in incoming.headers if name == b"content-length"]
        names = {name for name, _ in incoming.headers}
        if lengths != [b"%d" % split.length] or not incoming.keep_alive or not names.isdisjoint(_NOT_THESE):
            return
        if len(self._heads) >= _MAX_HEADS:
            self._heads.clear()
        known = incoming.again(b"")
        known.spender = None
        self._heads[split.key, address] = known


_NOT_THESE = frozenset((b"transfer-encoding", b"expect", b"upgrade"))
