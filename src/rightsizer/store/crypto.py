"""Sealing blobs: AES-256-GCM under data keys, bound to their place; keyed content addresses.

Envelope encryption (NIST SP 800-57 wording): a *key-encryption key* (KEK) that lives outside the
database wraps random *data keys* that live in it. Every blob names its data key, so keys can be
rotated by rewrapping. There is one data key a *compartment* (raw calls, curated copies, models), so that a
role's key can open some and not others; blocks of calls have keys of their own besides (`ring`).

The associated data of every blob holds the store's id and where the blob belongs, so a blob that is
moved to another row, table or store no longer opens.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rightsizer.errors import AccessDenied, KeyMismatch, StoreError
from rightsizer.store.roles import Compartment

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"
_HEADER_BYTES = 1 + 4 + NONCE_BYTES


def wrap_key(kek: bytes, data_key: bytes, where: bytes) -> bytes:
    """`data_key` sealed under the KEK; `where` (store id, purpose, key id) must be the same to unwrap."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(kek).encrypt(nonce, data_key, where)


def unwrap_key(kek: bytes, wrapped: bytes, where: bytes) -> bytes:
    """Inverse of `wrap_key`. Raises `KeyMismatch` if this KEK did not wrap it."""
    try:
        return AESGCM(kek).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], where)
    except InvalidTag:
        raise KeyMismatch(
            "the key does not open this store",
            hint="use the key the store was made with: <home>/keys/store.key, or RIGHTSIZER_KEY",
        ) from None


def key_fingerprint(kek: bytes) -> str:
    """A name for a KEK that gives nothing of it away (first 16 hex digits of its SHA-256)."""
    return hashlib.sha256(b"rightsizer-kek" + kek).hexdigest()[:16]


_RAW = frozenset({"call", "item", "rejected", "aside"})


def compartment_of(kind: str | int) -> Compartment:
    """Raw: calls, messages, unreadable lines, marks (they may quote). Curated: copies. The rest: models."""
    return "raw" if kind in _RAW else "curated" if kind == "curated" else "models"


def _denied(compartment: Compartment) -> AccessDenied:
    return AccessDenied(
        f"this key does not open the compartment '{compartment}'",
        hint="use the key of a role that may: rightsizer keys list",
    )


@dataclass(frozen=True)
class Cipher:
    """Seals, opens and addresses the blobs of one store.

    `data_keys` are by id; new blobs use the `current` one of their compartment. A role that may not
    see a compartment lacks its key. `address_key` never changes in a store's life, so that equal
    content keeps its address through key rotation.
    """

    store_id: bytes
    data_keys: Mapping[int, AESGCM]
    current: Mapping[Compartment, int]
    address_key: bytes
    withheld: frozenset[int] = frozenset()

    def seal(self, data: bytes, *where: str | int) -> bytes:
        """`data` encrypted, openable only with the same `where` (table, row key, …) in this store."""
        key = self.key_of(where[0])
        header = _VERSION + self.current[compartment_of(where[0])].to_bytes(4, "big")
        nonce = os.urandom(NONCE_BYTES)
        sealed = key.encrypt(nonce, data, self.bound(header, where))
        return header + nonce + sealed

    def open(self, blob: bytes, *where: str | int) -> bytes:
        """Inverse of `seal`.

        Raises `StoreError` if the blob was altered or belongs elsewhere, `AccessDenied` without its key.
        """
        header = blob[:5]
        number = int.from_bytes(header[1:], "big")
        if header[:1] == _VERSION and number in self.withheld:
            raise _denied(compartment_of(where[0]))
        key = self.data_keys.get(number) if header[:1] == _VERSION else None
        if key is None or len(blob) < _HEADER_BYTES:
            raise StoreError(f"a blob of the store is damaged or newer than this program, at {where}")
        try:
            return key.decrypt(blob[5:_HEADER_BYTES], blob[_HEADER_BYTES:], self.bound(header, where))
        except InvalidTag:
            raise StoreError(
                f"a blob of the store was altered or moved, at {where}",
                hint="restore the store folder from a backup",
            ) from None

    def address(self, kind: str, content: bytes, size: int = 16) -> bytes:
        """Keyed content address (BLAKE2b, RFC 7693): equal only for equal kind and content."""
        return hashlib.blake2b(
            content, digest_size=size, key=self.address_key, person=kind.encode()[:16]
        ).digest()

    def key_of(self, kind: str | int) -> AESGCM:
        """The current key of the compartment of a kind of blob. Raises `AccessDenied` without it."""
        key = self.data_keys.get(self.current[compartment_of(kind)])
        if key is None:
            raise _denied(compartment_of(kind))
        return key

    def bound(self, header: bytes, where: tuple[str | int, ...]) -> bytes:
        """The associated data of a seal: its header, this store, and the blob's place in it."""
        return header + self.store_id + "\x1f".join(map(str, where)).encode()
