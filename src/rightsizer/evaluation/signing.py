"""The key that signs certificates (Ed25519, RFC 8032), made on first use and kept in the home folder."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rightsizer.errors import ArtifactError

KEY_FILE = Path("keys") / "signing.pem"


def signing_key(home: Path) -> Ed25519PrivateKey:
    """The home's signing key (``keys/signing.pem``, mode 0600); made if there is none.

    Raises:
        ArtifactError: the file is no Ed25519 private key.
    """
    path = home / KEY_FILE
    if not path.exists():
        _create(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ArtifactError(f"{path} is not a private key", hint="restore it from a backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ArtifactError(f"{path} is not an Ed25519 key", hint="restore it from a backup")
    return key


def _create(path: Path) -> None:
    """Write a new key next to its place and link it there: of two at once, the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    part = path.with_suffix(f".{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def digest_secret(key: Ed25519PrivateKey, evaluation_id: str) -> bytes:
    """The secret under which one evaluation's ids are digested; follows from the signing key."""
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return hmac.new(raw, b"rightsizer evidence " + evaluation_id.encode(), hashlib.sha256).digest()
