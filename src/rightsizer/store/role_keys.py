"""Keys of roles: each opens only the compartments of its role.

A role key is 32 random bytes, shown once as ``rk-…`` and never stored. What is stored are the compartments'
keys wrapped under it, and its id (a fingerprint). It is given by ``RIGHTSIZER_ROLE_KEY``: the key itself, or
the path of a file that holds it. While that is set, the store's own key is not looked at.
"""

from __future__ import annotations

import base64
import os
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rightsizer.errors import AccessDenied, ConfigError, NotFound
from rightsizer.store.crypto import KEY_BYTES, key_fingerprint, unwrap_key, wrap_key
from rightsizer.store.keys import parse_key
from rightsizer.store.roles import COMPARTMENTS, Access, Role

ENVIRONMENT_VARIABLE = "RIGHTSIZER_ROLE_KEY"
PREFIX = "rk-"
# Purposes of the store's keys (see `keys`) that a compartment needs; every role needs to find records.
_PURPOSES = {"raw": "data", "models": "models", "curated": "curated"}


@dataclass(frozen=True)
class RoleKey:
    """A role key as it is listed: never the key itself."""

    id: str
    role: Role
    name: str
    created: str


def find_role_key(environment: Mapping[str, str] | None = None) -> bytes | None:
    """The role key of this process; None if it uses the store's own. Raises `ConfigError` if it is none."""
    variables = os.environ if environment is None else environment
    given = variables.get(ENVIRONMENT_VARIABLE, "").strip()
    if not given:
        return None
    if not given.startswith(PREFIX):
        try:
            given = Path(given).expanduser().read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{ENVIRONMENT_VARIABLE} is neither a key nor the path of a readable key file",
                hint=f"a role key begins with {PREFIX}",
            ) from error
    return parse_key(given.removeprefix(PREFIX), ENVIRONMENT_VARIABLE)


def add_role_key(
    connection: sqlite3.Connection, keys: Mapping[int, tuple[str, bytes]], role: Role, name: str
) -> tuple[str, RoleKey]:
    """A new key for a role: (the key, shown once; what is stored), inside the caller's transaction."""
    secret = secrets.token_bytes(KEY_BYTES)
    made = RoleKey(key_fingerprint(secret), role, name, datetime.now(UTC).isoformat(timespec="seconds"))
    purposes = {"address", *(_PURPOSES[compartment] for compartment in COMPARTMENTS[role])}
    for key_id, (purpose, key) in keys.items():
        if purpose in purposes:
            wrapped = wrap_key(secret, key, _where(made.id, role, key_id))
            connection.execute(
                "INSERT INTO role_keys (id, role, name, created, key, wrapped) VALUES (?, ?, ?, ?, ?, ?)",
                (made.id, role, name, made.created, key_id, wrapped),
            )
    return PREFIX + base64.urlsafe_b64encode(secret).decode().rstrip("="), made


def list_role_keys(connection: sqlite3.Connection) -> list[RoleKey]:
    """Every role key that opens the store, oldest first."""
    rows = connection.execute("SELECT DISTINCT id, role, name, created FROM role_keys ORDER BY created, id")
    return [RoleKey(*row) for row in rows]


def revoke_role_key(connection: sqlite3.Connection, key: str) -> RoleKey:
    """Remove a role key by id or name, inside the caller's transaction. Raises `NotFound`."""
    for each in list_role_keys(connection):
        if key in (each.id, each.name):
            connection.execute("DELETE FROM role_keys WHERE id = ?", (each.id,))
            return each
    raise NotFound(f"no role key '{key}'", hint="rightsizer keys list")


def open_role_key(
    connection: sqlite3.Connection, secret: bytes
) -> tuple[dict[int, tuple[str, bytes]], Access]:
    """The keys that a role key opens, by id, and who it is. Raises `AccessDenied` if it is not known here."""
    key_id = key_fingerprint(secret)
    sql = (
        "SELECT role_keys.key, keys.purpose, role_keys.wrapped, role_keys.role"
        " FROM role_keys JOIN keys ON keys.id = role_keys.key WHERE role_keys.id = ? ORDER BY keys.id"
    )
    rows = connection.execute(sql, (key_id,)).fetchall()
    if not rows:
        raise AccessDenied("this role key is not known to this store", hint="it may have been revoked")
    role: Role = rows[0][3]
    keys = {i: (purpose, unwrap_key(secret, w, _where(key_id, role, i))) for i, purpose, w, _ in rows}
    return keys, Access(role, key_id)


def _where(role_key_id: str, role: Role, key_id: int) -> bytes:
    """Binds the role too: a row whose role was changed in the database does not open."""
    return f"role key\x1f{role_key_id}\x1f{role}\x1f{key_id}".encode()
