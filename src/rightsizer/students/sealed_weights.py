"""A folder of model weights that lies sealed, and in plain only while a library reads it.

Transformers, vLLM and llama.cpp read weights as files. So a student's weights are sealed at rest, as its
other files are, and written out for as long as a model is loaded: into memory where the system has a file
system for that, into a folder that only its owner may enter, and gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rightsizer.students.artifact import Seal, copy_opened, copy_sealed, current_seal, is_sealed, sealed

_IN_MEMORY = Path("/dev/shm")


def seal_folder(folder: Path) -> int:
    """Seal every file in `folder` in its place, where a seal is in force; how many were sealed.

    The plain file is gone when the sealed one stands; cut off in between, both readings are right.
    """
    if current_seal() is None:
        return 0
    count = 0
    for path in _files(folder):
        if not is_sealed(path):
            part = path.with_name(f".{path.name}.sealing")
            part.unlink(missing_ok=True)
            copy_sealed(path, part)
            os.replace(part, path)
            count += 1
    return count


@contextmanager
def opened_folder(folder: Path, seal: Seal | None = None) -> Iterator[Path]:
    """The folder in plain while inside: itself if nothing in it is sealed, else a private copy.

    `seal` opens it where none is in force. Raises `ArtifactError` if it is sealed and no seal is at hand.
    """
    if not any(map(is_sealed, _files(folder))):
        yield folder
        return
    work = tempfile.mkdtemp(prefix="rightsizer-weights-", dir=folder_with_room(_size(folder)))  # 0700
    try:
        open_into(folder, Path(work), seal)
        yield Path(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def open_into(folder: Path, out: Path, seal: Seal | None = None) -> list[Path]:
    """The files of `folder` in plain in `out`, for their owner only; what is there is replaced."""
    made = []
    with sealed(seal) if seal is not None else nullcontext():
        for path in _files(folder):
            target = out / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.unlink(missing_ok=True)
            copy_opened(path, target)
            made.append(target)
    return made


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in _files(folder))


def folder_with_room(needed: int) -> str | None:
    """Memory, where it takes so many bytes and leaves as much; else the system's folder for passing files."""
    usable = _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK)
    return str(_IN_MEMORY) if usable and shutil.disk_usage(_IN_MEMORY).free > 2 * needed else None
