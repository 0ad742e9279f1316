"""One SQLite connection: transactions, and SQLite's errors in our words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rightsizer.errors import StoreBusy, StoreError

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_LOOKUP_CHUNK = 500


def translate(error: sqlite3.Error, path: Path) -> StoreError:
    """The error of this package that says what `error` means for the store at `path`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return StoreBusy(
            f"another process is writing to the store {path}",
            hint="wait until it has finished, then try again",
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            f"the disk is full: nothing of the last step was written to {path}",
            hint="free some space, then run the same command again: what is stored already is skipped",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"the disk refused to read or write {path}: {error}", hint="check the free space and the disk"
        )
    if code == sqlite3.SQLITE_READONLY:
        return StoreError(f"the store {path} is open for reading only", hint="open it with read_only=False")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreError(
            f"{path} is not a rightsizer store, or is damaged: {error}",
            hint="restore the folder from a backup",
        )
    return StoreError(f"the store {path} cannot do this: {error}", hint="see the message of SQLite above")


class Database:
    """A connection shared by the parts of a store and by threads; one statement or transaction at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query, from one snapshot."""
        with self._lock, self._translated():
            return self._connection.execute(sql, arguments).fetchall()

    def lookup(self, sql: str, keys: Iterable[bytes]) -> list[Any]:
        """Rows of a query whose ``{keys}`` is a list of any length."""
        wanted = list(keys)
        found: list[Any] = []
        for start in range(0, len(wanted), _LOOKUP_CHUNK):
            chunk = wanted[start : start + _LOOKUP_CHUNK]
            found += self.rows(sql.replace("{keys}", ",".join("?" * len(chunk))), chunk)
        return found

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it on a normal exit, nothing of it on an error."""
        with self._lock, self._translated():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[None]:
        """Several queries from one snapshot."""
        with self._lock, self._translated():
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def clear_log(self) -> bool:
        """Fold the write-ahead log into the database and empty it. False if a reader is in the way."""
        with self._lock, self._translated():
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Release; harmless when closed already."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
