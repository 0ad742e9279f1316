"""A new key-encryption key, without touching a blob: the few keys it wraps are wrapped again.

Safe at every instant: the new key is on the disk (``keys/store.next``) before the database changes, the
database changes in one transaction, and only then does the new file take the place of the old one, whose
bytes are overwritten. Whoever opens the store in between tries both files and ends the rotation.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from rightsizer.errors import KeyMismatch
from rightsizer.store.crypto import key_fingerprint, unwrap_key, wrap_key
from rightsizer.store.keys import (
    bound_to,
    create_key_file,
    key_path,
    next_key_path,
    open_keys,
    read_key_file,
    store_id_of,
)


def new_key(home: Path) -> bytes:
    """The key to rotate to, made and on the disk; that of a rotation that was cut off is used again."""
    path = next_key_path(home)
    if not path.exists():
        create_key_file(path)
    return read_key_file(path)


def rewrap(connection: sqlite3.Connection, old: bytes, new: bytes) -> int:
    """Put every key of the store under a new KEK, inside the caller's transaction; blobs stay as they are.

    Gives the number of keys rewrapped. Raises `KeyMismatch` if `old` is not the store's key.
    """
    store_id = store_id_of(connection)
    rows = connection.execute("SELECT id, purpose, wrapped FROM keys").fetchall()
    for key_id, purpose, wrapped in rows:
        where = bound_to(store_id, purpose, key_id)
        again = wrap_key(new, unwrap_key(old, wrapped, where), where)
        connection.execute(
            "UPDATE keys SET wrapped = ?, kek = ? WHERE id = ?", (again, key_fingerprint(new), key_id)
        )
    return len(rows)


def adopt_new_key(home: Path) -> None:
    """The new key file takes the place of the old one, whose bytes are overwritten. Safe to repeat."""
    path, following = key_path(home), next_key_path(home)
    if not following.exists():
        return
    old = os.open(path, os.O_RDWR) if path.exists() else None
    try:
        os.replace(following, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        if old is not None:
            os.pwrite(old, bytes(os.fstat(old).st_size), 0)
            os.fsync(old)
    finally:
        if old is not None:
            os.close(old)


def open_in_rotation(
    connection: sqlite3.Connection, home: Path, kek: bytes, *, from_file: bool, finish: bool
) -> tuple[dict[int, tuple[str, bytes]], bytes]:
    """The store's keys and the KEK that opened them: `kek`, or that of a rotation that was cut off.

    Raises `KeyMismatch` if neither is the store's key.
    """
    try:
        return open_keys(connection, kek), kek
    except KeyMismatch:
        if not from_file or not next_key_path(home).exists():
            raise
        kek = read_key_file(next_key_path(home))
        keys = open_keys(connection, kek)
    if finish:
        adopt_new_key(home)
    return keys, kek
