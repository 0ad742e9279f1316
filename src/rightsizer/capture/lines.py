"""The records of a log as raw JSON text: one a line, or the elements of one JSON document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from rightsizer.errors import RecordError

MAX_RECORD_BYTES = 64 << 20
_SNIFF_BYTES = 1 << 20
_SPACE = b" \t\r\n"
_STRUCTURE = re.compile(rb'["\\{}\[\],]')


@dataclass(frozen=True)
class RawRecord:
    """JSON text as it stands in the file; `line` counts from 1. `problem` says why it is not whole."""

    line: int
    data: bytes
    problem: str = ""


def split_records(chunks: Iterable[bytes]) -> Iterator[RawRecord]:
    """The records of a log, in constant memory.

    Lines are split at line feeds only (JSON strings may hold U+2028). A file whose first lines are no
    objects by themselves but which begins like JSON is read as one document: an array, or objects
    printed over several lines. Records beyond 64 MB are given with their beginning and a problem.
    """
    stream = iter(chunks)
    head = b""
    try:
        for chunk in stream:
            head += chunk
            if len(head) >= _SNIFF_BYTES:
                break
    except RecordError as error:  # first what could be read, then the error
        stream = _raise(error)
    whole = _chain(head.removeprefix(b"\xef\xbb\xbf"), stream)
    return _split_document(whole) if _is_document(head) else _split_lines(whole)


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _raise(error: RecordError) -> Iterator[bytes]:
    yield b""
    raise error


def _is_document(head: bytes) -> bool:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
    if start[:1] == b"[":
        return True
    if start[:1] != b"{":
        return False
    lines = [line for line in start.split(b"\n")[:50] if line.strip(_SPACE)]
    return len(lines) > 1 and not any(_is_object(line) for line in lines)


def _is_object(line: bytes) -> bool:
    try:
        return bool(orjson.loads(line)) and line.lstrip(_SPACE)[:1] == b"{"
    except orjson.JSONDecodeError:
        # A line that begins and ends like an object is a (bad) record, not a piece of a document.
        text = line.strip(_SPACE)
        return text[:2] == b'{"' and text[-1:] == b"}"


def _split_lines(chunks: Iterable[bytes]) -> Iterator[RawRecord]:
    line = 1
    carried: list[bytes] = []
    size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        carried.append(first if size <= MAX_RECORD_BYTES else b"")
        size += len(first)
        for following in others:
            yield from _line(line, b"".join(carried), size)
            line += 1
            carried, size = [following], len(following)
    yield from _line(line, b"".join(carried), size)


def _line(line: int, data: bytes, size: int) -> Iterator[RawRecord]:
    if size > MAX_RECORD_BYTES:
        yield RawRecord(line, data[:4096], f"the record has {size:,} bytes, more than {MAX_RECORD_BYTES:,}")
    elif stripped := data.strip(_SPACE):
        yield RawRecord(line, stripped)


def _split_document(chunks: Iterable[bytes]) -> Iterator[RawRecord]:
    """Objects at the top, in a top-level array, or in the ``data`` list of a list object."""
    scanner = _Scanner()
    for chunk in chunks:
        yield from scanner.feed(chunk)
    yield from scanner.finish()


class _Scanner:
    """Finds where objects begin and end, over any split into chunks; strings and escapes respected."""

    def __init__(self) -> None:
        self._depth = 0
        self._base = 0
        self._in_string = False
        self._escaped_at = -1
        self._pieces: list[bytes] = []
        self._size = 0
        self._line = 1
        self._start_line = 1

    def feed(self, chunk: bytes) -> Iterator[RawRecord]:
        """The objects that end in this chunk."""
        start = 0 if self._depth > self._base else -1
        newlines_from = 0
        skip = self._escaped_at
        self._escaped_at = -1
        for match in _STRUCTURE.finditer(chunk):
            at, mark = match.start(), match.group()
            if at == skip:
                skip = -1
                continue
            if self._in_string:
                if mark == b"\\":
                    skip = at + 1
                elif mark == b'"':
                    self._in_string = False
            elif mark == b'"':
                self._in_string = True
            elif mark in b"{[":
                if mark == b"[" and self._depth == self._base == 0:
                    self._base = 1
                elif mark == b"{" and self._depth == self._base:
                    self._line += chunk.count(b"\n", newlines_from, at)
                    newlines_from, start, self._start_line = at, at, self._line
                self._depth += 1
            elif mark in b"}]":
                self._depth -= 1
                if self._depth == self._base and start >= 0:
                    yield self._record(chunk[start : at + 1])
                    start = -1
                if self._depth < self._base:
                    self._base = max(self._depth, 0)
        if skip == len(chunk):
            self._escaped_at = 0
        self._line += chunk.count(b"\n", newlines_from)
        if start >= 0 and self._depth > self._base:
            self._keep(chunk[start:])

    def finish(self) -> Iterator[RawRecord]:
        """What was open when the file ended."""
        if self._pieces:
            yield RawRecord(
                self._start_line, b"".join(self._pieces)[:4096], "the file ends inside this record"
            )

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= MAX_RECORD_BYTES:
            self._pieces.append(piece)

    def _record(self, end: bytes) -> RawRecord:
        self._keep(end)
        data, size = b"".join(self._pieces), self._size
        self._pieces, self._size = [], 0
        problem = f"the record has {size:,} bytes, more than {MAX_RECORD_BYTES:,}"
        return RawRecord(
            self._start_line,
            data if size <= MAX_RECORD_BYTES else data[:4096],
            problem * (size > MAX_RECORD_BYTES),
        )


def list_elements(document: object) -> list[object]:
    """The records of a list object ``{"object": "list", "data": […]}``, else the document alone."""
    if (
        isinstance(document, dict)
        and document.get("object") == "list"
        and isinstance(document.get("data"), list)
    ):
        return list(document["data"])
    return [document]


def whole(record: RawRecord) -> bytes:
    """The text of a record. Raises `RecordError` (too-long, truncated-file) if it is not whole."""
    if record.problem:
        raise RecordError("truncated-file" if "ends" in record.problem else "too-long", record.problem)
    return record.data
