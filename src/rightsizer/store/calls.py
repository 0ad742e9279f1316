"""The call log on SQLite."""

from __future__ import annotations

import base64
import sqlite3
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rightsizer.errors import NotFound, StoreError
from rightsizer.store import jsonbytes
from rightsizer.store.blocks import Blocks, compress, decompress
from rightsizer.store.codec import decode_call, encode_call
from rightsizer.store.crypto import Cipher
from rightsizer.store.database import Database
from rightsizer.store.erase import Doomed, erase
from rightsizer.store.items import ItemReader, ItemWriter
from rightsizer.store.ring import KeyRing
from rightsizer.store.store import Appended, Erased, Rejected
from rightsizer.types import Call, Request

_GROUP_CALLS = 512
_GROUP_BYTES = 2 << 20


@dataclass(frozen=True)
class _Encoded:
    """A call on its way in: `refs` are content addresses where `body` will have entry numbers."""

    id: str
    key: bytes
    session: bytes
    body: dict[str, Any]
    refs: dict[str, bytes | list[bytes]]

    def addresses(self) -> Iterator[bytes]:
        for ref in self.refs.values():
            if isinstance(ref, bytes):
                yield ref
            else:
                yield from ref

    def with_entries(self, entries: dict[bytes, int]) -> dict[str, Any]:
        """The body to store. Raises KeyError if an address has no entry yet."""
        numbers: dict[str, Any] = {
            name: entries[ref] if isinstance(ref, bytes) else [entries[address] for address in ref]
            for name, ref in self.refs.items()
        }
        return {**self.body, **numbers}


class SqliteCallLog:
    """See `rightsizer.store.store.CallLog` for what each method promises."""

    def __init__(self, database: Database, cipher: Cipher, ring: KeyRing) -> None:
        self._database = database
        self._cipher = cipher
        self._ring = ring
        self._blocks = Blocks(database, ring, "call")
        self._item_blocks = Blocks(database, ring, "item")
        self._items = ItemReader(self._item_blocks)

    # ── writing ─────────────────────────────────────────────────────────────────────────────

    def append(self, calls: Iterable[Call]) -> Appended:
        """Add calls, in order, in groups of up to 512 calls or 2 MB of new content."""
        new = known = forgotten = 0
        conflicts: list[str] = []
        writer = ItemWriter(self._database, self._cipher, self._item_blocks)
        for group in self._groups(calls, writer):
            done = self._write(group, writer)
            new, known, forgotten = new + done.new, known + done.known, forgotten + done.forgotten
            conflicts += done.conflicts
        return Appended(new, known, tuple(conflicts), forgotten)

    def _groups(self, calls: Iterable[Call], writer: ItemWriter) -> Iterator[list[_Encoded]]:
        group: list[_Encoded] = []
        for call in calls:
            group.append(self._encode(call, writer))
            if len(group) >= _GROUP_CALLS or writer.pending_bytes >= _GROUP_BYTES:
                yield group
                group = []
        if group:
            yield group

    def _encode(self, call: Call, writer: ItemWriter) -> _Encoded:
        encode = writer.encode
        request = call.request
        refs: dict[str, bytes | list[bytes]] = {"q": [encode("message", m) for m in request.messages]}
        if request.tools:
            refs["T"] = encode("tools", request.tools)
        if request.response_format is not None:
            refs["R"] = encode("format", request.response_format)
        if call.response is not None:
            refs["a"] = encode("message", call.response)
        key = self._key(call.id)
        return _Encoded(call.id, key, self._session(call.session_id), encode_call(call), refs)

    def _write(self, group: list[_Encoded], writer: ItemWriter) -> Appended:
        with self._database.write() as connection:
            writer.check_erasures()
            group, forgotten = self._without_forgotten(group)
            sql = "SELECT id, digest FROM calls WHERE id IN ({keys})"
            digests: dict[bytes, bytes] = dict(self._database.lookup(sql, [call.key for call in group]))
            entries = writer.find({address for call in group for address in call.addresses()})
            first_item = self._item_blocks.next_entry()
            fresh: list[bytes] = []
            rows: list[tuple[bytes, bytes, bytes]] = []
            bodies: list[bytes] = []
            conflicts: list[str] = []
            for call in group:
                digest = digests.get(call.key)
                if digest is not None:
                    if not self._same(call, entries, digest):
                        conflicts.append(call.id)
                    continue
                for address in call.addresses():
                    if address not in entries:
                        entries[address] = first_item + len(fresh)
                        fresh.append(address)
                body, canonical = jsonbytes.dump_both(call.with_entries(entries))
                digests[call.key] = self._digest(canonical)
                rows.append((call.key, digests[call.key], call.session))
                bodies.append(body)
            writer.add(connection, first_item, fresh)
            self._add(connection, rows, bodies)
        writer.settle(entries)
        known = len(group) - len(rows) - len(conflicts)
        return Appended(len(rows), known, tuple(conflicts), forgotten)

    def _without_forgotten(self, group: list[_Encoded]) -> tuple[list[_Encoded], int]:
        """What was forgotten stays so: calls, and whatever else comes of their sessions, are left out."""
        if not self._database.rows("SELECT 1 FROM forgotten LIMIT 1"):
            return group, 0
        keys = {key for call in group for key in (call.key, call.session)}
        gone = {
            row[0] for row in self._database.lookup("SELECT key FROM forgotten WHERE key IN ({keys})", keys)
        }
        kept = [call for call in group if call.key not in gone and call.session not in gone]
        return kept, len(group) - len(kept)

    def erase(
        self,
        call_ids: Collection[str],
        *,
        sessions: Iterable[str] = (),
        lines: Callable[[Rejected], bool] | None = None,
    ) -> Erased:
        """Make these calls unreadable for good; see `rightsizer.store.erase`.

        Args:
            sessions: sessions of which nothing may come back: what is appended of them later is left out.
            lines: which unreadable lines go too.

        Calls that are not there (any more) are none of those that went. Raises `StoreBusy`.
        """
        entries = frozenset(self.entries(call_ids, gone_ok=True).values())
        sessions = list(sessions)
        tombstones = [self._session(session) for session in sessions]
        if sessions:
            tombstones += [self._key(call_id) for call_id in call_ids]
        numbers = [n for n, line in self._rejected() if lines is not None and lines(line)]
        doomed = Doomed(entries, tuple(tombstones), tuple(numbers))
        done = erase(self._database, self._ring, self._blocks, self._item_blocks, doomed)
        self._items = ItemReader(self._item_blocks)
        return done

    def _add(
        self, connection: sqlite3.Connection, rows: list[tuple[bytes, bytes, bytes]], bodies: list[bytes]
    ) -> None:
        if not rows:
            return
        first = self._blocks.next_entry()
        self._blocks.add(connection, first, bodies)
        connection.executemany(
            "INSERT INTO calls (entry, id, digest, session) VALUES (?, ?, ?, ?)",
            [(first + n, *row) for n, row in enumerate(rows)],
        )
        self._blocks.merge_small(connection)
        self._item_blocks.merge_small(connection)

    def _same(self, call: _Encoded, entries: dict[bytes, int], digest: bytes) -> bool:
        if any(address not in entries for address in call.addresses()):
            return False
        return self._digest(jsonbytes.dump(call.with_entries(entries), canonical=True)) == digest

    # ── reading ─────────────────────────────────────────────────────────────────────────────

    def get(self, call_id: str) -> Call:
        """The call. Raises `NotFound`."""
        return self._read(self.entries([call_id])[call_id])

    def scan(
        self,
        *,
        task_id: str | None = None,
        session_id: str | None = None,
        kept_only: bool = False,
        offset: int = 0,
        limit: int | None = None,
    ) -> Iterator[Call]:
        """Calls in the order of appending; what is appended after this call is not among them.

        What is erased meanwhile is left out, or given if it was read before.

        Calls never change, so the snapshot is the list of their numbers (8 bytes each).
        """
        where, arguments = self._where(task_id, session_id, kept_only)
        page = (-1 if limit is None else limit, offset)
        sql = f"SELECT entry FROM calls{where} ORDER BY entry LIMIT ? OFFSET ?"
        rows = self._database.rows(sql, (*arguments, *page))
        return self._still_there(array("q", (row[0] for row in rows)))

    def _still_there(self, entries: Iterable[int]) -> Iterator[Call]:
        """The calls of these numbers; what is erased while they are gone through is left out."""
        for entry in entries:
            try:
                call = self._read(entry)
            except StoreError:
                if self._database.rows("SELECT 1 FROM calls WHERE entry = ?", (entry,)):
                    raise
                continue
            yield call

    def count(self, *, task_id: str | None = None, kept_only: bool = False) -> int:
        """Number of calls that `scan` would give."""
        where, arguments = self._where(task_id, None, kept_only)
        return int(self._database.rows(f"SELECT count(*) FROM calls{where}", arguments)[0][0])

    def _where(
        self, task_id: str | None, session_id: str | None, kept_only: bool
    ) -> tuple[str, tuple[Any, ...]]:
        conditions: list[str] = []
        arguments: list[Any] = []
        if task_id is not None:
            conditions.append(
                "entry IN (SELECT call FROM assigned WHERE task = (SELECT number FROM names WHERE key = ?))"
            )
            arguments.append(self._cipher.address("name", task_id.encode("utf-8", "surrogatepass")))
        if session_id is not None:
            conditions.append("session = ?")
            arguments.append(self._session(session_id))
        if kept_only:
            conditions.append("entry NOT IN (SELECT call FROM aside)")
        return (" WHERE " + " AND ".join(conditions) if conditions else "", tuple(arguments))

    def _read(self, entry: int) -> Call:
        body = jsonbytes.load(self._blocks.read(entry))
        items = self._items
        request = Request.model_construct(
            messages=tuple(map(items.message, body["q"])),
            tools=items.tools(body["T"]) if "T" in body else (),
            response_format=items.response_format(body["R"]) if "R" in body else None,
            params=body.get("p", {}),
        )
        return decode_call(body, request, items.message(body["a"]) if "a" in body else None)

    # ── names of calls, for marks ───────────────────────────────────────────────────────────

    def entries(self, call_ids: Iterable[str], *, gone_ok: bool = False) -> dict[str, int]:
        """call id → number in the log. Raises `NotFound` if one is not there, unless `gone_ok`."""
        keys = {self._key(call_id): call_id for call_id in call_ids}
        rows = self._database.lookup("SELECT id, entry FROM calls WHERE id IN ({keys})", keys)
        found = {keys[key]: entry for key, entry in rows}
        for call_id in () if gone_ok else keys.values():
            if call_id not in found:
                raise NotFound(f"no call {call_id!r} in the store", hint="rightsizer calls list")
        return found

    def id_of(self, entry: int) -> str:
        """Inverse of `entries` for one call."""
        call_id: str = jsonbytes.load(self._blocks.read(entry))["i"]
        return call_id

    # ── lines that could not be read ────────────────────────────────────────────────────────

    def reject(self, rejected: Iterable[Rejected]) -> int:
        """Keep unreadable lines aside; the same file, line and bytes twice adds nothing."""
        added = 0
        with self._database.write() as connection:
            for line in rejected:
                raw = base64.b64encode(line.raw).decode("ascii")
                content = jsonbytes.dump([line.file, line.line, line.reason, line.detail, raw])
                key = self._cipher.address("rejected", jsonbytes.dump([line.file, line.line, raw]))
                body = self._cipher.seal(compress(content), "rejected", key.hex())
                sql = "INSERT INTO rejected (key, body) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
                added += connection.execute(sql, (key, body)).rowcount
        return added

    def rejected(self) -> Iterator[Rejected]:
        """Everything kept aside by `reject`, in the order it came."""
        return (line for _, line in self._rejected())

    def _rejected(self) -> Iterator[tuple[int, Rejected]]:
        for (number,) in self._database.rows("SELECT number FROM rejected ORDER BY number"):
            sql = "SELECT key, body FROM rejected WHERE number = ?"
            for key, body in self._database.rows(sql, (number,)):
                content = decompress(self._cipher.open(body, "rejected", key.hex()))
                file, line, reason, detail, raw = jsonbytes.load(content)
                yield number, Rejected(file, line, reason, detail, base64.b64decode(raw))

    # ── keyed hashes ────────────────────────────────────────────────────────────────────────

    def _key(self, call_id: str) -> bytes:
        return self._cipher.address("call id", call_id.encode("utf-8", "surrogatepass"))

    def _session(self, session_id: str) -> bytes:
        return self._cipher.address("session id", session_id.encode("utf-8", "surrogatepass"), size=12)

    def _digest(self, canonical: bytes) -> bytes:
        return self._cipher.address("call", canonical, size=8)
