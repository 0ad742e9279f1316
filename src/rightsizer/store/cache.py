"""A least-recently-used cache bounded by the weight of what it holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class WeightedCache(Generic[V]):
    """Keeps the values used last, up to a total weight (here: bytes before decoding). Thread-safe."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._weight = 0
        self._lock = threading.Lock()
        self._entries: OrderedDict[int, tuple[V, int]] = OrderedDict()

    def get(self, key: int) -> V | None:
        """The value, which becomes the last used, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: int, value: V, weight: int) -> None:
        """Add a value; the least recently used ones give way."""
        with self._lock:
            previous = self._entries.pop(key, None)
            self._weight += weight - (previous[1] if previous else 0)
            self._entries[key] = (value, weight)
            while self._weight > self._capacity and len(self._entries) > 1:
                self._weight -= self._entries.popitem(last=False)[1][1]
