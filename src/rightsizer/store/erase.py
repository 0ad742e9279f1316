"""Forgetting: calls, and the messages that no other call carries, are made unreadable for good.

In one transaction the blocks that hold them are rewritten without them, under new keys; rows, marks and
index entries go; what must not come back is remembered by keyed hash; and the numbers of all keys that
ever sealed the old blocks are written down as doomed. After the commit those keys are destroyed in the
ring. A crash in between is made up for when the store is next opened for writing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rightsizer.store import jsonbytes
from rightsizer.store.blocks import Blocks
from rightsizer.store.database import Database
from rightsizer.store.ring import KeyRing
from rightsizer.store.store import Erased

_CHUNK = 500


@dataclass(frozen=True)
class Doomed:
    """What goes: numbers of calls, keyed hashes that must not come back, unreadable lines."""

    calls: frozenset[int]
    tombstones: tuple[bytes, ...] = ()
    rejected: tuple[int, ...] = ()


def erase(database: Database, ring: KeyRing, calls: Blocks, items: Blocks, doomed: Doomed) -> Erased:
    """Make it so. Raises `StoreBusy` if another process writes."""
    with database.write() as connection:
        rows = connection.execute("SELECT entry FROM calls").fetchall()
        present = doomed.calls.intersection(row[0] for row in rows)  # another process may have been first
        lonely = _items_of_none_else(connection, calls, present)
        old = _old_format(connection)
        keys = calls.erase(connection, set(present)) | items.erase(connection, lonely)
        rewritten = old - _old_format(connection)
        _delete(connection, "DELETE FROM calls WHERE entry IN ({})", present)
        _delete(connection, "DELETE FROM aside WHERE call IN ({})", present)
        _delete(connection, "DELETE FROM assigned WHERE call IN ({})", present)
        _delete(connection, "DELETE FROM items WHERE entry IN ({})", lonely)
        _delete(connection, "DELETE FROM rejected WHERE number IN ({})", doomed.rejected)
        connection.executemany(
            "INSERT OR IGNORE INTO forgotten (key) VALUES (?)", [(key,) for key in doomed.tombstones]
        )
        connection.executemany("INSERT OR IGNORE INTO doomed (ring) VALUES (?)", [(key,) for key in keys])
        _bump(connection)
    destroy_doomed(database, ring)
    calls.forget_cached()
    items.forget_cached()
    cleared = database.clear_log()
    return Erased(len(present), len(lonely), len(doomed.rejected), len(keys), rewritten, log_cleared=cleared)


def destroy_doomed(database: Database, ring: KeyRing) -> None:
    """Destroy the keys that an erasure left to destroy. Safe to repeat; needs no key of the store."""
    numbers = [row[0] for row in database.rows("SELECT ring FROM doomed")]
    if not numbers:
        return
    ring.destroy(numbers)
    with database.write() as connection:
        _delete(connection, "DELETE FROM retired WHERE ring IN ({})", numbers)
        _delete(connection, "DELETE FROM doomed WHERE ring IN ({})", numbers)


def erasures(database: Database) -> int:
    """How often something was erased: what a process remembers of entries is stale when this changes."""
    rows = database.rows("SELECT value FROM meta WHERE name = 'erasures'")
    return int(rows[0][0]) if rows else 0


def references(body: Mapping[str, Any]) -> set[int]:
    """The items that a stored call names."""
    return {*body["q"], *(body[name] for name in ("T", "R", "a") if name in body)}


def _items_of_none_else(connection: sqlite3.Connection, calls: Blocks, doomed: Iterable[int]) -> set[int]:
    gone = set(doomed)
    lonely: set[int] = set()
    for entry in sorted(gone):
        lonely |= references(jsonbytes.load(calls.read(entry)))
    for (entry,) in connection.execute("SELECT entry FROM calls ORDER BY entry").fetchall():
        if not lonely:
            break
        if entry not in gone:
            lonely -= references(jsonbytes.load(calls.read(entry)))
    return lonely


def _old_format(connection: sqlite3.Connection) -> int:
    (n,) = connection.execute("SELECT count(*) FROM blocks WHERE substr(body, 1, 1) = x'01'").fetchone()
    return int(n)


def _delete(connection: sqlite3.Connection, sql: str, numbers: Iterable[int]) -> None:
    wanted: Sequence[int] = sorted(numbers)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        connection.execute(sql.format(",".join("?" * len(chunk))), chunk)


def _bump(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO meta (name, value) VALUES ('erasures', 1)"
        " ON CONFLICT (name) DO UPDATE SET value = value + 1"
    )
