"""What training gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rightsizer.students.artifact import artifact_hash, artifact_size
from rightsizer.types import Candidate, Rung

Progress = Callable[[str, float, float | None], None]


@dataclass(frozen=True)
class Trained:
    """A student that lies in its folder. `recipe` is JSON: all that is needed to train it again.

    `notes` are plain sentences for people: what was left out, what is weak. `train_s` is wall time.
    """

    rung: Rung
    method: str
    recipe: dict[str, Any]
    train_s: float
    size_bytes: int
    artifact_hash: str
    notes: tuple[str, ...] = field(default=())


def describe(
    candidate: Candidate, out: Path, *, recipe: dict[str, Any], train_s: float, notes: tuple[str, ...] = ()
) -> Trained:
    """The `Trained` of the artifact that was saved in `out`."""
    return Trained(
        rung=candidate.rung,
        method=candidate.method,
        recipe=recipe,
        train_s=train_s,
        size_bytes=artifact_size(out),
        artifact_hash=artifact_hash(out),
        notes=notes,
    )
