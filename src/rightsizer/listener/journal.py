"""The listener's side of the segment log: many threads, one file at a time, none shared by a fork."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from rightsizer.gateway.segments import BEGIN, END, Segment, segments_folder

AGE_S = 5.0
BYTES = 64 << 20


class Journal:
    """Writes begin and end of calls. `begin` and `end` raise `OSError` when the disk takes no more."""

    _lock: threading.Lock
    _segments: set[Segment]
    _current: Segment | None
    _keeper: threading.Thread | None

    def __init__(self, home: Path, kek: bytes, name_of: Callable[[str], str]) -> None:
        self._folder = segments_folder(home)
        self._kek = kek
        self.name_of = name_of  # what stands in place of a caller's user
        self._fresh()
        _journals.add(self)

    def begin(self, call_id: str, meta: dict[str, Any], request: bytes) -> Segment:
        """Record that a call starts; its end goes to the same segment."""
        with self._lock:
            segment = self._segment()
            segment.append(BEGIN, orjson.dumps({"id": call_id, **meta}), request)
            segment.open_calls += 1
            return segment

    def end(self, segment: Segment, call_id: str, meta: dict[str, Any], answer: bytes) -> None:
        """Record the answer. A segment of the process we were forked from is not ours to write."""
        with self._lock:
            if segment not in self._segments:
                return
            try:
                segment.append(END, orjson.dumps({"id": call_id, **meta}), answer)
            finally:
                segment.open_calls -= 1
                self._let_go()

    def close(self) -> None:
        """Leave everything to the indexer; calls still under way end without an answer."""
        with self._lock:
            self._closed = True
            for segment in self._segments:
                segment.close()
            self._segments, self._current = set(), None

    def _fresh(self) -> None:
        """As at the start; also in a forked child, where going on would use a nonce of AES-GCM twice."""
        self._lock = threading.Lock()
        self._segments = set()
        self._current = None
        self._since = 0.0
        self._keeper = None
        self._closed = False

    def _segment(self) -> Segment:
        if self._closed:
            raise OSError("the listener is closed")
        if self._current is None or self._current.bytes >= BYTES:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._current = Segment(self._folder, self._kek)
            self._segments.add(self._current)
            self._since = time.monotonic()
            if self._keeper is None:
                self._keeper = threading.Thread(target=_keep, args=(weakref.ref(self),), daemon=True)
                self._keeper.start()
        return self._current

    def _let_go(self) -> None:
        """Close what is old and has no call under way, so that the indexer can have it."""
        if self._current is not None and time.monotonic() - self._since > AGE_S:
            self._current = None
        for segment in [each for each in self._segments if each is not self._current]:
            if segment.open_calls == 0:
                segment.sync()
                segment.close()
                self._segments.discard(segment)

    def tick(self) -> bool:
        """Regular housekeeping; whether there will be more."""
        with self._lock:
            self._let_go()
            return not self._closed


_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def _keep(journal: weakref.ref[Journal]) -> None:
    while True:
        time.sleep(1.0)
        mine = journal()
        if mine is None or not mine.tick():
            return
        del mine


def _after_fork() -> None:
    for journal in list(_journals):
        journal._fresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
