"""Logs of calls, from files into the store.

`read_calls` gives the calls of one file; what cannot be read goes to `on_reject` with file, line and
reason, and does not stop the rest. `import_files` puts the calls of many files into a store and keeps
the rejected lines there; importing a file twice adds nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rightsizer.capture.files import open_log, read_chunks
from rightsizer.capture.lines import RawRecord, list_elements, split_records, whole
from rightsizer.errors import InputError, RecordError
from rightsizer.store import Rejected, Store
from rightsizer.types import Call
from rightsizer.wire.formats import check_format, read_records
from rightsizer.wire.jsontext import parse_json_telling
from rightsizer.wire.record import content_id
from rightsizer.wire.shared import Shared
from rightsizer.wire.unread import Unread

OnReject = Callable[[Rejected], None]
Progress = Callable[[int, int, int], None]
_REJECT_GROUP = 256


@dataclass(frozen=True)
class FileReport:
    """What came of one file. `reasons` counts the rejected lines by reason; `forgotten` calls stay so."""

    file: str
    calls: int
    new: int
    known: int
    conflicts: tuple[str, ...]
    rejected: int
    reasons: dict[str, int]
    seconds: float
    forgotten: int = 0


@dataclass(frozen=True)
class ImportReport:
    """What came of an import, by file and in all."""

    files: tuple[FileReport, ...] = ()

    @property
    def calls(self) -> int:
        return sum(file.calls for file in self.files)

    @property
    def new(self) -> int:
        return sum(file.new for file in self.files)

    @property
    def known(self) -> int:
        return sum(file.known for file in self.files)

    @property
    def conflicts(self) -> tuple[str, ...]:
        return tuple(call_id for file in self.files for call_id in file.conflicts)

    @property
    def rejected(self) -> int:
        return sum(file.rejected for file in self.files)

    @property
    def seconds(self) -> float:
        return sum(file.seconds for file in self.files)


def read_calls(
    path: Path | str,
    format: str = "auto",
    on_reject: OnReject | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> Iterator[Call]:
    """The calls of one file (.jsonl, .json, .gz, .zst), streaming.

    `format` is ``auto`` or a key of `rightsizer.wire.FORMATS`. `on_bytes` gets the position in the
    file. Without `on_reject`, the first bad record raises `RecordError`, and the
    pieces of a trace that are no calls are passed over. Raises `InputError` if the
    file is missing, empty, or holds no record at all.
    """
    check_format(format)
    path = Path(path)
    with open_log(path) as file:
        reader = _Reader(str(path), format, on_reject)
        try:
            for raw in split_records(read_chunks(file, on_bytes or _ignore)):
                yield from reader.read(raw)
        except RecordError as error:
            if error.reason not in ("truncated-file", "damaged-file"):
                raise
            reader.reject(error, RawRecord(reader.line, b""))
        if not reader.records:
            raise InputError(f"{path} holds no records", hint="expected JSON, one record a line")


@dataclass
class _Reader:
    """The state of reading one file."""

    file: str
    format: str
    on_reject: OnReject | None
    records: int = 0
    line: int = 0
    _shared: Shared = field(default_factory=Shared)
    _seen: Counter[str] = field(default_factory=Counter)

    def read(self, raw: RawRecord) -> Iterator[Call]:
        self.records += 1
        self.line = raw.line
        try:
            document, is_exact = parse_json_telling(whole(raw))
        except RecordError as error:
            if self.records == 1 and b"\0" in raw.data[:1024]:
                raise InputError(f"{self.file} is not a log: it holds binary data") from error
            self.reject(error, raw)
            return
        for element in list_elements(document):
            try:
                shared = self._shared if is_exact else None
                for found in read_records(element, self.format, shared, self._made_id(element)):
                    if isinstance(found, Unread):
                        self._skip(found, raw)
                    else:
                        yield found
            except RecordError as error:
                self.reject(error, raw)

    def _skip(self, piece: Unread, raw: RawRecord) -> None:
        """A piece of a trace that is no call: told where somebody listens, and never an error."""
        if self.on_reject is not None:
            self.on_reject(Rejected(self.file, raw.line, piece.reason, piece.detail, piece.raw))

    def reject(self, error: RecordError, raw: RawRecord) -> None:
        if self.on_reject is None:
            raise error
        self.on_reject(Rejected(self.file, raw.line, error.reason, error.message, raw.data))

    def _made_id(self, element: object) -> str:
        """For a record without an id: its content, and which of the equal ones in this file it is."""
        if not isinstance(element, dict) or element.get("id"):
            return ""
        made = content_id(element)
        self._seen[made] += 1
        return made if self._seen[made] == 1 else f"{made}_{self._seen[made]}"


def import_files(
    store: Store,
    paths: Iterable[Path | str],
    format: str = "auto",
    progress: Progress | None = None,
) -> ImportReport:
    """Add the calls of `paths` to the store and keep aside what could not be read.

    `progress` gets (bytes read of all files, bytes of all files, calls read); bytes as they lie on
    disk. Raises `InputError` before anything is imported if a file is missing or empty.
    """
    check_format(format)
    files = [Path(path) for path in paths]
    for path in files:
        open_log(path).close()
    sizes = [path.stat().st_size for path in files]
    meter = _Meter(sum(sizes), progress)
    reports = []
    for path, size in zip(files, sizes, strict=True):
        reports.append(_import_file(store, path, format, meter))
        meter.finish_file(size)
    return ImportReport(tuple(reports))


@dataclass
class _Meter:
    """Counts over all files and tells who wants to know."""

    total: int
    progress: Progress | None
    before: int = 0
    calls: int = 0

    def at(self, position: int) -> None:
        if self.progress is not None:
            self.progress(self.before + position, self.total, self.calls)

    def finish_file(self, size: int) -> None:
        self.before += size
        self.at(0)


def _import_file(store: Store, path: Path, format: str, meter: _Meter) -> FileReport:
    started = time.perf_counter()
    waiting: list[Rejected] = []
    reasons: Counter[str] = Counter()
    calls = 0

    def reject(line: Rejected) -> None:
        reasons[line.reason] += 1
        waiting.append(line)

    def counted() -> Iterator[Call]:
        nonlocal calls
        for call in read_calls(path, format, reject, meter.at):
            calls += 1
            meter.calls += 1
            yield call
            if len(waiting) >= _REJECT_GROUP:
                _flush(store, waiting)

    appended = store.calls.append(counted())
    _flush(store, waiting)
    return FileReport(
        str(path),
        calls,
        appended.new,
        appended.known,
        appended.conflicts,
        reasons.total(),
        dict(sorted(reasons.items())),
        time.perf_counter() - started,
        appended.forgotten,
    )


def _flush(store: Store, waiting: list[Rejected]) -> None:
    if waiting:
        store.calls.reject(waiting)
        waiting.clear()


def _ignore(_: int) -> None:
    return None
