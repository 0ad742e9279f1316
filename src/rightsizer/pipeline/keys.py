"""Keys as verbs: rotate the store's own, give roles theirs."""

from __future__ import annotations

import os

from rightsizer.errors import ConfigError
from rightsizer.pipeline.gateway import index_into
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.crypto import key_fingerprint
from rightsizer.store.keys import ENVIRONMENT_VARIABLE, find_key, parse_key
from rightsizer.store.role_keys import RoleKey
from rightsizer.store.roles import Role
from rightsizer.store.rotation import adopt_new_key, new_key
from rightsizer.types import Frozen

NEW_KEY_VARIABLE = "RIGHTSIZER_NEW_KEY"


class Rotation(Frozen):
    """`keys` were wrapped again under the key with this fingerprint; `where` says what holds it now."""

    keys: int
    fingerprint: str
    where: str


def rotate_keys(ws: Workspace) -> Rotation:
    """Put the store under a new key; the old one opens it no more. Old backups keep theirs.

    The new key takes the place of the key file. Where the key comes from the environment, the new one is
    taken from ``RIGHTSIZER_NEW_KEY``. If it is cut off, the next opening, or doing it again, ends it.

    Raises:
        ConfigError: the key comes from the environment and there is no new one.
        StoreBusy: another process writes.
    """
    ws.enter("keys.rotate")
    index_into(ws)
    old = find_key(ws.home, None, create=False)
    if os.environ.get(ENVIRONMENT_VARIABLE):
        given = os.environ.get(NEW_KEY_VARIABLE, "")
        if not given:
            raise ConfigError(
                f"the key comes from {ENVIRONMENT_VARIABLE}: there is nowhere to put a new one",
                hint=f"give the new key in {NEW_KEY_VARIABLE}, e.g. from: openssl rand -base64 32",
            )
        new, where = parse_key(given, NEW_KEY_VARIABLE), f"set {ENVIRONMENT_VARIABLE} to the new key now"
    else:
        new, where = new_key(ws.home), "the key file"
    n = ws.store.rotate_key(old, new)
    adopt_new_key(ws.home)
    ws.enter("keys.rotated", keys=n, key=key_fingerprint(new))
    return Rotation(keys=n, fingerprint=key_fingerprint(new), where=where)


def add_role_key(ws: Workspace, role: Role, name: str) -> tuple[str, RoleKey]:
    """A key for a role: (the key, shown once and not kept; what is kept). The admin's alone to give."""
    ws.enter("keys.add", role=role, name=name)
    return ws.store.add_role_key(role, name)


def revoke_role_key(ws: Workspace, key: str) -> RoleKey:
    """By id or name: it opens nothing any more. What it could read before may have been copied.

    Raises:
        NotFound: there is no such key.
    """
    ws.enter("keys.revoke", key=key)
    return ws.store.revoke_role_key(key)
