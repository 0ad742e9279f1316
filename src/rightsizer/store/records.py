"""What was concluded, on SQLite: any frozen type with an `id` (or, for a route, a `task_id`)."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from rightsizer.errors import InputError, NotFound, StoreError
from rightsizer.store import jsonbytes
from rightsizer.store.blocks import compress, decompress
from rightsizer.store.crypto import Cipher
from rightsizer.store.database import Database
from rightsizer.types import Frozen

R = TypeVar("R", bound=Frozen)


def key_field(kind: type[Frozen]) -> str:
    """The field that identifies a record of this kind. Raises `InputError` if it has none."""
    for name in ("id", "task_id"):
        if name in kind.model_fields:
            return name
    raise InputError(f"a {kind.__name__} is not a record: it has neither `id` nor `task_id`")


class SqliteRecords:
    """See `rightsizer.store.store.Records` for what each method promises."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def put(self, *records: Frozen) -> None:
        """Insert or replace, all in one transaction; a replaced record keeps its age."""
        rows = []
        for record in records:
            kind = type(record)
            key = self._key(kind, getattr(record, key_field(kind)))
            content = compress(jsonbytes.dump(jsonbytes.plain(record.model_dump())))
            rows.append((kind.__name__, key, self._cipher.seal(content, "record", kind.__name__, key.hex())))
        with self._database.write() as connection:
            connection.executemany(
                "INSERT INTO records (kind, key, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                rows,
            )

    def get(self, kind: type[R], key: str) -> R:
        """Raises `NotFound`."""
        sql = "SELECT key, body FROM records WHERE kind = ? AND key = ?"
        rows = self._database.rows(sql, (kind.__name__, self._key(kind, key)))
        if not rows:
            raise self._missing(kind, key)
        return self._decode(kind, *rows[0])

    def list(self, kind: type[R], **equals: str) -> list[R]:
        """All of a kind, oldest first; `equals` filters on top-level string fields."""
        for name in equals:
            if name not in kind.model_fields:
                raise InputError(f"a {kind.__name__} has no field {name!r}")
        sql = "SELECT key, body FROM records WHERE kind = ? ORDER BY number"
        records = [self._decode(kind, key, body) for key, body in self._database.rows(sql, (kind.__name__,))]
        return [r for r in records if all(getattr(r, name) == value for name, value in equals.items())]

    def delete(self, kind: type[R], key: str) -> None:
        """Remove; raises `NotFound`."""
        with self._database.write() as connection:
            sql = "DELETE FROM records WHERE kind = ? AND key = ?"
            if not connection.execute(sql, (kind.__name__, self._key(kind, key))).rowcount:
                raise self._missing(kind, key)

    def _key(self, kind: type[Frozen], key: str) -> bytes:
        return self._cipher.address(f"record {kind.__name__}"[:16], key.encode("utf-8", "surrogatepass"))

    def _decode(self, kind: type[R], key: bytes, body: bytes) -> R:
        content = decompress(self._cipher.open(body, "record", kind.__name__, key.hex()))
        try:
            return kind.model_validate(jsonbytes.load(content))
        except ValidationError as error:
            raise StoreError(
                f"a {kind.__name__} in the store has another form than this program knows: {error}",
                hint="it was written by another version; run the step that made it again",
            ) from error

    def _missing(self, kind: type[Frozen], key: str) -> NotFound:
        return NotFound(f"no {kind.__name__.lower()} {key!r} in the store")
