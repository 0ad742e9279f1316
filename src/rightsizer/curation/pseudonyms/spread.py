"""How widely short values of records are spread over the sessions of a log: what many have is nobody's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from rightsizer.curation.pseudonyms.tree import Leaf

SAMPLE = 500  # sessions: enough for a share
FEWEST = 5  # sessions from which a share says anything


@dataclass
class Spread:
    """Counts over the first `SAMPLE` sessions of a log."""

    _sessions: dict[str, int] = field(default_factory=dict)
    _values: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _fields: defaultdict[str, tuple[set[int], set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: (set(), set()))
    )

    def read(self, session: str, leaf: Leaf) -> None:
        """Take in one value."""
        if leaf.is_key or not isinstance(leaf.value, str) or not 2 <= len(leaf.value) <= 80:
            return
        number = self._sessions.get(session)
        if number is None:
            if len(self._sessions) >= SAMPLE:
                return
            number = self._sessions[session] = len(self._sessions)
        low = leaf.value.lower()
        self._values[low].add(number)
        sessions, values = self._fields[leaf.key]
        sessions.add(number)
        values.add(low)

    def shared(self, share: float) -> frozenset[str]:
        """Values that more than this share of the sessions have; none where sessions are few."""
        n = len(self._sessions)
        if n < FEWEST:
            return frozenset()
        return frozenset(v for v, sessions in self._values.items() if len(sessions) > max(2, share * n))

    def varied(self) -> frozenset[str]:
        """Fields with nearly as many values as sessions."""
        return frozenset(
            key
            for key, (sessions, values) in self._fields.items()
            if key and len(sessions) >= FEWEST and len(values) >= 0.6 * len(sessions)
        )
