"""Recording of calls: a begin before the LLM is asked, an end before the last byte of the answer.

All frames of one call stand in one segment: a segment that is full or old takes no new calls and is
closed when its last call has ended.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from rightsizer.gateway.metrics import Metrics
from rightsizer.gateway.segments import (
    BEGIN,
    END,
    FEEDBACK,
    SHADOW,
    SPANS,
    WHOLE,
    Segment,
    segment_paths,
    segments_folder,
    whole_meta,
)
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.spill import Spill
from rightsizer.gateway.waiting import Frame, Held, Waiting
from rightsizer.store.callers import CallerNames
from rightsizer.store.sealing import WritingKey
from rightsizer.wire.callers import Hidden, Users, hide_users, repeats_hidden

log = logging.getLogger("rightsizer.gateway")
_LOG_EVERY_S = 10.0


@dataclass
class Entry:
    """A call being recorded; what no segment would take is `held`. Neither: it could not be kept.

    `users`: the names of users that its request had, and what is recorded in their place. `begun`: meta and
    request of the begin, where there is a second place that the call could still move to; `moved`: it has.
    """

    id: str
    segment: Segment | None
    held: Held | None = None
    ended: bool = False
    users: Users | None = None
    begun: tuple[bytes, bytes] | None = None
    moved: bool = False


def callers_of(kek: WritingKey) -> CallerNames:
    """The pseudonyms of a home whose store's own are not known: by the key it is written with."""
    return CallerNames(kek if isinstance(kek, bytes) else kek.pseudonym_key)


class Recorder:
    """Writes the frames of one worker. Never raises and never waits.

    What the disk does not take goes to the second place, if there is one (`spill`), or is held in memory and
    tried again; what cannot be kept is counted and logged.
    """

    def __init__(
        self,
        home: Path,
        kek: WritingKey,
        settings: GatewaySettings,
        metrics: Metrics,
        callers: CallerNames | None = None,
    ) -> None:
        self._home = home
        self._folder = segments_folder(home)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._kek = kek
        self._callers = callers or callers_of(kek)
        self._settings = settings
        self._metrics = metrics
        self._current: Segment | None = None
        self._retired: set[Segment] = set()
        self._unsynced: set[Segment] = set()
        self._spill = Spill(home, settings.spill, kek, settings.segment_bytes)
        self._waiting = Waiting(settings.max_waiting_bytes)
        self._sync: asyncio.Future[None] | None = None
        self._over_budget = False
        self._refused = False  # the disk has, when it was asked last
        self._logged_at = -_LOG_EVERY_S

    @property
    def state(self) -> str:
        """Where calls that begin now are recorded: ``disk``, ``spill``, ``memory``, or nowhere (``lost``)."""
        if self._over_budget:
            return "lost"
        if self._refused:
            return "memory" if self.n_waiting else "spill"
        return "disk"

    @property
    def n_waiting(self) -> int:
        """Calls that wait in memory for room on the disk."""
        return len(self._waiting)

    def begin(self, call_id: str, meta: dict[str, Any], request: bytes, plain: bytes = b"") -> Entry:
        """Record that a call starts; its request is kept whatever happens after.

        `plain` is a packed request unpacked. Where it names its user it is recorded without that name.
        """
        return self.begin_hidden(call_id, meta, request, hide_users(plain or request, self._callers.of_user))

    def begin_hidden(
        self, call_id: str, meta: dict[str, Any], request: bytes, hidden: Hidden | None
    ) -> Entry:
        """The same, where what `hide_users` says of the request is known."""
        if hidden is None:
            return self._begin(call_id, meta, request)
        meta = {name: value for name, value in meta.items() if name != "encoding"}
        entry = self._begin(call_id, meta, hidden[0])
        entry.users = hidden[1]
        return entry

    def _begin(self, call_id: str, meta: dict[str, Any], request: bytes) -> Entry:
        if self._over_budget:
            self._metrics.lost("backlog")
            return Entry(call_id, None)
        named = orjson.dumps({"id": call_id, **meta})
        try:
            segment = self._segment()
            segment.append(BEGIN, named, request)
            self._refused = False
        except OSError as error:
            self._refused = True
            spilled = self._spill.append(BEGIN, named, request)
            if spilled is None:
                return self._held(call_id, (BEGIN, named, request), error)
            segment = spilled
            self._metrics.spilled += 1
        segment.open_calls += 1
        self._unsynced.add(segment)
        return Entry(call_id, segment, begun=(named, request) if self._spill.is_there else None)

    def end(self, entry: Entry, meta: dict[str, Any], answer: bytes) -> None:
        """Record the answer, once. Call it before the last byte of the answer goes out."""
        if entry.ended:
            return
        entry.ended = True
        if entry.users:
            answer = repeats_hidden(answer, entry.users)
        if entry.held is not None:
            self._hold(entry.held, (END, orjson.dumps({"id": entry.id, **meta}), answer))
            entry.held.whole = True
        elif entry.segment is not None:
            if self._append(entry, END, meta, answer):
                self._metrics.recorded += 1
            self._leave(entry.segment)

    def hold(self, entry: Entry) -> None:
        """Keep the entry's segment open for a `shadow` still to come."""
        if entry.segment is not None:
            entry.segment.open_calls += 1

    def shadow(self, entry: Entry, meta: dict[str, Any]) -> None:
        """Record what the student would have said; releases the `hold`."""
        if entry.segment is None or entry.moved:  # it is elsewhere already, and waits for no shadow
            self._metrics.lost("shadow")
        else:
            self._append(entry, SHADOW, meta, b"")
        if entry.segment is not None:
            self._leave(entry.segment)

    def feedback(self, feedback_id: str, meta: dict[str, Any]) -> None:
        """Record what became of a call. Raises `OSError` if it cannot be kept: the sender can try again."""
        self._append_loose(FEEDBACK, orjson.dumps({"id": feedback_id, **meta}), b"")

    def spans(self, spans_id: str, request: bytes) -> None:
        """Record an OTLP/JSON export request. Raises `OSError` as `feedback` does."""
        self._append_loose(SPANS, orjson.dumps({"id": spans_id}), request)

    def _append_loose(self, kind: bytes, meta: bytes, body: bytes) -> None:
        """Write a frame that belongs to no call; to the second place if the first does not take it."""
        try:
            segment = self._segment()
            segment.append(kind, meta, body)
        except OSError:
            self._refused = True
            spilled = self._spill.append(kind, meta, body)
            if spilled is None:
                raise
            segment = spilled
        self._unsynced.add(segment)

    async def synced(self) -> None:
        """Wait until everything recorded so far is on the disk; waiting calls share one fdatasync."""
        if self._sync is not None:
            await asyncio.shield(self._sync)  # may have begun before our frame: one more round
        if not self._unsynced:
            return
        if self._sync is None or self._sync.done():
            self._sync = asyncio.ensure_future(self._sync_all())
        await asyncio.shield(self._sync)

    async def _sync_all(self) -> None:
        segments, self._unsynced = self._unsynced, set()
        for segment in segments:
            try:
                await asyncio.to_thread(segment.sync)
            except (OSError, ValueError) as error:
                self._metrics.lost("sync")
                log.warning("a segment could not be synced: %s", error)

    def tick(self, age_s: float) -> bool:
        """Housekeeping, called regularly: what waits, rotation by age, the backlog. Whether a sync is due."""
        self._write_waiting()
        if self._current is not None and self._current.bytes and age_s >= self._settings.segment_age_s:
            self._rotate()
        self._retired |= set(self._spill.retired(all_of_them=age_s >= self._settings.segment_age_s))
        for segment in list(self._retired):
            self._retire(segment)
        self._look_at_backlog()
        return bool(self._unsynced)

    def _look_at_backlog(self) -> None:
        was_over, limit = self._over_budget, self._settings.max_backlog_bytes
        self._over_budget = self.backlog_bytes() > limit
        if self._over_budget and not was_over:
            log.error("records are lost: over %d bytes wait for the store (gateway.max_backlog_bytes)", limit)

    def backlog_bytes(self) -> int:
        """Size of all segments not yet in the store."""
        total = 0
        for path in segment_paths(self._home):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def close(self) -> None:
        """Give everything to the indexer."""
        self._write_waiting()
        if self.n_waiting:
            log.error("%d records are lost: they waited for room on the disk to the end", self.n_waiting)
        for _ in range(self.n_waiting):
            self._metrics.lost("disk")
        self._rotate()
        self._retired |= set(self._spill.retired(all_of_them=True))
        for segment in list(self._retired):
            self._retired.discard(segment)
            segment.close()

    def _segment(self) -> Segment:
        current = self._current
        if current is not None and current.is_full(self._settings.segment_bytes):
            self._rotate()
        if self._current is None:
            self._current = Segment(self._folder, self._kek)
        return self._current

    def _append(self, entry: Entry, kind: bytes, meta: dict[str, Any], body: bytes) -> bool:
        """Whether the frame is written; if not it waits, with a call of its own, or is counted."""
        assert entry.segment is not None
        named = orjson.dumps({"id": entry.id, **meta})
        try:
            entry.segment.append(kind, named, body)
        except OSError as error:
            self._refused = True
            if kind == END and self._move(entry, named, body):
                return True
            self._log(error)
            late = Held(whole=True, segment=entry.segment)
            if self._hold(late, (kind, named, body)):
                entry.segment.open_calls += 1  # all frames of a call stand in one segment
            return False
        self._unsynced.add(entry.segment)
        return True

    def _move(self, entry: Entry, end: bytes, answer: bytes) -> bool:
        """Write a call whose end the disk of its begin does not take to the second place, whole."""
        if entry.begun is None:
            return False
        begin, request = entry.begun
        segment = self._spill.append(WHOLE, whole_meta(begin, end, request), request + answer)
        if segment is None:
            return False
        entry.moved = True
        self._metrics.spilled += 1
        self._unsynced.add(segment)
        return True

    def _held(self, call_id: str, frame: Frame, error: OSError) -> Entry:
        self._log(error)
        held = Held()
        return Entry(call_id, None, held if self._hold(held, frame) else None)

    def _hold(self, held: Held, frame: Frame) -> bool:
        if self._waiting.hold(held, frame):
            self._metrics.records_waiting = self.n_waiting
            return True
        self._metrics.lost("disk")
        return False

    def _write_waiting(self) -> None:
        """Write what waits, as far as the disk takes it."""
        self._write_held()
        self._metrics.records_waiting = self.n_waiting

    def _write_held(self) -> None:
        while (held := self._waiting.take()) is not None:
            try:
                if held.segment is None:
                    held.segment = self._segment()
                    held.segment.open_calls += 1
                while held.frames:
                    held.segment.append(*held.frames[0])
                    del held.frames[0]
            except OSError:
                self._waiting.put_back(held)
                return
            self._refused = False
            self._unsynced.add(held.segment)
            self._metrics.recorded += 1
            self._leave(held.segment)

    def _log(self, error: OSError) -> None:
        now = time.monotonic()
        if now - self._logged_at > _LOG_EVERY_S:
            self._logged_at = now
            log.error("records wait in memory, the disk takes none: %s", error.strerror or error)

    def _rotate(self) -> None:
        if self._current is not None:
            self._retired.add(self._current)
            current, self._current = self._current, None
            self._retire(current)

    def _leave(self, segment: Segment) -> None:
        segment.open_calls -= 1
        if segment in self._retired:
            self._retire(segment)

    def _retire(self, segment: Segment) -> None:
        """Close a retired segment once its last call has ended and it is on the disk."""
        if segment.open_calls == 0 and segment not in self._unsynced and not self._syncing():
            self._retired.discard(segment)
            segment.close()

    def _syncing(self) -> bool:
        return self._sync is not None and not self._sync.done()
