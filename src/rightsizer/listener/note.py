"""What is noted of one call, from its request to the end of its answer. Every step is guarded."""

from __future__ import annotations

import time
from typing import Any

from rightsizer.gateway.segments import Segment
from rightsizer.listener.guard import guarded
from rightsizer.listener.journal import Journal
from rightsizer.types import new_id
from rightsizer.wire.callers import hide_users, metadata_hidden, repeats_hidden

MAX_BYTES = 64 << 20


class Note:
    """One call under way."""

    def __init__(self, journal: Journal, path: str, request: bytes, about: dict[str, Any]) -> None:
        self._journal = journal
        hidden = guarded(hide_users, request, journal.name_of)
        request, self._users = hidden or (request, {})
        self._id = new_id("call")
        self._started = time.monotonic()
        self._first_s: float | None = None
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._over = False
        self._answer: dict[str, Any] = {}
        meta = {"at": time.time(), "path": path, "by": "listener", **about}
        if isinstance(about.get("metadata"), dict):
            meta["metadata"] = metadata_hidden(about["metadata"], journal.name_of)
        self._segment: Segment | None = guarded(journal.begin, self._id, meta, request)

    def answers(self, status: int, content_type: str, encoding: str = "") -> None:
        """The head of the answer is there."""
        self._answer = {"status": status, "type": content_type}
        if encoding:
            self._answer["encoding"] = encoding

    def add(self, piece: bytes) -> None:
        """A piece of the answer."""
        if self._first_s is None:
            self._first_s = time.monotonic() - self._started
        self._bytes += len(piece)
        if self._bytes <= MAX_BYTES:
            self._pieces.append(piece)

    def end(self, failure: str = "") -> None:
        """The answer is whole, or came to an end by `failure`. Only the first time counts."""
        if self._over or self._segment is None:
            return
        self._over = True
        first_s = self._first_s
        meta: dict[str, Any] = {
            **self._answer,
            "total_s": round(time.monotonic() - self._started, 6),
            "first_byte_s": None if first_s is None else round(first_s, 6),
            "served_by": "llm",
        }
        answer = b"".join(self._pieces)
        if failure:
            meta["failure"] = failure
        if self._bytes > MAX_BYTES:
            meta["truncated"] = True
        guarded(self._journal.end, self._segment, self._id, meta, repeats_hidden(answer, self._users))
        self._pieces = []
