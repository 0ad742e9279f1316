"""Entries packed, compressed and sealed together.

One seal and one zstd frame an entry would cost more than most entries hold. So what one transaction
adds becomes one *block* of each kind; inside it, zstd also finds what consecutive entries share (a
call's list of messages is nearly that of the call before), which makes explicit deltas needless.
Blocks never change, except that runs of small ones (a live gateway writes one call at a time) are
merged into larger ones, keeping the entries' numbers; and that what is forgotten is rewritten empty.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import zstandard

from rightsizer.errors import StoreError
from rightsizer.store.cache import WeightedCache
from rightsizer.store.database import Database
from rightsizer.store.ring import KeyRing, ring_number

Kind = Literal["call", "item"]

_LEVEL = 9
# The compressor's tables: 1.8 MB instead of 10.7 for a block of a megabyte, at nearly the same ratio.
_HASH_LOG, _CHAIN_LOG = 18, 17
_CACHE_BYTES = 48 << 20
SMALL_BYTES = 64 << 10
MERGE_RUN = 32


@dataclass(frozen=True)
class Block:
    """Entries `first` … `first + len(offsets) - 2`, decompressed."""

    first: int
    offsets: tuple[int, ...]
    data: bytes

    def __contains__(self, entry: int) -> bool:
        return self.first <= entry < self.first + len(self.offsets) - 1

    def entry(self, entry: int) -> bytes:
        """The bytes of one entry."""
        at = entry - self.first
        return self.data[self.offsets[at] : self.offsets[at + 1]]

    def entries(self) -> list[bytes]:
        """All entries in order."""
        return [self.data[a:b] for a, b in zip(self.offsets, self.offsets[1:], strict=False)]


def compress(data: bytes) -> bytes:
    """One zstd frame that knows its size."""
    usual = zstandard.ZstdCompressionParameters.from_level(_LEVEL, source_size=len(data))
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL,
        source_size=len(data),
        hash_log=min(usual.hash_log, _HASH_LOG),
        chain_log=min(usual.chain_log, _CHAIN_LOG),
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def decompress(data: bytes) -> bytes:
    """Inverse of `compress`."""
    return zstandard.ZstdDecompressor().decompress(data)


def pack(entries: Sequence[bytes]) -> bytes:
    """Count, lengths, then the entries one after the other (little-endian 32 bit)."""
    return struct.pack(f"<I{len(entries)}I", len(entries), *map(len, entries)) + b"".join(entries)


def unpack(first: int, packed: bytes) -> Block:
    """Inverse of `pack`."""
    (count,) = struct.unpack_from("<I", packed)
    position = 4 + 4 * count
    offsets = [position]
    for length in struct.unpack_from(f"<{count}I", packed, 4):
        position += length
        offsets.append(position)
    return Block(first, tuple(offsets), packed)


class Blocks:
    """The blocks of one kind in one store."""

    def __init__(self, database: Database, ring: KeyRing, kind: Kind) -> None:
        self._database = database
        self._ring = ring
        self._kind = kind
        self._cache: WeightedCache[Block] = WeightedCache(_CACHE_BYTES)
        self._latest: Block | None = None
        self._lock = threading.Lock()

    def next_entry(self) -> int:
        """The number the next entry will get; call it inside a write transaction."""
        sql = "SELECT first + count FROM blocks WHERE kind = ? ORDER BY first DESC LIMIT 1"
        rows = self._database.rows(sql, (self._kind,))
        return int(rows[0][0]) if rows else 1

    def add(self, connection: sqlite3.Connection, first: int, entries: Sequence[bytes]) -> None:
        """Write entries `first` … as one block, inside the caller's transaction."""
        packed = pack(entries)
        body = self._ring.seal(compress(packed), self._kind, first, len(entries))
        connection.execute(
            "INSERT INTO blocks (kind, first, count, size, body) VALUES (?, ?, ?, ?, ?)",
            (self._kind, first, len(entries), len(packed), body),
        )

    def merge_small(self, connection: sqlite3.Connection) -> None:
        """Merge the last blocks into one if they are many and small, inside the caller's transaction."""
        sql = "SELECT first, size FROM blocks WHERE kind = ? ORDER BY first DESC LIMIT ?"
        rows = connection.execute(sql, (self._kind, MERGE_RUN)).fetchall()
        if len(rows) < MERGE_RUN or any(size > SMALL_BYTES for _, size in rows):
            return
        start = rows[-1][0]
        entries: list[bytes] = []
        sql = "SELECT first, count, body FROM blocks WHERE kind = ? AND first >= ? ORDER BY first"
        for first, count, body in connection.execute(sql, (self._kind, start)).fetchall():
            entries += self._open(first, count, body).entries()
            number = ring_number(body)
            if number is not None:
                sql = "INSERT OR REPLACE INTO retired (ring, kind, first, count) VALUES (?, ?, ?, ?)"
                connection.execute(sql, (number, self._kind, first, count))
        connection.execute("DELETE FROM blocks WHERE kind = ? AND first >= ?", (self._kind, start))
        self.add(connection, start, entries)

    def read(self, entry: int) -> bytes:
        """The bytes of one entry. Raises `StoreError` if it is not there."""
        latest = self._latest
        if latest is None or entry not in latest:
            latest = self._latest = self._find(entry)
        data = latest.entry(entry)
        if not data:
            raise StoreError(
                f"{self._kind} {entry} was forgotten while it was being read",
                hint="run the same command again",
                retryable=True,
            )
        return data

    def erase(self, connection: sqlite3.Connection, entries: set[int]) -> set[int]:
        """Rewrite the blocks that hold `entries` without their bytes, under new keys.

        Inside the caller's transaction. Gives the ring numbers of all keys that ever sealed one of them.
        """
        keys: set[int] = set()
        sql = "SELECT first, count FROM blocks WHERE kind = ? ORDER BY first"
        for first, count in connection.execute(sql, (self._kind,)).fetchall():
            gone = entries.intersection(range(first, first + count))
            if not gone:
                continue
            sql = "SELECT body FROM blocks WHERE kind = ? AND first = ?"
            (body,) = connection.execute(sql, (self._kind, first)).fetchone()
            number = ring_number(body)
            keys |= {number} if number is not None else set()
            kept = self._open(first, count, body).entries()
            for entry in gone:
                kept[entry - first] = b""
            connection.execute("DELETE FROM blocks WHERE kind = ? AND first = ?", (self._kind, first))
            self.add(connection, first, kept)
        return keys | self._retired(connection, entries)

    def _retired(self, connection: sqlite3.Connection, entries: set[int]) -> set[int]:
        sql = "SELECT ring, first, count FROM retired WHERE kind = ?"
        rows = connection.execute(sql, (self._kind,)).fetchall()
        return {ring for ring, first, count in rows if not entries.isdisjoint(range(first, first + count))}

    def forget_cached(self) -> None:
        """Drop every decoded block from memory."""
        self._latest = None
        self._cache = WeightedCache(_CACHE_BYTES)

    def _find(self, entry: int) -> Block:
        sql = "SELECT first, count FROM blocks WHERE kind = ? AND first <= ? ORDER BY first DESC LIMIT 1"
        with self._lock, self._database.read():
            rows = self._database.rows(sql, (self._kind, entry))
            if not rows or entry >= rows[0][0] + rows[0][1]:
                raise StoreError(f"{self._kind} {entry} is missing from the store", hint="restore a backup")
            first = rows[0][0]
            block = self._cache.get(first)
            if block is not None and entry in block:
                return block
            sql = "SELECT count, body FROM blocks WHERE kind = ? AND first = ?"
            count, body = self._database.rows(sql, (self._kind, first))[0]
            block = self._open(first, count, body)
            self._cache.put(first, block, len(block.data))
            return block

    def _open(self, first: int, count: int, body: bytes) -> Block:
        return unpack(first, decompress(self._ring.open(body, self._kind, first, count)))
