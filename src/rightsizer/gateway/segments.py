"""The gateway's own log: encrypted, append-only files that outlive the process that writes them.

A segment is ``<folder>/<id>.seg``: a header with the segment's own random key, wrapped under the home's
key or sealed to its public key, then frames of ``length (4 bytes) ‖ AES-256-GCM(kind ‖ payload)``. The
nonce is the frame's number, never used twice because the key is the segment's alone; so a frame that was
altered, moved or lost does not open, and reading ends there. What a write cut off in the
middle is such a tail and is left out.

The writer holds ``flock`` on the file: a segment whose lock can be taken has no writer any more, be it
closed or killed. A frame is handed to the operating system in one ``write`` before `append` returns, so
it survives kill -9; `sync` puts it on the disk.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rightsizer.errors import StoreError
from rightsizer.store.crypto import KEY_BYTES
from rightsizer.store.sealing import ReadingKey, WritingKey, unwrap_with, wrap_for
from rightsizer.types import new_id

MAGIC = b"RZSEG\x01"
SUFFIX = ".seg"
BEGIN, END, SHADOW, FEEDBACK, SPANS = b"B", b"E", b"S", b"F", b"T"
WHOLE = b"W"  # a call in one frame: its begin is in another segment, which took no end
_LENGTH = struct.Struct(">I")
_META = struct.Struct(">I")
_NONCE = struct.Struct(">4xQ")

# Of one segment, two a call: small calls cost the indexer objects, not bytes.
MOST_FRAMES = 1200


def segments_folder(home: Path) -> Path:
    """Where the segments of a home lie."""
    return home / "gateway" / "segments"


def spill_folder(home: Path) -> Path:
    """Where the segments of a second place are found, if there is one."""
    return home / "gateway" / "spill"


def segment_paths(home: Path) -> list[Path]:
    """All segments of a home, oldest first."""
    found = [*segments_folder(home).glob(f"*{SUFFIX}"), *spill_folder(home).glob(f"*{SUFFIX}")]
    return sorted(found, key=lambda path: path.name)


class Segment:
    """One file being written. Not for several threads."""

    def __init__(self, folder: Path, kek: WritingKey) -> None:
        self.id = new_id("seg")
        self.path = folder / f"{self.id}{SUFFIX}"
        self.bytes = 0
        self.open_calls = 0
        self.broken = False
        self._frames = 0
        self._named = False  # on the disk, in its folder
        key = secrets.token_bytes(KEY_BYTES)
        self._seal = AESGCM(key).encrypt
        wrapped = wrap_for(kek, key, _where(self.id))
        draft = folder / f".{self.id}.draft"
        self._fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            head = MAGIC + _LENGTH.pack(len(wrapped)) + wrapped
            self._size = os.write(self._fd, head)
            if self._size < len(head):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.rename(draft, self.path)
        except OSError:
            os.close(self._fd)
            draft.unlink(missing_ok=True)
            raise

    def is_full(self, most_bytes: int) -> bool:
        """Whether the next call goes into another: the indexer holds all of one at a time."""
        return self.broken or self.bytes >= most_bytes or self._frames >= MOST_FRAMES

    def append(self, kind: bytes, meta: bytes, body: bytes = b"") -> None:
        """Write one frame. Raises `OSError` (disk full …); the file then ends with the frame before."""
        if self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        payload = b"".join((kind, _META.pack(len(meta)), meta, body))
        sealed = self._seal(_NONCE.pack(self._frames), payload, None)
        length = _LENGTH.pack(len(sealed))
        whole = 4 + len(sealed)
        try:
            written = os.writev(self._fd, (length, sealed))
            if written < whole:
                self._write_rest((length + sealed)[written:])
        except OSError:
            self._cut_back()
            raise
        self._frames += 1
        self._size += whole
        self.bytes += whole

    def _write_rest(self, rest: bytes) -> None:
        """Only a full disk or a signal writes less than it was given."""
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:  # what follows a torn frame could not be read
            self.broken = True

    def sync(self) -> None:
        """Wait until what was written is on the disk, and the file's name too. May run in another thread."""
        os.fdatasync(self._fd)
        if not self._named:
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            self._named = True

    def close(self) -> None:
        """Give the segment to the indexer."""
        os.close(self._fd)
        self._fd = -1  # the number may soon be another file's


def read_frames(path: Path, kek: ReadingKey) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(kind, meta, body) of every whole frame, in order; ends at a torn or altered one.

    Raises `StoreError` if this is no segment, `KeyMismatch` if the key is another.
    """
    with path.open("rb") as file:
        head = file.read(len(MAGIC) + _LENGTH.size)
        if len(head) < len(MAGIC) + _LENGTH.size:
            return  # killed before the header was out: nothing was promised yet
        if not head.startswith(MAGIC):
            raise StoreError(f"{path} is not a segment of this version")
        size = _LENGTH.unpack_from(head, len(MAGIC))[0]
        wrapped = file.read(size)
        if len(wrapped) < size:
            return
        try:
            aead = AESGCM(unwrap_with(kek, wrapped, _where(path.stem)))
        except ValueError:
            raise StoreError(f"{path} is damaged: where its key should be is something else") from None
        number = 0
        while len(prefix := file.read(_LENGTH.size)) == _LENGTH.size:
            sealed = file.read(_LENGTH.unpack(prefix)[0])
            try:
                payload = aead.decrypt(_NONCE.pack(number), sealed, None)
            except (InvalidTag, ValueError):
                return
            number += 1
            start = 1 + _META.size
            end = start + _META.unpack_from(payload, 1)[0]
            yield payload[:1], payload[start:end], payload[end:]


def whole_meta(begin: bytes, end: bytes, request: bytes) -> bytes:
    """The meta of a `WHOLE` frame; its body is the request and then the answer."""
    return b'{"begin":%b,"end":%b,"request_bytes":%d}' % (begin, end, len(request))


def take_over(path: Path) -> int | None:
    """A locked descriptor of a segment without a writer; None while somebody writes it or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not path.exists():  # somebody folded it between the two calls
        os.close(descriptor)
        return None
    return descriptor


def _where(segment_id: str) -> bytes:
    return f"gateway-segment\x1f{segment_id}".encode()
