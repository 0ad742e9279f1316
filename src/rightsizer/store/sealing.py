"""Sealing to a public key: who holds it can write what only the holder of the private key can read.

X25519 with a key of the moment for each seal, HKDF-SHA256 over both public keys, then AES-256-GCM: the base
mode of HPKE (RFC 9180) in its parts, not its wire format. A machine that only records gets `SealTo` and
can read nothing, not even what it wrote a moment ago.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rightsizer.errors import KeyMismatch
from rightsizer.store.crypto import KEY_BYTES, unwrap_key, wrap_key


@dataclass(frozen=True)
class SealTo:
    """The public half. `pseudonym_key` is a secret of the recording side, for keyed hashes of who calls."""

    public: bytes
    pseudonym_key: bytes = field(repr=False)


@dataclass(frozen=True)
class OpenWith:
    """The private half."""

    private: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        """The public half as bytes."""
        return X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()


WritingKey = bytes | SealTo
ReadingKey = bytes | OpenWith


def wrap_for(key: WritingKey, data_key: bytes, where: bytes) -> bytes:
    """`data_key` wrapped under a symmetric key, or sealed to a public one; bound to `where`."""
    if isinstance(key, bytes):
        return wrap_key(key, data_key, where)
    moment = X25519PrivateKey.generate()
    shared = moment.exchange(X25519PublicKey.from_public_bytes(key.public))
    public = moment.public_key().public_bytes_raw()
    return public + wrap_key(_derived(shared, public, key.public), data_key, where)


def unwrap_with(key: ReadingKey, wrapped: bytes, where: bytes) -> bytes:
    """Inverse of `wrap_for`. Raises `KeyMismatch` if it was wrapped for another key."""
    if isinstance(key, bytes):
        return unwrap_key(key, wrapped, where)
    public = wrapped[:KEY_BYTES]
    try:
        private = X25519PrivateKey.from_private_bytes(key.private)
        shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise KeyMismatch("what is to be opened is not sealed to a key") from None
    return unwrap_key(_derived(shared, public, key.public), wrapped[KEY_BYTES:], where)


def _derived(shared: bytes, *publics: bytes) -> bytes:
    info = b"rightsizer seal v1" + b"".join(publics)
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(shared)
