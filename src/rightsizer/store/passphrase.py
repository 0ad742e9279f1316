"""The key file behind a passphrase: the key-encryption key wrapped under a key that scrypt makes of words.

Without a passphrase ``keys/store.key`` is the key itself, and whoever can copy the home can open it. With one
the file holds the key wrapped (AES-256-GCM) under scrypt (RFC 7914) of the passphrase and a random salt, so
that a copy of the home opens nothing. What scrypt costs is in the file: later versions may ask for more.

Where a passphrase comes from, in order: ``RIGHTSIZER_PASSPHRASE``, the file that
``RIGHTSIZER_PASSPHRASE_FILE`` names, and a question at the terminal, if there is one.
"""

from __future__ import annotations

import base64
import getpass
import json
import os
import secrets
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from rightsizer.errors import ConfigError, KeyMismatch
from rightsizer.store.crypto import KEY_BYTES, NONCE_BYTES

VARIABLE = "RIGHTSIZER_PASSPHRASE"
FILE_VARIABLE = "RIGHTSIZER_PASSPHRASE_FILE"
SHORTEST = 8
_COST, _BLOCK, _LANES = 1 << 17, 8, 1  # 128 MB and about half a second: OWASP's first choice for scrypt
_DEAREST = 1 << 22  # of a file that somebody else wrote
_BOUND = b"rightsizer key file 1"
_HINT = f"set {VARIABLE}, or {FILE_VARIABLE} to a file that holds it; nothing else opens the data"

_opened: dict[tuple[bytes, str], bytes] = {}  # of this process, so that scrypt runs once
_told: dict[str, str] = {}  # what was typed, by key file


def is_wrapped(content: bytes) -> bool:
    """Whether the content of a key file is a key behind a passphrase."""
    return content.lstrip().startswith(b"{")


def wrap(key: bytes, passphrase: str) -> bytes:
    """The content of a key file that opens with this passphrase. Raises `ConfigError` if it is too short."""
    if len(passphrase) < SHORTEST:
        raise ConfigError(
            f"a passphrase has at least {SHORTEST} characters", hint="several words are better than one"
        )
    salt, nonce = secrets.token_bytes(16), os.urandom(NONCE_BYTES)
    wrapped = nonce + AESGCM(_derived(passphrase, salt, _COST, _BLOCK, _LANES)).encrypt(nonce, key, _BOUND)
    document = {
        "format": 1,
        "kdf": "scrypt",
        "n": _COST,
        "r": _BLOCK,
        "p": _LANES,
        "salt": base64.b64encode(salt).decode(),
        "key": base64.b64encode(wrapped).decode(),
    }
    return json.dumps(document).encode() + b"\n"


def unwrap(content: bytes, passphrase: str, origin: str) -> bytes:
    """The key in a key file. Raises `KeyMismatch` for another passphrase, `ConfigError` for no key."""
    known = _opened.get((content, passphrase))
    if known is not None:
        return known
    try:
        document = json.loads(content)
        salt, wrapped = base64.b64decode(document["salt"]), base64.b64decode(document["key"])
        n, r, p = int(document["n"]), int(document["r"]), int(document["p"])
        if document["kdf"] != "scrypt" or document["format"] != 1 or not (1 < n * r * p <= _DEAREST):
            raise ValueError
        key = AESGCM(_derived(passphrase, salt, n, r, p)).decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _BOUND
        )
    except InvalidTag:
        raise KeyMismatch(f"the passphrase does not open {origin}", hint=_HINT) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{origin} is no key file of this version", hint="restore it from a backup, or upgrade rightsizer"
        ) from None
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{origin} holds no key", hint="restore it from a backup")
    _opened[content, passphrase] = key
    return key


def find_passphrase(path: Path, environment: Mapping[str, str] | None = None, *, ask: bool = True) -> str:
    """The passphrase of this process for a key file; `ask` for it at the terminal if it is nowhere else.

    Raises `KeyMismatch` if there is none.
    """
    given = given_passphrase(environment)
    if given:
        return given
    if str(path) in _told:
        return _told[str(path)]
    if ask and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        typed = getpass.getpass(f"passphrase of {path}: ")
        _told[str(path)] = typed
        return typed
    raise KeyMismatch(f"the key {path} is behind a passphrase, and none was given", hint=_HINT)


def forget_typed(path: Path) -> None:
    """Ask again next time: what was typed was wrong, or was changed."""
    _told.pop(str(path), None)


def given_passphrase(
    environment: Mapping[str, str] | None = None, variable: str = VARIABLE, file_variable: str = FILE_VARIABLE
) -> str:
    """The passphrase in the environment, or in the file that it names; empty if there is none.

    Raises `ConfigError` if the file cannot be read.
    """
    variables = os.environ if environment is None else environment
    if variables.get(variable):
        return variables[variable]
    name = variables.get(file_variable)
    if not name:
        return ""
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{file_variable} names a file that cannot be read: {name}", hint="check its path, owner and mode"
        ) from error


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    words = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return Scrypt(salt=salt, length=KEY_BYTES, n=n, r=r, p=p).derive(words)
