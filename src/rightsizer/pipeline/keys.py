"""Keys as verbs: rotate the store's own, give roles theirs."""

from __future__ import annotations

import os

from rightsizer.errors import ConfigError, KeyMismatch
from rightsizer.pipeline.gateway import index_into
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.crypto import key_fingerprint
from rightsizer.store.keys import ENVIRONMENT_VARIABLE, find_key, key_path, parse_key
from rightsizer.store.passphrase import find_passphrase, forget_typed, is_wrapped
from rightsizer.store.role_keys import RoleKey
from rightsizer.store.roles import Role
from rightsizer.store.rotation import adopt_new_key, new_key, rotating
from rightsizer.types import Frozen

NEW_KEY_VARIABLE = "RIGHTSIZER_NEW_KEY"


class Rotation(Frozen):
    """`keys` were wrapped again under the key with this fingerprint; `where` says what holds it now."""

    keys: int
    fingerprint: str
    where: str


def rotate_keys(ws: Workspace) -> Rotation:
    """Put the store under a new key; the old one opens it no more. Old backups keep theirs.

    The new key takes the place of the key file, behind the same passphrase if it has one. Where the key comes
    from the environment, the new one is taken from ``RIGHTSIZER_NEW_KEY``. If it is cut off, the next
    opening, or doing it again, ends it.

    Raises:
        ConfigError: the key comes from the environment and there is no new one.
        StoreBusy: another process writes.
    """
    ws.enter("keys.rotate")
    index_into(ws)
    path = key_path(ws.home)
    if os.environ.get(ENVIRONMENT_VARIABLE):
        given = os.environ.get(NEW_KEY_VARIABLE, "")
        if not given:
            raise ConfigError(
                f"the key comes from {ENVIRONMENT_VARIABLE}: there is nowhere to put a new one",
                hint=f"give the new key in {NEW_KEY_VARIABLE}, e.g. from: openssl rand -base64 32",
            )
        new, where = parse_key(given, NEW_KEY_VARIABLE), f"set {ENVIRONMENT_VARIABLE} to the new key now"
        n = ws.store.rotate_key(find_key(ws.home, None, create=False), new)
        ws.enter("keys.rotated", keys=n, key=key_fingerprint(new))
        return Rotation(keys=n, fingerprint=key_fingerprint(new), where=where)
    return _rotate_file(ws, find_passphrase(path) if is_wrapped(path.read_bytes()) else "")


def change_passphrase(ws: Workspace, new: str) -> Rotation:
    """Put the key file behind the passphrase `new`, or behind none (empty), with a new key in it.

    A new key, because the old one may lie in backups in the clear or behind a passphrase that others know.

    Raises:
        ConfigError: the key comes from the environment, or the passphrase is too short.
        StoreBusy: another process writes.
    """
    ws.enter("keys.passphrase", behind=bool(new))
    if os.environ.get(ENVIRONMENT_VARIABLE):
        raise ConfigError(
            f"the key comes from {ENVIRONMENT_VARIABLE}: there is no key file to put behind a passphrase",
            hint=f"unset {ENVIRONMENT_VARIABLE} where the home has its key file",
        )
    index_into(ws)
    return _rotate_file(ws, new)


def _rotate_file(ws: Workspace, passphrase: str) -> Rotation:
    """A new key in the key file, behind `passphrase`; the store under it. Safe at every instant."""
    with rotating(ws.home):
        old = find_key(ws.home, None, create=False)
        if not ws.store.opens_with(old):
            raise KeyMismatch("the key file is not the store's", hint="run the command again")
        new = new_key(ws.home, passphrase)
        n = ws.store.rotate_key(old, new)
        adopt_new_key(ws.home)
        forget_typed(key_path(ws.home))
    ws.enter("keys.rotated", keys=n, key=key_fingerprint(new))
    where = "the key file, behind the passphrase" if passphrase else "the key file"
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
