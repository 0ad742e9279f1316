"""Random values of which keys are made that somebody may destroy: what the surrogates of a session hang on.

They are raw: whoever may not read calls may not find out which value a surrogate stands for either. Each is
sealed under a record of the ring, so that destroying it leaves no copy of the database that still opens it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable

from rightsizer.store.crypto import Cipher
from rightsizer.store.database import Database
from rightsizer.store.ring import KeyRing, ring_number

_KIND = "Salt"


class Salts:
    """Salts by name. One that was destroyed is never made again."""

    def __init__(self, database: Database, cipher: Cipher, ring: KeyRing) -> None:
        self._database = database
        self._cipher = cipher
        self._ring = ring

    def find_or_make(self, name: str, size: int, *, earlier: bytes | None = None) -> bytes | None:
        """The salt of this name, `size` random bytes (or `earlier`) at first use; None if destroyed.

        Raises `AccessDenied` without the key of raw calls.
        """
        key = self._key(name)
        rows = self._database.rows("SELECT body FROM records WHERE kind = ? AND key = ?", (_KIND, key))
        if rows:
            blob = rows[0][0]
        else:
            self._cipher.key_of("call")
            with self._database.write() as connection:
                blob = self._kept(connection, key, earlier or secrets.token_bytes(size))
        return None if self._ring.is_destroyed(blob) else self._ring.open(blob, "salt", key.hex())

    def destroy(self, names: Iterable[str]) -> int:
        """Destroy these for good, also those that were never made; how many there were. Safe to repeat."""
        keys = sorted({self._key(name) for name in names})
        if not keys:
            return 0
        with self._database.write() as connection:
            blobs = [self._kept(connection, key, b"") for key in keys]
        self._ring.destroy(number for blob in blobs if (number := ring_number(blob)) is not None)
        return len(keys)

    def _kept(self, connection: sqlite3.Connection, key: bytes, new: bytes) -> bytes:
        """What is kept under `key`, inside a write transaction: of two processes the first one's counts."""
        sql = "SELECT body FROM records WHERE kind = ? AND key = ?"
        rows = connection.execute(sql, (_KIND, key)).fetchall()
        if rows:
            return bytes(rows[0][0])
        blob = self._ring.seal(new, "salt", key.hex())
        sql = "INSERT INTO records (kind, key, body) VALUES (?, ?, ?)"
        connection.execute(sql, (_KIND, key, blob))
        return blob

    def _key(self, name: str) -> bytes:
        return self._cipher.address("salt", name.encode("utf-8", "surrogatepass"))
