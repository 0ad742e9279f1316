"""Where the key of a store comes from, and how it opens the store.

The key-encryption key is 32 random bytes. In order: the `key` argument, the environment variable
``RIGHTSIZER_KEY`` (base64 or hex), the file ``<home>/keys/store.key`` (base64, or behind a passphrase:
see `passphrase`; mode 0600), which is made with a new store and never for an existing one. The file lies
outside the database folder ``<home>/store``, so that a copy of the database alone opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import sqlite3
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rightsizer.errors import ConfigError, KeyMismatch, StoreError
from rightsizer.store import passphrase as words
from rightsizer.store.crypto import KEY_BYTES, Cipher, key_fingerprint, unwrap_key, wrap_key
from rightsizer.store.roles import Compartment

ENVIRONMENT_VARIABLE = "RIGHTSIZER_KEY"


def key_path(home: Path) -> Path:
    """The key file of a home folder."""
    return home / "keys" / "store.key"


def parse_key(text: str, origin: str) -> bytes:
    """32 bytes from base64 (standard or URL-safe) or hex. Raises `ConfigError`, never echoing the key."""
    text = text.strip()
    try:
        if len(text) == 2 * KEY_BYTES:
            return bytes.fromhex(text)
        key = base64.b64decode(
            text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4), validate=True
        )
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"the key in {origin} is not {KEY_BYTES} bytes of base64 or hex",
            hint="make one with: openssl rand -base64 32",
        )
    return key


def find_key(
    home: Path,
    key: bytes | None,
    *,
    create: bool,
    environment: Mapping[str, str] | None = None,
    ask: bool = True,
) -> bytes:
    """The key-encryption key of a home. With `create`, a missing key file is made.

    A passphrase that is not in the environment is asked for at the terminal, unless `ask` is false.

    Raises `KeyMismatch` if there is none, `ConfigError` if it is not a key, `StoreError` if others
    may read the key file.
    """
    if key is not None:
        if len(key) != KEY_BYTES:
            raise ConfigError(f"a key has {KEY_BYTES} bytes, this one {len(key)}")
        return key
    variables = os.environ if environment is None else environment
    if variables.get(ENVIRONMENT_VARIABLE):
        return parse_key(variables[ENVIRONMENT_VARIABLE], ENVIRONMENT_VARIABLE)
    path = key_path(home)
    try:
        return _key_of_file(home, path, create, variables, ask)
    except OSError as error:
        raise StoreError(
            f"cannot use the key file {path}: {error}", hint="check its owner and mode"
        ) from error


def _key_of_file(home: Path, path: Path, create: bool, variables: Mapping[str, str], ask: bool) -> bytes:
    if not path.exists():
        if not create:
            raise KeyMismatch(
                f"there is a store in {home} but no key for it at {path}",
                hint=f"put the key file back or set {ENVIRONMENT_VARIABLE}: nothing else opens the data",
            )
        create_key_file(path, words.given_passphrase(variables))
    try:
        return read_key_file(path, variables, ask=ask)
    except KeyMismatch:  # a change of the passphrase may have been cut off between the two files
        if not next_key_path(home).exists():
            raise
        return read_key_file(next_key_path(home), variables, ask=ask)


def next_key_path(home: Path) -> Path:
    """Where the new key lies while a rotation is under way."""
    return key_path(home).with_suffix(".next")


def create_key_file(path: Path, passphrase: str = "") -> None:
    """Write a new key, behind `passphrase` if one is given, under a temporary name, then link it.

    So another process never sees half a key.
    """
    key = secrets.token_bytes(KEY_BYTES)
    content = words.wrap(key, passphrase) if passphrase else base64.b64encode(key) + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first: its key counts
            return
    finally:
        draft.unlink()


def read_key_file(path: Path, environment: Mapping[str, str] | None = None, *, ask: bool = True) -> bytes:
    """The key in a file.

    Raises `StoreError` if others may read it, `ConfigError` if it is none, `KeyMismatch` if it is behind a
    passphrase that was not given or is another.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise StoreError(
            f"the key file {path} can be read by others (mode {mode:04o})", hint=f"chmod 600 {path}"
        )
    content = path.read_bytes()
    if not words.is_wrapped(content):
        return parse_key(content.decode("ascii", errors="replace"), str(path))
    try:
        return words.unwrap(content, words.find_passphrase(path, environment, ask=ask), str(path))
    except KeyMismatch:
        words.forget_typed(path)
        raise


_PURPOSES = ((0, "address"), (1, "data"), (2, "models"), (3, "curated"), (4, "ingest"))
_COMPARTMENTS: dict[str, Compartment] = {"data": "raw", "models": "models", "curated": "curated"}


def create_keys(connection: sqlite3.Connection, kek: bytes) -> None:
    """The keys of a store, wrapped, inside the caller's transaction; those that it has already stay."""
    if connection.execute("SELECT 1 FROM meta WHERE name = 'store_id'").fetchone() is None:
        connection.execute(
            "INSERT INTO meta (name, value) VALUES ('store_id', ?)", (secrets.token_bytes(16),)
        )
    store_id = store_id_of(connection)
    present = {row[0] for row in connection.execute("SELECT id FROM keys")}
    for key_id, purpose in _PURPOSES:
        if key_id in present:
            continue
        wrapped = wrap_key(kek, secrets.token_bytes(KEY_BYTES), bound_to(store_id, purpose, key_id))
        connection.execute(
            "INSERT INTO keys (id, purpose, wrapped, kek) VALUES (?, ?, ?, ?)",
            (key_id, purpose, wrapped, key_fingerprint(kek)),
        )


def open_keys(connection: sqlite3.Connection, kek: bytes) -> dict[int, tuple[str, bytes]]:
    """id → (purpose, key) of every key of the store. Raises `KeyMismatch` if `kek` is not its key."""
    store_id = store_id_of(connection)
    rows = connection.execute("SELECT id, purpose, wrapped FROM keys ORDER BY id").fetchall()
    return {
        i: (purpose, unwrap_key(kek, wrapped, bound_to(store_id, purpose, i))) for i, purpose, wrapped in rows
    }


def unlock(connection: sqlite3.Connection, keys: Mapping[int, tuple[str, bytes]]) -> Cipher:
    """The cipher that these keys make; what the store has besides is withheld from it."""
    by_purpose = {purpose: (key_id, key) for key_id, (purpose, key) in sorted(keys.items())}
    if "address" not in by_purpose:
        raise StoreError("the store has lost its keys", hint="restore the store folder from a backup")
    rows = connection.execute("SELECT id, purpose FROM keys ORDER BY id").fetchall()
    ids = {purpose: key_id for key_id, purpose in rows}
    return Cipher(
        store_id=store_id_of(connection),
        data_keys={i: AESGCM(key) for i, (purpose, key) in keys.items() if purpose in _COMPARTMENTS},
        current={compartment: ids[purpose] for purpose, compartment in _COMPARTMENTS.items()},
        address_key=by_purpose["address"][1],
        withheld=frozenset(key_id for key_id, _ in rows if key_id not in keys),
    )


def store_id_of(connection: sqlite3.Connection) -> bytes:
    row = connection.execute("SELECT value FROM meta WHERE name = 'store_id'").fetchone()
    if row is None:
        raise StoreError("the store has lost its identity", hint="restore the store folder from a backup")
    return bytes(row[0])


def bound_to(store_id: bytes, purpose: str, key_id: int) -> bytes:
    return store_id + f"{purpose}\x1f{key_id}".encode()
