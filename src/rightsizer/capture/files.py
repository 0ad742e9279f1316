"""The bytes of a log file, decompressed, a bounded piece at a time."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from rightsizer.errors import InputError, RecordError

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_PLAIN_CHUNK = 1 << 20
# Small: a compressed chunk may expand ten thousandfold, and damage costs the chunk it is in.
_COMPRESSED_CHUNK = 1 << 10


def open_log(path: Path) -> BinaryIO:
    """The file, open for reading. Raises `InputError` if it is missing, empty, or not a file."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder", hint=f"name its files: {path}/*.jsonl*")
        file = path.open("rb")
    except FileNotFoundError:
        raise InputError(f"no file {path}", hint="check the path; quote it if it holds spaces") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {os.strerror(error.errno or 0)}") from error
    if not file.read(1):
        file.close()
        raise InputError(f"{path} is empty")
    file.seek(0)
    return file


def read_chunks(file: BinaryIO, on_bytes: Callable[[int], None]) -> Iterator[bytes]:
    """The decompressed bytes (gzip and zstd by their first bytes, not by name).

    `on_bytes` gets the position in the file. A file that breaks off or is damaged gives what could be
    read, then raises `RecordError` (truncated-file, damaged-file).
    """
    magic = file.read(4)
    file.seek(0)
    if magic[:2] == _GZIP_MAGIC:
        yield from _inflate(file, lambda: zlib.decompressobj(31), on_bytes)
    elif magic == _ZSTD_MAGIC:
        yield from _inflate(
            file,
            lambda: zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj(),
            on_bytes,
        )
    else:
        while chunk := file.read(_PLAIN_CHUNK):
            on_bytes(file.tell())
            yield chunk


def _inflate(
    file: BinaryIO,
    start: Callable[[], zlib._Decompress | zstandard.ZstdDecompressionObj],
    on_bytes: Callable[[int], None],
) -> Iterator[bytes]:
    """All members or frames of the file, one after the other."""
    stream = start()
    fed = False
    while chunk := file.read(_COMPRESSED_CHUNK):
        on_bytes(file.tell())
        while chunk:
            if stream.eof:
                stream, fed = start(), False
            try:
                data = stream.decompress(chunk)
            except (zlib.error, zstandard.ZstdError) as error:
                raise RecordError("damaged-file", f"the compressed data is damaged: {error}") from error
            fed = True
            if data:
                yield data
            chunk = stream.unused_data if stream.eof else b""
    if fed and not stream.eof:
        raise RecordError("truncated-file", "the compressed file ends in the middle: it was cut off")
