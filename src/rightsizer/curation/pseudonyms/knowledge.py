"""What a whole log teaches about one session: catalogue values that stay, and what its ids look like."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from rightsizer.curation.json_text import is_json
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.layouts import leaves_in
from rightsizer.curation.pseudonyms.shapes import induce
from rightsizer.curation.pseudonyms.spread import Spread
from rightsizer.curation.pseudonyms.tree import Leaf, leaves_of, texts_of_message
from rightsizer.types import Call, Message, Request, ToolCallPart, ToolCallResponsePart

OWNERS = 3  # k: a value that so many distinct owners have is nobody's


@dataclass(frozen=True)
class Knowledge:
    """`catalogue`: values that belong to nobody; `shapes`: expressions of ids, from structured fields.

    `fields`: keys of objects that several sessions use, which are names of fields and no values.
    `common` and `everywhere`: short values of records that a fifth, half of the sessions have, in small
    letters; `varied`: fields that have another value in nearly every session.
    """

    catalogue: frozenset[str] = frozenset()
    shapes: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    everywhere: frozenset[str] = frozenset()
    varied: frozenset[str] = frozenset()


@dataclass
class LogReader:
    """Reads a log once, call by call, for `knowledge`. Holds ids of structured fields, not texts."""

    owners_needed: int = OWNERS
    owner_fields: tuple[str, ...] = ()
    _seen: set[bytes] = field(default_factory=set)
    _owner_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _all_ids: set[str] = field(default_factory=set)
    _declared: set[str] = field(default_factory=set)
    _keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _read: set[tuple[str, int]] = field(default_factory=set)
    _schemas: set[bytes] = field(default_factory=set)
    _spread: Spread = field(default_factory=Spread)

    def read(self, call: Call) -> None:
        """Take in one call."""
        mark = schema_mark(call.request)
        if mark not in self._schemas:
            self._schemas.add(mark)
            self._declared |= declared_values(call.request)
        for key, value in call.metadata.items():
            if isinstance(value, str) and (f.names_owner(key) or key in self.owner_fields):
                self._owner_of[call.session_id].add(value)
        for text in structured_texts(call):
            read = (call.session_id, _digest(text))
            if read not in self._read:
                self._read.add(read)
                for leaf in leaves_of(text) if is_json(text) else leaves_in(text):
                    self._take(call.session_id, leaf)
                    self._spread.read(call.session_id, leaf)

    def _take(self, session: str, leaf: Leaf) -> None:
        if not isinstance(leaf.value, str) or not 3 <= len(leaf.value) <= 64:
            return
        if leaf.is_key:
            if len(self._keys[leaf.value]) < OWNERS:
                self._keys[leaf.value].add(session)
            return
        if f.names_owner(leaf.key) or leaf.key in self.owner_fields:
            self._owner_of[session].add(leaf.value)
        kind = f.kind_of_field(leaf.key, leaf.parent, leaf.siblings)
        if kind in (f.ID, f.HANDLE) and any(c.isdigit() for c in leaf.value):
            self._all_ids.add(leaf.value)
            if f.may_be_catalogue(leaf.key):
                self._ids[leaf.value].add(session)

    def knowledge(self, keep: Iterable[str] = ()) -> Knowledge:
        """What was learned; `keep` are values that a person has declared to be nobody's."""
        owner = _owners(self._owner_of)
        personal = {value for values in self._owner_of.values() for value in values}
        shared = {
            value
            for value, sessions in self._ids.items()
            if value not in personal and len({owner[s] for s in sessions if s in owner}) >= self.owners_needed
        }
        return Knowledge(
            catalogue=frozenset(shared | self._declared | set(keep)),
            shapes=induce(v for v in self._all_ids if v not in shared),
            fields=frozenset(key for key, sessions in self._keys.items() if len(sessions) >= OWNERS),
            common=self._spread.shared(0.2),
            everywhere=self._spread.shared(0.5),
            varied=self._spread.varied(),
        )


def _owners(named: dict[str, set[str]]) -> dict[str, str]:
    """session → owner; sessions that name one customer in common have one owner (union-find)."""
    parent: dict[str, str] = {}

    def root(x: str) -> str:
        while parent.setdefault(x, x) != x:
            parent[x] = x = parent[parent[x]]
        return x

    for values in named.values():
        first, *rest = sorted(values)
        for other in rest:
            parent[root(other)] = root(first)
    return {session: root(min(values)) for session, values in named.items()}


def schema_mark(request: Request) -> bytes:
    """A digest that is equal for requests with the same tools and response format."""
    data = orjson.dumps([request.tools, request.response_format])
    return hashlib.blake2b(data, digest_size=16).digest()


def declared_values(request: Request) -> set[str]:
    """Enumerated, constant and default strings of the request's schemas: the task's own vocabulary."""
    found: set[str] = set()
    for schema in (*request.tools, request.response_format or {}):
        found.update(_enums(schema))
    return found


def _enums(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _enums(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("enum", "const", "default"):
                yield from (v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))
            else:
                yield from _enums(value)


def structured_texts(call: Call) -> Iterator[str]:
    """Tool arguments, tool results, and messages that are JSON."""
    messages: list[Message] = list(call.request.messages)
    if call.response is not None:
        messages.append(call.response)
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                yield part.arguments
            elif isinstance(part, ToolCallResponsePart):
                yield part.response
        if message.role != "system":
            yield from (t for t in texts_of_message(message) if is_json(t))


def _digest(text: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )
