"""The key that signs certificates (Ed25519, RFC 8032), made on first use and kept in the home folder.

In a home it is sealed under a secret of the store, so that it opens with the store's key, its passphrase or
the key of any role, and a copy of the home without them signs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rightsizer.errors import ArtifactError

KEY_FILE = Path("keys") / "signing.pem"


_BEGIN, _END = b"-----BEGIN RIGHTSIZER SEALED KEY-----\n", b"-----END RIGHTSIZER SEALED KEY-----\n"
_NONCE = 12


def signing_key(home: Path, secret: bytes | None = None) -> Ed25519PrivateKey:
    """The home's signing key (``keys/signing.pem``, mode 0600); made if there is none.

    With `secret` (32 bytes) it is sealed in its file, and sealed now if it was not; the plain bytes are
    overwritten.

    Raises:
        ArtifactError: the file is no Ed25519 private key, or is sealed under another secret.
    """
    path = home / KEY_FILE
    if not path.exists():
        _create(path, secret)
    content = path.read_bytes()
    is_sealed = content.startswith(_BEGIN)
    try:
        key = load_pem_private_key(_opened(content, secret, path) if is_sealed else content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ArtifactError(f"{path} is not a private key", hint="restore it from a backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ArtifactError(f"{path} is not an Ed25519 key", hint="restore it from a backup")
    if secret is not None and not is_sealed:
        _replace(path, _sealed(content, secret))
    return key


def _create(path: Path, secret: bytes | None) -> None:
    """Write a new key next to its place and link it there: of two at once, the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    part = _written(path, pem if secret is None else _sealed(pem, secret))
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _replace(path: Path, content: bytes) -> None:
    """The sealed key in place of the plain one, whose bytes are overwritten."""
    part = _written(path, content)
    old = os.open(path, os.O_RDWR)
    try:
        os.replace(part, path)
        os.pwrite(old, bytes(os.fstat(old).st_size), 0)
        os.fsync(old)
    finally:
        os.close(old)


def _written(path: Path, content: bytes) -> Path:
    part = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return part


def _sealed(pem: bytes, secret: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return _BEGIN + base64.b64encode(nonce + AESGCM(secret).encrypt(nonce, pem, _BEGIN)) + b"\n" + _END


def _opened(content: bytes, secret: bytes | None, path: Path) -> bytes:
    if secret is None:
        raise ArtifactError(f"{path} is sealed", hint="open it through the home it belongs to")
    blob = base64.b64decode(content[len(_BEGIN) :].partition(b"\n")[0])
    try:
        return AESGCM(secret).decrypt(blob[:_NONCE], blob[_NONCE:], _BEGIN)
    except InvalidTag:
        raise ArtifactError(
            f"{path} is sealed for another store", hint="restore it, or the store, from a backup"
        ) from None


def digest_secret(key: Ed25519PrivateKey, evaluation_id: str) -> bytes:
    """The secret under which one evaluation's ids are digested; follows from the signing key."""
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return hmac.new(raw, b"rightsizer evidence " + evaluation_id.encode(), hashlib.sha256).digest()
