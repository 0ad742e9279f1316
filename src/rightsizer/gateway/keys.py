"""Virtual keys as they are stored: hashed, with a role, limits, and a slot in the shared counts.

A key is 256 random bits, so one SHA-256 is a safe hash of it: there is nothing to guess.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from rightsizer.errors import InputError, NotFound
from rightsizer.types import new_id

Role = Literal["agent", "reader", "curator", "approver", "admin"]
Window = Literal["hour", "day", "month", "total"]
KEY_PREFIX = "rz-"
MAX_KEYS = 4096


@dataclass(frozen=True)
class Limits:
    """What a key may use; 0 = no limit. Per minute (sliding), and within a window of UTC (a budget).

    Tokens are input and output together, as the LLM's provider counts them; dollars are list prices.
    """

    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    window: Window = "month"
    requests: int = 0
    tokens: int = 0
    usd: float = 0.0

    @property
    def any(self) -> bool:
        """Whether there is any limit."""
        return bool(self.requests_per_minute or self.requests or self.metered)

    @property
    def metered(self) -> bool:
        """Whether answers must be looked at: tokens or money are limited."""
        return bool(self.tokens_per_minute or self.tokens or self.usd)


@dataclass(frozen=True)
class VirtualKey:
    """A key as it is stored: never the key itself. `expires_at` in seconds since 1970, 0 = never."""

    id: str
    name: str
    digest: str
    role: Role = "agent"
    limits: Limits = Limits()
    slot: int = 0
    expires_at: float = 0.0
    revoked: bool = False

    def is_usable(self, now_s: float) -> bool:
        """Whether anybody can come in with it."""
        return not self.revoked and not (self.expires_at and now_s >= self.expires_at)


def keys_path(home: Path) -> Path:
    """The file of virtual keys."""
    return home / "keys" / "gateway.json"


def read_keys(home: Path) -> list[VirtualKey]:
    """All keys, revoked ones too. Raises `InputError` if the file is damaged."""
    try:
        rows = json.loads(keys_path(home).read_text("utf-8"))
        return [_read_key(number, row) for number, row in enumerate(rows)]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{keys_path(home)} is damaged", hint="make new keys after removing it") from error


def create_key(
    home: Path, name: str, *, role: Role = "agent", limits: Limits | None = None, days: float = 0.0
) -> tuple[str, VirtualKey]:
    """A new key: (the secret, which is shown once and not kept, the stored key). `days` 0: it never expires.

    Raises `InputError` if a key of this name is in use, the name has no form, or there are too many.
    """
    if not name.strip() or not name.isprintable():
        raise InputError("a key's name is a text in one line", hint="choose another name")
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    with _writing(home):
        keys = read_keys(home)
        if any(key.name == name and not key.revoked for key in keys):
            raise InputError(f"there is a key '{name}' already", hint="revoke it, or choose another name")
        if len(keys) >= MAX_KEYS:
            raise InputError(f"there are {MAX_KEYS} keys", hint=f"remove old ones from {keys_path(home)}")
        slot = _free_slot(home, keys)
        expires_at = time.time() + days * 86400 if days else 0.0
        key = VirtualKey(
            new_id("key"), name, digest_of(secret.encode()), role, limits or Limits(), slot, expires_at
        )
        _write_keys(home, [*keys, key])
    return secret, key


def revoke_key(home: Path, key: str) -> VirtualKey:
    """Revoke by id or name; running gateways follow within seconds. Raises `NotFound`."""
    with _writing(home):
        keys = read_keys(home)
        for number, each in enumerate(keys):
            if key in (each.id, each.name) and not each.revoked:
                keys[number] = replace(each, revoked=True)
                _write_keys(home, keys)
                return keys[number]
    raise NotFound(f"no key '{key}' that could be revoked", hint="rightsizer gateway --keys")


def digest_of(secret: bytes) -> str:
    """The stored form of a key."""
    return hashlib.sha256(b"rightsizer-key" + secret).hexdigest()


def _free_slot(home: Path, keys: list[VirtualKey]) -> int:
    """A row of the counts that no key has; one of a removed key, if all were given away, is emptied first."""
    slot = max((key.slot for key in keys), default=-1) + 1
    if slot < MAX_KEYS:
        return slot
    from rightsizer.gateway.counts import forget_use

    slot = min(set(range(MAX_KEYS)) - {key.slot for key in keys})
    forget_use(home, slot)
    return slot


def _read_key(number: int, row: dict[str, object]) -> VirtualKey:
    """One row; keys of the first version had a rate alone."""
    row = {"slot": number, **row}
    limits = row.pop("limits", None) or {"requests_per_minute": row.pop("per_minute", 0)}
    row.pop("per_minute", None)
    return VirtualKey(**row, limits=Limits(**limits))  # type: ignore[arg-type]


@contextlib.contextmanager
def _writing(home: Path) -> Iterator[None]:
    """One writer at a time: keys made side by side must not lose each other."""
    path = keys_path(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_keys(home: Path, keys: list[VirtualKey]) -> None:
    path = keys_path(home)
    draft = path.with_suffix(".draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump([asdict(key) for key in keys], file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
