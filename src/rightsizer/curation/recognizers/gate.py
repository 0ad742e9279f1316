"""Which patterns can match a text at all, by the literals, digits and runs that are in it.

The gate only skips work: every finding is made by the pattern itself, so findings with and without
it are identical (tested).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rightsizer.curation.recognizers.pattern import REACH, Cluster, Pattern

_CLUSTER = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9])+")
_START = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z(]")
_FEWEST = 4


def digit_clusters(text: str, fewest: int = _FEWEST) -> list[Cluster]:
    """The clusters of at least `fewest` digits, ascending."""
    clusters = []
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        if end - start >= fewest:
            digits = sum(map(match[0].count, "0123456789"))
            if digits >= fewest:
                starts = [m.start() for m in _START.finditer(text, max(0, start - REACH), end)]
                numbers = tuple(at for at in starts if text[at] <= "9")  # "(" is below the digits
                names = tuple(at for at in starts if text[at] > "9")
                clusters.append(Cluster(digits, numbers, names))
    return clusters


class Gate:
    """Chooses among `patterns`; those that count digits must want at least four."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._groups = [_Group(gate, patterns) for gate in dict.fromkeys(p.gate for p in patterns)]

    def choose(self, text: str, clusters: Sequence[Cluster]) -> list[Pattern]:
        """The patterns that can match."""
        low, ascii_only = text.lower(), text.isascii()
        digits = max((c.digits for c in clusters), default=0)
        chosen: list[Pattern] = []
        for group in self._groups:
            if group.gate is None or group.gate.search(text) is not None:
                chosen += group.choose(low, ascii_only, digits)
        return chosen


class _Group:
    """The patterns behind one expression, by what they need."""

    def __init__(self, gate: re.Pattern[str] | None, patterns: Sequence[Pattern]) -> None:
        self.gate = gate
        members = [p for p in patterns if p.gate is gate]
        self.free = [p for p in members if not p.needs]
        self.needing = [p for p in members if p.needs]
        literals = sorted({literal for p in members for literal in p.needs})
        self.ascii = [literal for literal in literals if literal.isascii()]
        self.other = [literal for literal in literals if not literal.isascii()]

    def choose(self, low: str, ascii_only: bool, digits: int) -> list[Pattern]:
        present = {literal for literal in self.ascii if literal in low}
        if not ascii_only:
            present.update(literal for literal in self.other if literal in low)
        chosen = [p for p in self.free if p.digits <= digits]
        if present:
            chosen += [p for p in self.needing if p.digits <= digits and not present.isdisjoint(p.needs)]
        return chosen
