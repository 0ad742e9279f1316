"""A request of a client, as far as the gateway looks at it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import orjson

from rightsizer.gateway.asked import Asked, read_asked
from rightsizer.gateway.headers import header
from rightsizer.wire.callers import Hidden, NameOf, hide_users

if TYPE_CHECKING:
    from rightsizer.gateway.spending import Spender

SESSION_PREFIX = b"/session/"
_CLIMB = re.compile(rb"(?:[/\\]|%2f|%5c)(?:\.|%2e){2}(?:[/\\]|%2f|%5c|\Z)", re.IGNORECASE)


@dataclass
class Incoming:
    """`path` and `target` (path with query) are without the session prefix; header names are lower case.

    `upstream` is the name of one where the URL gave it.
    `withheld` are headers not to be forwarded, `extra_headers` those to add; `origin` is a keyed
    pseudonym of who calls. `encoding` is the body's content-encoding, and `plain` what is in it then, as far
    as it could be read. Shared by all requests with this head: `sent_heads` (upstream's name →
    `headers.request_lines`) and `begin_meta`, what is recorded of their begin. `hidden` is what `hide_users`
    says of the body, False if nobody has asked.
    """

    method: bytes
    path: bytes
    target: bytes
    http_version: str
    headers: list[tuple[bytes, bytes]]
    keep_alive: bool
    upstream: str = ""
    session: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
    key_id: str = ""
    spender: Spender | None = None
    withheld: tuple[bytes, ...] = ()
    extra_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    encoding: bytes = b""
    plain: bytes = b""
    credential: tuple[bytes, bytes] | None = None
    sent_heads: dict[str, bytes] = field(default_factory=dict)
    begin_meta: dict[str, Any] = field(default_factory=dict)
    read: Asked | None = None
    hidden: Hidden | Literal[False] | None = False

    @property
    def text(self) -> bytes:
        """The body to be read: unpacked if it came packed."""
        return self.plain if self.encoding else self.body

    @property
    def asked(self) -> Asked:
        """What the body asks for, read when it is wanted first."""
        if self.read is None:
            self.read = read_asked(self.text)
        return self.read

    def look_through(self, name_of: NameOf) -> None:
        """Read all that will be wanted of the body. For a thread of its own, where it is large."""
        self.read = read_asked(self.text)
        self.hidden = hide_users(self.text, name_of)

    def again(self, body: bytes) -> Incoming:
        """Another request with a head that is equal but for its length."""
        other = Incoming.__new__(Incoming)
        other.__dict__.update(self.__dict__)
        other.body = body
        return other


def split_session(target: bytes) -> tuple[str, bytes]:
    """``/session/<id>/v1/…`` → (id, ``/v1/…``); without the prefix the session is ``""``."""
    if target.startswith(SESSION_PREFIX):
        session, slash, rest = target[len(SESSION_PREFIX) :].partition(b"/")
        if session and slash:
            return unquote(session.decode("ascii", "replace")), b"/" + rest
    return "", target


def climbs(target: bytes) -> bool:
    """Whether a path goes up (``/v1/../admin``): a server may then take it for one beside the API, and would
    be asked for it with the key that the gateway has for the API."""
    return _CLIMB.search(target.partition(b"?")[0]) is not None


def read_metadata(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """What ``x-rightsizer-metadata`` says: a JSON object. Raises ValueError if it is something else."""
    raw = header(headers, b"x-rightsizer-metadata")
    if raw is None:
        return {}
    value = orjson.loads(raw)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def read_session(headers: list[tuple[bytes, bytes]]) -> str:
    """What ``x-rightsizer-session`` says, or ``""``."""
    return (header(headers, b"x-rightsizer-session") or b"").decode("utf-8", "replace")
