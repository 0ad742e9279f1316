"""A new key-encryption key, without touching a blob: the few keys it wraps are wrapped again.

Safe at every instant: the new key is on the disk (``keys/store.next``) before the database changes, the
database changes in one transaction, and only then does the new file take the place of the old one, whose
bytes are overwritten. Whoever opens the store in between tries both files and ends the rotation.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
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
from rightsizer.store.passphrase import VARIABLE, is_wrapped


@contextmanager
def rotating(home: Path) -> Iterator[None]:
    """One rotation at a time: a second process waits until the first has ended."""
    folder = os.open(key_path(home).parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def new_key(home: Path, passphrase: str = "") -> bytes:
    """The key to rotate to, made and on the disk, behind `passphrase` if one is given.

    Inside `rotating`, and only when the store opens with the present key: what a rotation that was cut off
    left is then no store's key; it is used again if it opens, and replaced if not.
    """
    path = next_key_path(home)
    if path.exists() and is_wrapped(path.read_bytes()) == bool(passphrase):
        with contextlib.suppress(KeyMismatch):  # of a rotation that was cut off: taken up again
            return read_key_file(path, {VARIABLE: passphrase}, ask=False)
    path.unlink(missing_ok=True)
    create_key_file(path, passphrase)
    return read_key_file(path, {VARIABLE: passphrase}, ask=False)


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
        with contextlib.suppress(FileNotFoundError):  # another process was first
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
    following = next_key_path(home)
    try:
        keys = open_keys(connection, kek)
        is_next = from_file and following.exists() and _holds(following, kek)
    except KeyMismatch:
        if not from_file or not following.exists():
            raise
        kek = read_key_file(following)
        keys = open_keys(connection, kek)
        is_next = True
    if finish and is_next:
        adopt_new_key(home)
    return keys, kek


def _holds(path: Path, kek: bytes) -> bool:
    """Whether a key file holds this key; not if it opens with another passphrase or is gone by now."""
    with contextlib.suppress(KeyMismatch, OSError):
        return read_key_file(path, ask=False) == kek
    return False
