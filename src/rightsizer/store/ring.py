"""One key for each block, kept outside the database, so that a block can be made unreadable for good.

``<home>/keys/blocks.ring`` is a header and records of fixed size: record *n* is the key of the blocks that
name *n*, wrapped under the store's raw data key. To forget is to overwrite records with zeros: whatever
copy of the database is left (write-ahead log, free pages, backups), what those keys sealed no longer opens.
A backup of the database is restored with *today's* ring, and what was forgotten since stays forgotten.

The salts of surrogates have a record each too. Masked copies of datasets have a ring of their own,
``keys/curated.ring``, under the key of their compartment: whoever reads them may not read raw calls.

Records are added inside the database's write transaction (one writer at a time) and are on the disk before
the block that needs them is committed. A few are made ahead, so that most blocks cost no extra sync.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rightsizer.errors import StoreError
from rightsizer.store.crypto import KEY_BYTES, NONCE_BYTES, Cipher

_HEADER = b"RZRING\x01".ljust(16, b"\0")
_RECORD = NONCE_BYTES + KEY_BYTES + 16
_AHEAD = 16
_BLOB_VERSION = b"\x02"
_BLOB_HEADER = 1 + 4 + NONCE_BYTES
_RESTORE = "put the ring in keys/ back from a backup that is not older than the store"


def ring_path(home: Path) -> Path:
    """The ring of a home's calls, messages and salts."""
    return home / "keys" / "blocks.ring"


def curated_ring_path(home: Path) -> Path:
    """The ring of a home's masked copies of datasets."""
    return home / "keys" / "curated.ring"


def ring_number(blob: bytes) -> int | None:
    """The record that a block's blob names; None for the first format, which had no key of its own."""
    return int.from_bytes(blob[1:5], "big") if blob[:1] == _BLOB_VERSION else None


class KeyRing:
    """Seals and opens blocks, each under a key of its own. The file may be replaced between two uses."""

    def __init__(self, path: Path, cipher: Cipher, kind: str = "call") -> None:
        """`kind` of blob: its compartment's key wraps the records."""
        self._path = path
        self._cipher = cipher
        self._kind = kind
        self._spare: list[tuple[int, bytes]] = []
        self._keys: dict[int, AESGCM] = {}

    def seal(self, data: bytes, *where: str | int) -> bytes:
        """`data` sealed under a new key. Call it inside a write transaction."""
        if not self._spare:
            self._make_spares()
        number, key = self._spare.pop()
        header = _BLOB_VERSION + number.to_bytes(4, "big")
        nonce = os.urandom(NONCE_BYTES)
        return header + nonce + AESGCM(key).encrypt(nonce, data, self._cipher.bound(header, where))

    def open(self, blob: bytes, *where: str | int) -> bytes:
        """Inverse of `seal`; opens blobs of the first format too.

        Raises `StoreError` if the blob was altered, moved or forgotten, `AccessDenied` without the raw key.
        """
        number = ring_number(blob)
        if number is None or len(blob) < _BLOB_HEADER:
            return self._cipher.open(blob, *where)
        key = self._keys.get(number) or self._read(number)
        try:
            return key.decrypt(blob[5:_BLOB_HEADER], blob[_BLOB_HEADER:], self._cipher.bound(blob[:5], where))
        except InvalidTag:
            raise StoreError(
                f"a block of the store was altered or moved, at {where}",
                hint="restore the store folder from a backup",
            ) from None

    def _read(self, number: int) -> AESGCM:
        wrapping = self._cipher.key_of(self._kind)
        record = self._bytes_of(number)
        if not any(record):
            raise StoreError(
                "what was asked for was forgotten: its key is destroyed", hint="rightsizer deletions list"
            )
        try:
            key = AESGCM(wrapping.decrypt(record[:NONCE_BYTES], record[NONCE_BYTES:], self._bound(number)))
        except InvalidTag:
            raise StoreError(f"key {number} in {self._path} was altered", hint=_RESTORE) from None
        self._keys[number] = key
        return key

    def is_destroyed(self, blob: bytes) -> bool:
        """Whether the key that a blob names is destroyed. Raises `StoreError` if the ring lacks it."""
        number = ring_number(blob)
        return number is not None and not any(self._bytes_of(number))

    def _bytes_of(self, number: int) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            raise StoreError(
                f"the keys of the store's blocks are missing: {self._path}", hint=_RESTORE
            ) from None
        try:
            record = os.pread(descriptor, _RECORD, _offset(number))
        finally:
            os.close(descriptor)
        if len(record) < _RECORD:
            raise StoreError(f"{self._path} is older than the store: it lacks key {number}", hint=_RESTORE)
        return record

    def _make_spares(self) -> None:
        wrapping = self._cipher.key_of(self._kind)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                if size < len(_HEADER):
                    os.pwrite(descriptor, _HEADER, 0)
                first = max(0, size - len(_HEADER) + _RECORD - 1) // _RECORD  # after what was cut off halfway
                made = [(first + n, secrets.token_bytes(KEY_BYTES)) for n in range(_AHEAD)]
                data = b"".join(self._record(wrapping, number, key) for number, key in made)
                os.pwrite(descriptor, data, _offset(first))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(
                f"cannot write {self._path}: {error}", hint="check space and permissions"
            ) from error
        self._spare = made[::-1]

    def destroy(self, numbers: Iterable[int]) -> None:
        """Overwrite these records with zeros, for good, and wait until that is on the disk."""
        wanted = sorted(set(numbers))
        if not wanted:
            return
        try:
            descriptor = os.open(self._path, os.O_RDWR)
            try:
                for number in wanted:
                    os.pwrite(descriptor, bytes(_RECORD), _offset(number))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(
                f"cannot destroy keys in {self._path}: {error}",
                hint="the calls are out of the store; their keys are destroyed when it is next opened",
            ) from error
        for number in wanted:
            self._keys.pop(number, None)

    def _record(self, wrapping: AESGCM, number: int, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + wrapping.encrypt(nonce, key, self._bound(number))

    def _bound(self, number: int) -> bytes:
        return self._cipher.bound(b"ring", (number,))


def _offset(number: int) -> int:
    return len(_HEADER) + number * _RECORD
