"""Which task a request belongs to: from the request alone, before the answer exists, fast enough inline."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.tasks.cores import CONTAINED, Core, CoreIndex
from rightsizer.tasks.shingles import shingle
from rightsizer.tasks.signature import Signature, same_tools, tool_similarity
from rightsizer.tasks.zones import Zones, read_zones
from rightsizer.types import Request, Task

SAME_TOOLS_ALONE = 0.9  # without a template the tools must speak for themselves
ADDED = 64  # shingles: a paragraph that may be added to any prompt, however short
_MEMO = 4096
_ROUND = 1e9  # above any core's mass
_PART = 1e-3  # below any difference of masses that matters


def final_ids(tasks: Sequence[Task]) -> dict[str, str]:
    """Task id → the id its calls go under now: its own, or that of the task a person merged it into."""
    into = {t.id: t.merged_into for t in tasks}
    final: dict[str, str] = {}
    for start in into:
        end, seen = start, {start}
        while (ahead := into.get(end)) is not None and ahead in into and ahead not in seen:
            seen.add(ahead)
            end = ahead
        final[start] = end
    return final


class Assigner:
    """Gives requests to the template-level tasks it was made with; other levels are ignored."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        final = final_ids(tasks)
        taken = [(final[t.id], Signature.model_validate(t.signature)) for t in tasks if t.level == "template"]
        self._declared: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for task_id, s in sorted(taken, key=lambda known: -len(known[1].contains)):
            if s.declared:
                self._declared.setdefault(s.declared, []).append((s.contains, task_id))
        structural = [(task_id, s) for task_id, s in taken if not s.declared]
        self._ids = [task_id for task_id, _ in structural]
        self._signatures = [s for _, s in structural]
        self._tools = [frozenset(s.tools) for s in self._signatures]
        self._system = _Zone([s.system.load() if s.system else None for s in self._signatures])
        self._opening = _Zone([s.opening.load() if s.opening else None for s in self._signatures])
        mass = self._system.mass + self._opening.mass
        self._share = np.array([s.share for s in self._signatures], float)
        parts = np.array([len(s.contains) for s in self._signatures], float)
        self._parted = parts > 0
        # What an earlier run assigned stays: its tasks come first, then the more specific template, and
        # the part a person split off before the rest.
        self._rank = mass + _PART * parts - _ROUND * np.array([s.round for s in self._signatures], float)
        self._fit: OrderedDict[tuple[frozenset[str], str], NDArray[np.bool_]] = OrderedDict()

    def assign(self, request: Request, metadata: Mapping[str, Any] | None = None) -> str | None:
        """The task's id, or None where the request is of no known task.

        `metadata` is what the caller attached beside the request; an id it declares overrides.
        """
        return self.assign_zones(read_zones(request, metadata))

    def assign_zones(self, zones: Zones) -> str | None:
        """The same for a request already taken apart."""
        return self.place(zones)[0]

    def place(self, zones: Zones) -> tuple[str | None, float]:
        """The task's id, and the share of the system text that its core explains (1 where it has none)."""
        for texts, task_id in self._declared.get(zones.declared, ()):
            if _carries(zones, texts):
                return task_id, 1.0
        if not self._ids:
            return None, 1.0
        fits = self._fits(zones.tools, zones.format)
        if not fits.any():
            return None, 1.0
        contained, explained, beyond = self._system.contained(zones.system)
        fits = fits & (contained >= CONTAINED) & ((explained >= self._share) | (beyond <= ADDED))
        if (fits & self._opening.asked).any():
            fits &= self._opening.contained(zones.opening)[0] >= CONTAINED
        for i in np.flatnonzero(fits & self._parted):
            fits[i] = _carries(zones, self._signatures[i].contains)
        if not fits.any():
            return None, 1.0
        best = int(np.argmax(np.where(fits, self._rank, -np.inf)))
        return self._ids[best], float(explained[best])

    def _fits(self, tools: frozenset[str], format: str) -> NDArray[np.bool_]:
        """Which tasks take this tool set and response format."""
        key = (tools, format)
        known = self._fit.get(key)
        if known is None:
            known = np.array([self._takes(i, tools, format) for i in range(len(self._ids))], bool)
            _remember(self._fit, key, known)
        return known

    def _takes(self, i: int, tools: frozenset[str], format: str) -> bool:
        s = self._signatures[i]
        alone = s.system is None and s.opening is None
        if alone and not _same_tools_alone(self._tools[i], tools):
            return False
        return format in s.formats and (self._tools[i] == tools or same_tools(self._tools[i], tools))


class _Zone:
    """One zone's cores over all tasks; a task without a core there takes every text."""

    def __init__(self, cores: Sequence[Core | None]) -> None:
        owners = [i for i, c in enumerate(cores) if c is not None]
        fitted = [c for c in cores if c is not None]
        # Tasks of one agent share a core: score each distinct core once.
        names = [c.hashes.tobytes() for c in fitted]
        first = {name: k for k, name in reversed(list(enumerate(names)))}
        distinct = sorted(set(first.values()))
        self._index = CoreIndex([fitted[k] for k in distinct])
        place = {k: j for j, k in enumerate(distinct)}
        self._owners = np.array(owners, int)
        self._source = np.array([place[first[name]] for name in names], int)
        self._n = len(cores)
        self.asked = np.zeros(self._n, bool)
        self.asked[self._owners] = True
        self.mass = np.array([c.mass if c is not None else 0.0 for c in cores])
        self._size = np.array([c.size for c in fitted], float)
        self._memo: OrderedDict[str, NDArray[np.float64]] = OrderedDict()

    def contained(self, text: str) -> NDArray[np.float64]:
        """Shape (3, n_tasks): share of each task's core that the text carries, share of the text that this
        explains, and the number of shingles that it does not; 1, 1, 0 where the task asks for no core."""
        known = self._memo.get(text)
        if known is None:
            known = np.ones((3, self._n))
            known[2] = 0
            if len(self._owners):
                shingles = shingle(text)
                found = self._index.contained(shingles)[self._source]
                known[0, self._owners] = found
                explained = np.minimum(1.0, found * self._size / max(len(shingles), 1))
                known[1, self._owners] = explained
                known[2, self._owners] = (1 - explained) * len(shingles)
            _remember(self._memo, text, known)
        return known


def _same_tools_alone(known: frozenset[str], tools: frozenset[str]) -> bool:
    """The same for a task without a template: nearly equal, or one tool added to at least two."""
    if tool_similarity(known, tools) >= SAME_TOOLS_ALONE:
        return True
    return len(known) >= 2 and known < tools and len(tools) == len(known) + 1


def _carries(zones: Zones, texts: tuple[str, ...]) -> bool:
    """Whether all of these (lower-case) texts stand in the system text or the opening message."""
    return not texts or all(t in zones.system.lower() or t in zones.opening.lower() for t in texts)


def _remember(memo: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    memo[key] = value
    if len(memo) > _MEMO:
        memo.popitem(last=False)
