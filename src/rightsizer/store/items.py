"""What calls share: messages, tool lists and response formats, each stored once.

Writing goes in two steps, so that no lock is held while encoding: `encode` gives the keyed content
address (and keeps the bytes if the store may not have them yet), `resolve` turns addresses into entry
numbers inside the write transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from rightsizer.errors import StoreBusy
from rightsizer.store import jsonbytes
from rightsizer.store.blocks import Blocks
from rightsizer.store.cache import WeightedCache
from rightsizer.store.codec import decode_message, encode_message, has_free_form
from rightsizer.store.crypto import Cipher
from rightsizer.store.database import Database
from rightsizer.store.erase import erasures
from rightsizer.types import Message

T = TypeVar("T")
ItemKind = Literal["message", "tools", "format"]

_MEMO_ENTRIES = 50_000
_KNOWN_ENTRIES = 200_000
_DECODED_BYTES = 64 << 20


class ItemWriter:
    """Content addresses of what is being written, and the bytes of what is new."""

    def __init__(self, database: Database, cipher: Cipher, blocks: Blocks) -> None:
        self._database = database
        self._cipher = cipher
        self._blocks = blocks
        self._memo: dict[int, tuple[object, bytes]] = {}
        self._known: dict[bytes, int] = {}
        self._erasures = erasures(database)
        self.pending: dict[bytes, bytes] = {}
        self.pending_bytes = 0

    def encode(self, kind: ItemKind, value: Message | tuple[dict[str, Any], ...] | dict[str, Any]) -> bytes:
        """The address of `value`; its bytes become pending unless the store is known to have them.

        Values are remembered by identity: importers share equal messages, so most are seen again.
        """
        memo = self._memo.get(id(value))
        if memo is not None and (memo[1] in self._known or memo[1] in self.pending):
            return memo[1]
        data, canonical = _encode(value)
        address = self._cipher.address(kind, canonical)
        if len(self._memo) >= _MEMO_ENTRIES:
            self._memo.clear()
        self._memo[id(value)] = (value, address)
        if address not in self._known and address not in self.pending:
            self.pending[address] = b"%b" % data  # a copy: what orjson gives takes up to 4 kB
            self.pending_bytes += len(data)
        return address

    def check_erasures(self) -> None:
        """Raises `StoreBusy` if something was erased since: what is known here may be gone."""
        if erasures(self._database) != self._erasures:
            raise StoreBusy(
                "calls were forgotten while this was being written",
                hint="run the same command again: what is stored already is skipped",
            )

    def find(self, addresses: Iterable[bytes]) -> dict[bytes, int]:
        """Entry numbers of those addresses that the store has."""
        found: dict[bytes, int] = {}
        missing: list[bytes] = []
        for address in addresses:
            entry = self._known.get(address)
            if entry is None:
                missing.append(address)
            else:
                found[address] = entry
        found.update(
            self._database.lookup("SELECT address, entry FROM items WHERE address IN ({keys})", missing)
        )
        return found

    def add(self, connection: sqlite3.Connection, first: int, addresses: list[bytes]) -> None:
        """Write the pending bytes of `addresses` as entries `first` …, inside the caller's transaction."""
        if not addresses:
            return
        self._blocks.add(connection, first, [self.pending[address] for address in addresses])
        rows = sorted((address, first + n) for n, address in enumerate(addresses))
        connection.executemany("INSERT INTO items (address, entry) VALUES (?, ?)", rows)

    def settle(self, entries: dict[bytes, int]) -> None:
        """The transaction is over: `entries` are in the store, nothing is pending any more."""
        self.pending.clear()
        self.pending_bytes = 0
        if len(self._known) + len(entries) > _KNOWN_ENTRIES:
            self._known.clear()
        self._known.update(entries)


def _encode(value: Message | tuple[dict[str, Any], ...] | dict[str, Any]) -> tuple[bytes, bytes]:
    """The bytes to store, and those to address: the same where no dict is inside."""
    if isinstance(value, Message):
        plain: Any = encode_message(value)
        if not has_free_form(value):
            data = jsonbytes.dump(plain, has_floats=False)
            return data, data
    else:
        plain = value if isinstance(value, dict) else list(value)
    return jsonbytes.dump_both(plain)


class ItemReader:
    """Decoded messages, tool lists and response formats, shared between the calls that carry them."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._decoded: WeightedCache[Any] = WeightedCache(_DECODED_BYTES)

    def message(self, entry: int) -> Message:
        """The message with this entry number."""
        value: Message = self._read(entry, decode_message)
        return value

    def tools(self, entry: int) -> tuple[dict[str, Any], ...]:
        """The tool list with this entry number."""
        value: tuple[dict[str, Any], ...] = self._read(entry, tuple)
        return value

    def response_format(self, entry: int) -> dict[str, Any]:
        """The response format with this entry number."""
        value: dict[str, Any] = self._read(entry, dict)
        return value

    def _read(self, entry: int, decode: Callable[[Any], Any]) -> Any:
        value = self._decoded.get(entry)
        if value is None:
            data = self._blocks.read(entry)
            value = decode(jsonbytes.load(data))
            self._decoded.put(entry, value, len(data) + 200)
        return value
