"""Which LLM server a call goes to: by the URL's path, the model's prefix, or patterns; else the default one.

/anthropic/v1/messages                    the URL names the upstream
"model": "groq/llama-3.3-70b"             the prefix does, and is taken off
models = ["claude-*"]                     a pattern of the settings does, in their order
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import orjson

from rightsizer.errors import ConfigError, MissingExtra
from rightsizer.gateway.headers import Headers
from rightsizer.gateway.incoming import Incoming
from rightsizer.gateway.settings import (
    UPSTREAM_KEY_VARIABLE,
    GatewaySettings,
    NamedUpstream,
    Upstream,
    parse_upstream,
)

if TYPE_CHECKING:
    import asyncio

    from rightsizer.gateway.upstream import UpstreamPool

CREDENTIALS = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")
_TAKEN = frozenset(("v1", "session", "healthz", "readyz", "metrics", "feedback", "docs"))
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(slots=True)
class Way:
    """How one call travels: the pool, and what is sent in place of the caller's words."""

    pool: UpstreamPool
    target: bytes
    body: bytes
    withheld: tuple[bytes, ...]
    add: Headers
    name: str = ""
    unpacked: bool = False

    @property
    def head_key(self) -> str:
        """Heads of requests that are equal but for their bodies are equal where this is."""
        return f"{self.name} unpacked" if self.unpacked else self.name


class Upstreams:
    """The pools of one worker. Raises `ConfigError` if a setting cannot be used."""

    def __init__(self, settings: GatewaySettings, loop: asyncio.AbstractEventLoop) -> None:
        self.default = make_pool(settings.target(), settings, loop)
        check_upstreams(settings.upstreams)
        self.named = {each.name: Named(each, settings, loop) for each in settings.upstreams}
        self._by_model = [(model, one) for one in self.named.values() for model in one.settings.models]
        self._by_path = [(path, one) for one in self.named.values() for path in one.settings.paths]

    def split(self, target: bytes) -> tuple[str, bytes]:
        """``/<name>/v1/…`` → (name, ``/v1/…``) if an upstream has that name; else ``("", target)``."""
        name, slash, rest = target[1:].partition(b"/")
        known = name.decode("latin-1")
        if slash and known in self.named and rest.startswith(b"v1/"):
            return known, b"/" + rest
        return "", target

    def merges(self, incoming: Incoming) -> bool:
        """Whether this asks for the models of all upstreams."""
        return bool(self.named) and incoming.path == b"/v1/models" and not incoming.upstream

    def choose(self, incoming: Incoming) -> Way:
        """Where the call goes."""
        plain = incoming.withheld, incoming.extra_headers
        if not self.named:
            return Way(self.default, self.default.target.prefix + incoming.target, incoming.body, *plain)
        named, body = self._named(incoming)
        if named is None:
            return Way(self.default, self.default.target.prefix + incoming.target, body, *plain)
        withheld, add = named.credentials(incoming)
        target = named.pool.target.base + incoming.target[len(b"/v1") :]
        unpacked = bool(incoming.encoding) and body is not incoming.body
        if unpacked:
            withheld = (*withheld, b"content-encoding")
        return Way(named.pool, target, body, withheld, add, named.settings.name, unpacked)

    def close(self) -> None:
        """Close all connections."""
        self.default.close()
        for one in self.named.values():
            one.pool.close()

    def _named(self, incoming: Incoming) -> tuple[Named | None, bytes]:
        """The upstream, None for the default one, and the body as it is sent there."""
        body = incoming.body
        model = incoming.asked.model
        prefix, slash, rest = model.partition("/")
        if incoming.upstream:
            chosen: Named | None = self.named[incoming.upstream]
        elif slash and rest and prefix in self.named:
            chosen = self.named[prefix]
        else:
            path = incoming.path.decode("latin-1")
            ways = ((model, self._by_model), (path, self._by_path))
            found = (one for text, ones in ways for glob, one in ones if text and fnmatchcase(text, glob))
            chosen = next(found, None)
        if chosen is not None and slash and rest and prefix == chosen.settings.name:
            text, place = incoming.text, incoming.asked.model_at
            if place is not None:
                body = text[: place[0]] + orjson.dumps(rest) + text[place[1] :]
        return chosen, body


class Named:
    """One further upstream with its pool and its key."""

    def __init__(
        self, upstream: NamedUpstream, settings: GatewaySettings, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.settings = upstream
        self.pool = make_pool(parse_upstream(upstream.url), settings, loop)
        self._own = [(name.lower().encode(), value.encode()) for name, value in upstream.headers]
        if upstream.key:
            self._own.append(key_header(upstream.auth, upstream.key))
        self._replaced = tuple(name for name, _ in self._own) + (CREDENTIALS if upstream.key else ())

    @property
    def has_key(self) -> bool:
        """Whether callers need none of their own."""
        return bool(self.settings.key)

    def credentials(self, incoming: Incoming) -> tuple[tuple[bytes, ...], Headers]:
        """(headers not to be forwarded, headers to add). Where this upstream has no key of its own the
        caller's travels on, but never ours, and never the default upstream's in its place."""
        return (*incoming.withheld, *self._replaced), self._own


def make_pool(target: Upstream, settings: GatewaySettings, loop: asyncio.AbstractEventLoop) -> UpstreamPool:
    """Connections to one upstream. Raises `MissingExtra` if they may speak HTTP/2 and h2 is not installed."""
    if not settings.http2:
        from rightsizer.gateway.upstream import UpstreamPool

        return UpstreamPool(target, settings, loop)
    check_http2(settings)
    from rightsizer.gateway.http2 import pool_for

    return pool_for(target, settings, loop)


def check_http2(settings: GatewaySettings) -> None:
    """Raises `MissingExtra` if HTTP/2 is wanted and h2 is not installed."""
    if settings.http2:
        try:
            import h2  # noqa: F401
        except ModuleNotFoundError:
            raise MissingExtra("http2", "HTTP/2 to an upstream") from None


def key_header(auth: str, key: str) -> tuple[bytes, bytes]:
    """The header in which an upstream takes its key: ``bearer``, ``basic``, or the name of a header."""
    if auth == "bearer":
        return b"authorization", b"Bearer " + key.encode()
    if auth == "basic":
        return b"authorization", b"Basic " + base64.b64encode(key.encode())
    return auth.lower().encode(), key.encode()


def check_upstreams(upstreams: tuple[NamedUpstream, ...]) -> None:
    """Raises `ConfigError` if a name, URL or header of a named upstream cannot be used."""
    for each in upstreams:
        where = f"upstream '{each.name}'"
        if not _NAME.fullmatch(each.name) or each.name in _TAKEN:
            raise ConfigError(f"{where}: this name cannot stand in a URL", hint="use a-z, 0-9, - and _")
        parse_upstream(each.url)
        for name, value in ((each.auth, each.key), *each.headers):
            if not _HEADER_NAME.fullmatch(name.encode()) or not value.isprintable() or not value.isascii():
                raise ConfigError(
                    f"{where}: header or key '{name}' has characters that no header may have",
                    hint="a line end at the end of the key?",
                )


def check_upstream_key(key: str) -> None:
    """Raises `ConfigError` if the default upstream's key cannot stand in a header."""
    if not key.isprintable() or not key.isascii():
        raise ConfigError(
            f"the key in {UPSTREAM_KEY_VARIABLE} has characters that no header may have",
            hint="a line end at the end of the key?",
        )
