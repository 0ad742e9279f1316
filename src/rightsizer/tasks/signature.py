"""The fitted state that recognises a task's calls: what `Task.signature` holds, as a type."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from rightsizer.tasks.cores import Core
from rightsizer.types import Frozen


class CoreState(Frozen):
    """A template core as JSON: hashes in hexadecimal, weights beside them."""

    hashes: tuple[str, ...]
    weights: tuple[float, ...]
    size: int

    @classmethod
    def of(cls, core: Core) -> CoreState:
        """The stored form of a core."""
        return cls(
            hashes=tuple(f"{h:016x}" for h in core.hashes.tolist()),
            weights=tuple(round(w, 3) for w in core.weights.tolist()),
            size=core.size,
        )

    def load(self) -> Core:
        """The core in its working form."""
        return Core(np.array([int(h, 16) for h in self.hashes], np.uint64), np.array(self.weights), self.size)


class Signature(Frozen):
    """Which calls a task takes: the caller's own id, or cores + tools + response formats.

    `system`/`opening` None = any. `formats` are the accepted keys of `zones.format_key`. Without
    any core it takes what no task with a core takes, by tools and format. `step` and `centroid` are
    what tells the step and semantic tasks of one parent apart. `contains` are texts (lower case) that
    must all stand in the system text or the opening message: how a person split the task.
    """

    declared: str = ""
    system: CoreState | None = None
    opening: CoreState | None = None
    tools: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("",)
    contains: tuple[str, ...] = ()
    share: float = Field(default=0.0, description="least share of the system text that the core explains")
    round: int = Field(default=0, description="an earlier round's task takes a call before a later one's")
    step: str = ""
    centroid: tuple[float, ...] = ()
    seen: dict[str, str] = Field(default_factory=dict, description="digests of the version last seen")


def tool_similarity(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard similarity of two tool sets; 1 for two empty ones."""
    union = len(a | b)
    return len(a & b) / union if union else 1.0
