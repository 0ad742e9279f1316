"""Which call belongs where, and which are set aside, on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rightsizer.errors import InputError
from rightsizer.store import jsonbytes
from rightsizer.store.calls import SqliteCallLog
from rightsizer.store.crypto import Cipher
from rightsizer.store.database import Database
from rightsizer.types import Level, SetAside


class SqliteMarks:
    """See `rightsizer.store.store.Marks` for what each method promises."""

    def __init__(self, database: Database, cipher: Cipher, calls: SqliteCallLog) -> None:
        self._database = database
        self._cipher = cipher
        self._calls = calls

    def set_aside(self, stage: str, marks: Iterable[SetAside], *, gone_ok: bool = False) -> None:
        """Replace all marks of `stage`. Raises `NotFound` (call), `InputError` (a mark of another stage)."""
        marks = list(marks)
        for mark in marks:
            if mark.stage != stage:
                raise InputError(f"a mark of stage {mark.stage!r} cannot be set as one of {stage!r}")
        with self._database.write() as connection:
            entries = self._calls.entries({mark.call_id for mark in marks}, gone_ok=gone_ok)
            rows = []
            for mark in marks:
                if (entry := entries.get(mark.call_id)) is None:
                    continue
                content = jsonbytes.dump([mark.reason, mark.detail])
                rows.append((stage, entry, self._cipher.seal(content, "aside", stage, entry)))
            connection.execute("DELETE FROM aside WHERE stage = ?", (stage,))
            connection.executemany("INSERT INTO aside (stage, call, body) VALUES (?, ?, ?)", rows)

    def aside(self, stage: str | None = None) -> Iterator[SetAside]:
        """Marks in call order, from one snapshot; several of one call in the order they were set."""
        where, arguments = ("", ()) if stage is None else (" WHERE stage = ?", (stage,))
        sql = f"SELECT stage, call, body FROM aside{where} ORDER BY call, number"
        for of_stage, entry, body in self._database.rows(sql, arguments):
            reason, detail = jsonbytes.load(self._cipher.open(body, "aside", of_stage, entry))
            yield SetAside(call_id=self._calls.id_of(entry), stage=of_stage, reason=reason, detail=detail)

    def assign(self, level: Level, tasks: Mapping[str, str | None], *, gone_ok: bool = False) -> None:
        """call id → task id, overwriting per call. Raises `NotFound` for an unknown call."""
        with self._database.write() as connection:
            entries = self._calls.entries(tasks, gone_ok=gone_ok)
            numbers: dict[str | None, int | None] = {None: None}
            for task_id in sorted({task for task in tasks.values() if task is not None}):
                key = self._cipher.address("name", task_id.encode("utf-8", "surrogatepass"))
                body = self._cipher.seal(jsonbytes.dump(task_id), "name", key.hex())
                sql = "INSERT INTO names (key, body) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
                connection.execute(sql, (key, body))
                row = connection.execute("SELECT number FROM names WHERE key = ?", (key,)).fetchone()
                numbers[task_id] = row[0]
            connection.executemany(
                "INSERT OR REPLACE INTO assigned (level, call, task) VALUES (?, ?, ?)",
                [(level, entries[c], numbers[task_id]) for c, task_id in tasks.items() if c in entries],
            )

    def assignments(self, level: Level) -> dict[str, str | None]:
        """call id → task id for every call looked at on this level, in call order."""
        with self._database.read():
            names: dict[int | None, str | None] = {None: None}
            for number, key, body in self._database.rows("SELECT number, key, body FROM names"):
                names[number] = jsonbytes.load(self._cipher.open(body, "name", key.hex()))
            sql = "SELECT call, task FROM assigned WHERE level = ? ORDER BY call"
            rows = self._database.rows(sql, (level,))
        return {self._calls.id_of(entry): names[task] for entry, task in rows}
