"""Who may use the gateway, for what, and how much.

On a loopback address no key is needed. A virtual key comes in ``x-rightsizer-key``, or where the client's
own API key would stand; there it is replaced by the upstream's key (``RIGHTSIZER_UPSTREAM_KEY``) or left
out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Literal, NamedTuple

from rightsizer.errors import RightsizerError
from rightsizer.gateway.counts import Counts, window_end, window_number
from rightsizer.gateway.headers import Headers
from rightsizer.gateway.keys import KEY_PREFIX, VirtualKey, digest_of, keys_path, read_keys
from rightsizer.gateway.sites import foreign_site
from rightsizer.gateway.spending import PriceOf, Spender

log = logging.getLogger("rightsizer.gateway")
Doing = Literal["call", "read", "feedback"]
# Who curates or approves does so with the commands, on the machine of the home; over HTTP they may look.
_MAY: dict[Doing, frozenset[str]] = {
    "call": frozenset(("agent", "admin")),
    "read": frozenset(("reader", "curator", "approver", "admin")),
    "feedback": frozenset(("agent", "curator", "approver", "admin")),
}
_PLACES = frozenset((b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key"))
_PREFIX = KEY_PREFIX.encode()


class Grant(NamedTuple):
    """The caller may go on; `withheld` headers held our key and must not travel.

    `spender` takes note of what the call costs; None where nothing is limited by it.
    """

    key_id: str = ""
    withheld: tuple[bytes, ...] = ()
    in_place_of: bytes = b""
    spender: Spender | None = None


@dataclass(frozen=True)
class Refusal:
    """The caller may not; `retry_after_s` where waiting helps."""

    status: int
    message: str
    code: str
    retry_after_s: int = 0


@dataclass
class Holder:
    """A key in use, with the window its budget is in now; `grants` by the header that holds the key."""

    key: VirtualKey
    limited: bool
    window: int = 0
    until_s: float = 0.0
    grants: dict[bytes, Grant] = field(default_factory=dict)


class Access:
    """Decides for one worker who may call; follows changes of the key file.

    `price` gives the dollars of (model, input tokens, output tokens, cached input tokens), None unknown.
    """

    def __init__(
        self,
        home: Path,
        *,
        needs_key: bool,
        price: PriceOf | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._home = home
        self._needs_key = needs_key
        self._price = price
        self._now = now
        self._holders: dict[str, Holder] = {}
        self._seen: dict[bytes, Holder] = {}
        self._version: tuple[int, ...] = (-1,)
        self._counts: Counts | None = None
        self._failed = ""
        self.follow()

    def follow(self) -> None:
        """`reload`, again and again: a file that cannot be read leaves the keys as they were, and is told."""
        try:
            self.reload()
            self._failed = ""
        except (OSError, RightsizerError) as error:
            told = error.message if isinstance(error, RightsizerError) else str(error)
            if told != self._failed:
                self._failed = told
                log.error("keys stay as they were, no change of them is seen: %s", told)

    def reload(self) -> None:
        """Read the key file again if it has changed, and see the counts of workers that have come.

        Raises `OSError`, `InputError`, `StoreError` if they cannot be read.
        """
        version = self._version_now()
        if version != self._version:
            usable = [key for key in read_keys(self._home) if not key.revoked]
            if self._counts is None and any(key.limits.any for key in usable):
                self._counts = Counts(self._home)
            self._holders = {key.digest: Holder(key, key.limits.any) for key in usable}
            self._seen = {}
            self._version = version
        if self._counts is not None:
            self._counts.reload()

    def _version_now(self) -> tuple[int, ...]:
        """Differs when the file does: each is a new one, and two may be of one tick of the clock."""
        try:
            found = keys_path(self._home).stat()
        except FileNotFoundError:
            return ()
        return found.st_mtime_ns, found.st_ino, found.st_size

    def check(self, headers: Headers, doing: Doing = "call") -> Grant | Refusal:
        """Whether a caller with these headers may go on; a call that may is counted."""
        found = find_secret(headers)
        return self.from_elsewhere(headers, found) or self.admit(found, doing)

    def from_elsewhere(self, headers: Headers, found: tuple[bytes, bytes] | None) -> Refusal | None:
        """Why a request without a key that a web site sent may not go on where none is needed."""
        if self._needs_key or found is not None:
            return None
        site = foreign_site(headers)
        if not site:
            return None
        return Refusal(403, "without a key this gateway answers programs of its machine only", "foreign_site")

    def admit(self, found: tuple[bytes, bytes] | None, doing: Doing = "call") -> Grant | Refusal:
        """The same for what `find_secret` found. Asked for every call: keys are revoked and run dry."""
        if found is None:
            if not self._needs_key:
                return _OPEN
            return Refusal(401, "this gateway needs a key: send it as x-rightsizer-key", "missing_key")
        place, secret = found
        holder = self._seen.get(secret) or self._holder(secret)
        if holder is None:
            return Refusal(401, "this key is not known here, or it was revoked", "invalid_key")
        key = holder.key
        if key.expires_at and self._now() >= key.expires_at:
            return Refusal(401, "this key has expired", "expired_key")
        if key.role not in _MAY[doing]:
            return Refusal(403, f"the role '{key.role}' may not do this", "forbidden")
        grant = holder.grants.get(place)
        if grant is None:
            grant = Grant(key.id, (place,), place if place != b"x-rightsizer-key" else b"")
            holder.grants[place] = grant
        if doing == "call" and holder.limited:
            refusal = self._over(holder)
            if refusal is not None:
                return refusal
            if key.limits.metered and self._counts is not None:
                return grant._replace(spender=Spender(self._counts, key, self._price, self._now))
        return grant

    def _holder(self, secret: bytes) -> Holder | None:
        """Who has this key; remembered, because the hash is half of what a check costs."""
        holder = self._holders.get(digest_of(secret))
        if holder is not None:
            self._seen[secret] = holder
        return holder

    def close(self) -> None:
        """Let go of the counts."""
        if self._counts is not None:
            self._counts.close()

    def _over(self, holder: Holder) -> Refusal | None:
        """Why the key may not call now; None if it may, and then the call is counted."""
        counts, key, now = self._counts, holder.key, self._now()
        if counts is None:
            return None
        limits = key.limits
        if now >= holder.until_s:
            holder.window, holder.until_s = window_number(limits.window, now), window_end(limits.window, now)
        minute = int(now // 60)
        used = counts.used(key.slot, minute, holder.window)
        what = ""
        if limits.requests and used.requests >= limits.requests:
            what = "requests"
        elif limits.tokens and used.tokens >= limits.tokens:
            what = "tokens"
        elif limits.usd and used.micro_usd >= limits.usd * 1e6:
            what = "dollars"
        if what:
            return _spent(what, limits.window, holder.until_s, now)
        passed = now / 60 - minute
        wait = _wait_s(limits.requests_per_minute, used.requests_now, used.requests_before, passed)
        if limits.tokens_per_minute and not wait:
            wait = _wait_s(limits.tokens_per_minute, used.tokens_now, used.tokens_before, passed)
        if wait:
            return Refusal(429, "the rate limit of this key is reached", "rate_limited", ceil(wait))
        counts.add_request(key.slot, minute, holder.window)
        return None


_OPEN = Grant()


def find_secret(headers: Headers) -> tuple[bytes, bytes] | None:
    """(header name, virtual key) of a request; callers' own API keys are none of our business."""
    found = None
    for name, value in headers:
        if name in _PLACES and found is None:
            text = _key_in(value)
            if text.startswith(_PREFIX):
                found = name, text
        elif name == b"x-rightsizer-key":
            return name, value.strip()
    return found


def places_of_keys(headers: Headers) -> tuple[bytes, ...]:
    """The headers that hold a virtual key, whichever of them is asked: no LLM's server may see one."""
    return tuple(name for name, value in headers if name in _PLACES and _key_in(value).startswith(_PREFIX))


def _key_in(value: bytes) -> bytes:
    text = value.strip()
    return text[7:].strip() if text[:7].lower() == b"bearer " else text


def _spent(what: str, window: str, until_s: float, now: float) -> Refusal:
    message = f"the budget of this key in {what} is spent"
    if window == "total":
        return Refusal(429, message, "budget_spent")
    return Refusal(429, f"{message} for this {window}", "budget_spent", max(1, ceil(until_s - now)))


def _wait_s(limit: int, now: int, before: int, passed: float) -> float:
    """Seconds until one more fits into `limit` a minute: 0 = now.

    The sliding window counter (as in Cloudflare's rate limiter, 2017): this minute's uses, and of the
    last one's the share that lies less than a minute back. `passed` is the part of this minute gone by.
    """
    if not limit or now + 1 + before * (1 - passed) <= limit:
        return 0.0
    if now + 1 <= limit:  # enough when the share of the last minute has shrunk
        return (1 - (limit - now - 1) / before - passed) * 60
    return (1 - passed + max(0.0, 1 - (limit - 1) / now)) * 60
