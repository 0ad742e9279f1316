"""Who may use the gateway: virtual keys, stored hashed, with a role and a rate limit.

On a loopback address no key is needed. A key is 256 random bits, so one SHA-256 is a safe hash of it
(there is nothing to guess). It comes in ``x-rightsizer-key``, or where the client's own API key would
stand; there it is replaced by the upstream's key (``RIGHTSIZER_UPSTREAM_KEY``) or left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from rightsizer.errors import InputError, NotFound
from rightsizer.gateway.headers import Headers, header
from rightsizer.types import new_id

Role = Literal["agent", "reader", "curator", "approver", "admin"]
KEY_PREFIX = "rz-"
_READERS = ("reader", "curator", "approver", "admin")


@dataclass(frozen=True)
class VirtualKey:
    """A key as it is stored: never the key itself. `per_minute` 0 = no limit."""

    id: str
    name: str
    digest: str
    role: Role = "agent"
    per_minute: int = 0
    revoked: bool = False


@dataclass(frozen=True)
class Grant:
    """The caller may go on; `withheld` headers held our key and must not travel."""

    key_id: str = ""
    withheld: tuple[bytes, ...] = ()
    in_place_of: bytes = b""


@dataclass(frozen=True)
class Credential:
    """A virtual key as a request carries it: in which header, and its `digest_of`."""

    place: bytes
    digest: str


@dataclass(frozen=True)
class Refusal:
    """The caller may not; `retry_after_s` where waiting helps."""

    status: int
    message: str
    code: str
    retry_after_s: int = 0


def keys_path(home: Path) -> Path:
    """The file of virtual keys."""
    return home / "keys" / "gateway.json"


def read_keys(home: Path) -> list[VirtualKey]:
    """All keys, revoked ones too. Raises `InputError` if the file is damaged."""
    try:
        rows = json.loads(keys_path(home).read_text("utf-8"))
        return [VirtualKey(**row) for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise InputError(f"{keys_path(home)} is damaged", hint="make new keys after removing it") from error


def create_key(home: Path, name: str, *, role: Role = "agent", per_minute: int = 0) -> tuple[str, VirtualKey]:
    """A new key: (the secret, which is shown once and not kept, the stored key)."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = VirtualKey(new_id("key"), name, digest_of(secret), role, per_minute)
    _write_keys(home, [*read_keys(home), key])
    return secret, key


def revoke_key(home: Path, key: str) -> VirtualKey:
    """Revoke by id or name; running gateways follow within seconds. Raises `NotFound`."""
    keys = read_keys(home)
    for number, each in enumerate(keys):
        if key in (each.id, each.name) and not each.revoked:
            keys[number] = replace(each, revoked=True)
            _write_keys(home, keys)
            return keys[number]
    raise NotFound(f"no key '{key}' that could be revoked", hint="rightsizer gateway keys")


def digest_of(secret: str) -> str:
    """The stored form of a key."""
    return hashlib.sha256(b"rightsizer-key" + secret.encode()).hexdigest()


def _write_keys(home: Path, keys: list[VirtualKey]) -> None:
    path = keys_path(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump([asdict(key) for key in keys], file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class Access:
    """Decides for one worker who may call; follows changes of the key file."""

    def __init__(self, home: Path, *, needs_key: bool) -> None:
        self._home = home
        self._needs_key = needs_key
        self._keys: dict[str, VirtualKey] = {}
        self._grants: dict[tuple[str, bytes], Grant] = {}
        self._seen_ns = -1
        self._buckets: dict[str, tuple[float, float]] = {}
        self.reload()

    def reload(self) -> None:
        """Read the key file again if it has changed."""
        try:
            changed_ns = keys_path(self._home).stat().st_mtime_ns
        except FileNotFoundError:
            changed_ns = 0
        if changed_ns != self._seen_ns:
            self._grants = {}
            self._keys = {key.digest: key for key in read_keys(self._home) if not key.revoked}
            self._seen_ns = changed_ns

    def check(self, headers: Headers, *, reading: bool = False) -> Grant | Refusal:
        """Whether a caller with these headers may go on; `reading`: see figures, and not call models."""
        return self.admit(read_credential(headers), reading=reading)

    def admit(self, credential: Credential | None, *, reading: bool = False) -> Grant | Refusal:
        """The same for a credential read before. To be asked for every call: keys are revoked and run dry."""
        if credential is None:
            if not self._needs_key:
                return _OPEN
            return Refusal(401, "this gateway needs a key: send it as x-rightsizer-key", "missing_key")
        place = credential.place
        key = self._keys.get(credential.digest)
        if key is None:
            return Refusal(401, "this key is not known here, or it was revoked", "invalid_key")
        if reading and key.role not in _READERS:
            return Refusal(403, f"the role '{key.role}' may not read this", "forbidden")
        if not reading and key.role not in ("agent", "admin"):
            return Refusal(403, f"the role '{key.role}' may not call models", "forbidden")
        wait_s = self._wait_s(key)
        if wait_s > 0:
            return Refusal(429, "the rate limit of this key is reached", "rate_limited", int(wait_s) + 1)
        name = (key.id, place)
        grant = self._grants.get(name)
        if grant is None:
            grant = Grant(key.id, (place,), place if place != b"x-rightsizer-key" else b"")
            self._grants[name] = grant
        return grant

    def _wait_s(self, key: VirtualKey) -> float:
        """Token bucket with the capacity of one minute: 0 if the call may go, else seconds to wait."""
        if not key.per_minute:
            return 0.0
        rate, now = key.per_minute / 60, time.monotonic()
        tokens, at = self._buckets.get(key.id, (float(key.per_minute), now))
        tokens = min(float(key.per_minute), tokens + (now - at) * rate)
        if tokens < 1:
            self._buckets[key.id] = (tokens, now)
            return (1 - tokens) / rate
        self._buckets[key.id] = (tokens - 1, now)
        return 0.0


_OPEN = Grant()


def read_credential(headers: Headers) -> Credential | None:
    """The virtual key in these headers; callers' own API keys are none of our business."""
    own = header(headers, b"x-rightsizer-key")
    if own is not None:
        return Credential(b"x-rightsizer-key", digest_of(own.decode("latin-1").strip()))
    for name in (b"authorization", b"x-api-key"):
        value = header(headers, name)
        if value is not None:
            text = value.decode("latin-1").strip()
            text = text[7:].strip() if text[:7].lower() == "bearer " else text
            if text.startswith(KEY_PREFIX):
                return Credential(name, digest_of(text))
    return None
