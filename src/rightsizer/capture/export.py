"""Calls out of the store, as call records."""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

import zstandard

from rightsizer.errors import InputError
from rightsizer.types import Call
from rightsizer.wire.jsontext import dump_json
from rightsizer.wire.record import record_from_call


def write_calls(calls: Iterable[Call], path: Path | str) -> int:
    """Write one call record a line (.jsonl, .gz or .zst by name); the number written.

    The file appears under its name only when it is whole, readable by its owner alone (it is not
    encrypted). `read_calls` gives equal calls back. Raises `InputError` if it cannot be written.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    written = 0
    try:
        with _open_draft(draft, path.suffix) as file:
            for call in calls:
                file.write(dump_json(record_from_call(call)) + b"\n")
                written += 1
        draft.replace(path)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}", hint="choose another place"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return written


@contextlib.contextmanager
def _open_draft(draft: Path, suffix: str) -> Iterator[IO[bytes]]:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        if suffix == ".gz":
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as zipped:
                yield cast(IO[bytes], zipped)
        elif suffix == ".zst":
            with zstandard.ZstdCompressor(level=10).stream_writer(raw, closefd=False) as zipped_zst:
                yield cast(IO[bytes], zipped_zst)
        else:
            yield raw
        raw.flush()
        os.fsync(raw.fileno())
