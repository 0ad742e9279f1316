"""Saved points of a run, sealed where a student's files are: in plain they lie in memory only.

The libraries write the points as plain files and read them when a run goes on. Where a seal is in force they
do so in a folder of their own that only its owner may enter, in memory where the system has a file system for
that; each point is sealed into the run's folder as soon as it is whole. A run that was killed leaves its
folder in memory behind: the next one of the same recipe takes it away.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rightsizer.students.artifact import copy_sealed, current_seal
from rightsizer.students.sealed_weights import folder_with_room, open_into, seal_folder

POINT = "checkpoint-"  # what transformers calls them, with the step behind
_STATE = "trainer_state.json"
_WHERE = "in-plain-at"
_PREFIX = "rightsizer-training-"


@contextmanager
def opened_points(work: Path, room: int) -> Iterator[Path]:
    """Where a run writes its points, with those that `work` has: `work` itself where no seal is in force.

    `room`: bytes that the points in plain will need.
    """
    if current_seal() is None:
        yield work
        return
    _take_away(work)
    plain = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder_with_room(room)))  # 0700
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    (work / _WHERE).write_text(str(plain))
    try:
        for point in _points(work):
            seal_folder(point)  # one that lay in plain
            open_into(point, plain / point.name)
            _moved(plain / point.name, plain)
        yield plain
    finally:
        _take_away(work)


def seal_points(plain: Path, work: Path) -> int:
    """Seal the points in `plain` that `work` does not have, and drop those that are gone; how many were new.

    A point appears in `work` when it is whole.
    """
    there = {point.name for point in _points(work)}
    new = [point for point in _points(plain) if point.name not in there]
    for point in new:
        draft = work / f".{point.name}"
        shutil.rmtree(draft, ignore_errors=True)
        for path in sorted(p for p in point.rglob("*") if p.is_file()):
            target = draft / path.relative_to(point)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy_sealed(path, target)
        os.replace(draft, work / point.name)
    for name in there - {point.name for point in _points(plain)}:
        shutil.rmtree(work / name, ignore_errors=True)
    return len(new)


def _points(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob(f"{POINT}*") if p.is_dir()) if folder.is_dir() else []


def _moved(point: Path, plain: Path) -> None:
    """The state of a point names the best one by its path: it lies in another folder now."""
    path = point / _STATE
    if not path.is_file():
        return
    state = json.loads(path.read_text())
    best = state.get("best_model_checkpoint")
    if best:
        state["best_model_checkpoint"] = str(plain / Path(best).name)
        path.write_text(json.dumps(state))


def _take_away(work: Path) -> None:
    """Remove what a run wrote in plain, this one's or one's that was killed."""
    note = work / _WHERE
    if not note.is_file():
        return
    plain = Path(note.read_text())
    if plain.name.startswith(_PREFIX) and plain.is_dir() and not plain.is_symlink():
        shutil.rmtree(plain, ignore_errors=True)
    note.unlink()
