"""From segments to the store: every recorded call once, the segment removed only after the commit.

A segment is folded when nobody writes it any more. If the process dies between commit and removal, the
next run appends the same calls again, which the store knows by their ids.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from rightsizer.errors import KeyMismatch, RecordError, RightsizerError, StoreError
from rightsizer.gateway.calls import Recorded, call_from_recorded
from rightsizer.gateway.memory import give_back
from rightsizer.gateway.segments import (
    BEGIN,
    END,
    FEEDBACK,
    SHADOW,
    SPANS,
    SUFFIX,
    WHOLE,
    read_frames,
    segment_paths,
    spill_folder,
    take_over,
)
from rightsizer.gateway.spending import PriceOf
from rightsizer.store.feedback import Feedback
from rightsizer.store.sealing import ReadingKey
from rightsizer.store.store import Rejected, Store
from rightsizer.types import Call
from rightsizer.wire import otlp
from rightsizer.wire.callers import NameOf
from rightsizer.wire.shared import Shared

DAY_S = 86_400.0
_SHARED_BYTES = 1 << 20
_GIVE_BACK_EVERY = 4  # segments
log = logging.getLogger("rightsizer.gateway.indexer")
Tell = Callable[[list[Call]], None]
# JSON of a shape no API has; one such call must not hold up the others
_UNFORESEEN = (TypeError, ValueError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Indexed:
    """What one run did. `busy` segments are still being written; `rejected` requests were unreadable.

    `unreadable` segments are of another key or version, and stay.
    """

    segments: int = 0
    calls: int = 0
    known: int = 0
    rejected: int = 0
    conflicts: int = 0
    feedback: int = 0
    busy: int = 0
    unreadable: int = 0


def index_segments(
    store: Store, home: Path, kek: bytes | None = None, price: PriceOf | None = None, tell: Tell | None = None
) -> Indexed:
    """Fold every segment without a writer into the store, oldest first. `price` gives calls their cost;
    `tell` is given the calls of each segment when they are in the store, some perhaps twice.

    Segments are under the store's segment key, or, written otherwise, under `kek`.

    Raises `StoreError` (disk, lock); then the segment stays and the next run takes it up.
    """
    with _without_collecting():
        return _index(store, home, kek, price, tell)


def _index(store: Store, home: Path, kek: bytes | None, price: PriceOf | None, tell: Tell | None) -> Indexed:
    done = Indexed()
    shared = Shared(_SHARED_BYTES)
    for path in segment_paths(home):
        descriptor = take_over(path)
        if descriptor is None:
            done = _sum(done, Indexed(busy=1))
            continue
        try:
            try:
                gathered = _without_moved(_gather_any(path, store, kek), home, store, kek)
            except StoreError as error:  # one that cannot be read must not hold up the others
                log.error("%s stays where it is: %s", path, error.message)
                done = _sum(done, Indexed(unreadable=1))
                continue
            done = _sum(done, _fold(store, path, gathered, shared, price, tell))
            del gathered  # not beside the next one's
            path.unlink(missing_ok=True)
            if done.segments % _GIVE_BACK_EVERY == 0:
                give_back()
        finally:
            os.close(descriptor)
    if done.segments:
        give_back()  # or each kind of segment would leave the most it needed
    return done


def watch(
    open_it: Callable[[], Store],
    home: Path,
    kek: bytes,
    stopped: Callable[[], bool],
    every_s: float,
    maintain: Callable[[], None] = lambda: None,
    price: PriceOf | None = None,
    tell: Tell | None = None,
) -> None:
    """Index again and again until `stopped`, then once more. A failure is logged and tried again.

    `maintain` is called at the start and then once a day.
    """
    last = False
    maintained_s = -math.inf
    while True:
        try:
            if time.monotonic() - maintained_s >= DAY_S:
                maintained_s = time.monotonic()
                maintain()
            if segment_paths(home):
                store = open_it()
                try:
                    done = index_segments(store, home, kek, price, tell)
                finally:
                    store.close()
                if done.segments:
                    log.info("%d calls from %d segments are in the store", done.calls, done.segments)
        except RightsizerError as error:
            log.error("recorded calls wait on the disk, the store took none: %s", error.message)
        except OSError as error:
            log.error("recorded calls wait on the disk: %s", error)
        if last:
            return
        for _ in range(max(1, int(every_s / 0.2))):
            if stopped():
                last = True
                break
            time.sleep(0.2)


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Without Python's search for cycles, of which calls have none: a fifth of the time would go there."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _fold(
    store: Store,
    path: Path,
    gathered: Gathered,
    shared: Shared,
    price: PriceOf | None,
    tell: Tell | None,
) -> Indexed:
    feedback = gathered.feedback
    rejected: list[Rejected] = []
    told: list[Call] = []

    def calls() -> Iterator[Call]:
        for call in _read_calls(gathered.recorded, path.stem, rejected, shared, store.callers.of_user):
            priced = with_cost(call, price)
            if tell is not None:
                told.append(priced)
            yield priced
        yield from _read_spans(gathered.spans, path.stem, rejected)  # not told: they came from where it goes

    appended = store.calls.append(calls())
    if rejected:
        store.calls.reject(rejected)
    if feedback:
        store.records.put(*feedback)
    if tell is not None and told:
        tell(told)
    return Indexed(
        segments=1,
        calls=appended.new,
        known=appended.known,
        rejected=len(rejected),
        conflicts=len(appended.conflicts),
        feedback=len(feedback),
    )


def with_cost(call: Call, price: PriceOf | None) -> Call:
    """The call with its list price: 0 if a student answered, None if the price is not known."""
    if call.cost_usd is not None:
        return call
    if str(call.source.get("served_by", "")).startswith("student:"):
        return call.model_copy(update={"cost_usd": 0.0})
    usage = call.usage
    if price is None or usage is None or usage.input_tokens is None:
        return call
    usd = price(call.model, usage.input_tokens, usage.output_tokens or 0, usage.cached_input_tokens or 0)
    return call if usd is None else call.model_copy(update={"cost_usd": usd})


@dataclass
class Gathered:
    """What one segment holds."""

    recorded: list[Recorded]
    feedback: list[Feedback]
    spans: list[bytes]


def _without_moved(gathered: Gathered, home: Path, store: Store, kek: bytes | None) -> Gathered:
    """Without the begins of calls that lie whole in the second place: this disk took no end of them."""
    if all(call.end is not None for call in gathered.recorded):
        return gathered
    moved: set[str] = set()
    for path in spill_folder(home).glob(f"*{SUFFIX}"):
        with contextlib.suppress(StoreError, FileNotFoundError):  # what it is, its own turn will say
            moved |= {call.begin["id"] for call in _gather_any(path, store, kek).recorded if call.moved}
    kept = [call for call in gathered.recorded if call.end is not None or call.begin["id"] not in moved]
    return Gathered(kept, gathered.feedback, gathered.spans)


def _gather_any(path: Path, store: Store, kek: bytes | None) -> Gathered:
    keys: tuple[ReadingKey, ...] = (*store.segment_keys, *([kek] if kek else []))
    for key in keys[:-1]:
        try:
            return _gather(path, key)
        except KeyMismatch:
            continue
    return _gather(path, keys[-1])


def _gather(path: Path, kek: ReadingKey) -> Gathered:
    by_id: dict[str, Recorded] = {}
    feedback: list[Feedback] = []
    spans: list[bytes] = []
    for kind, raw, body in read_frames(path, kek):
        meta: dict[str, Any] = orjson.loads(raw)
        if kind == BEGIN:
            by_id[meta["id"]] = Recorded(meta, body)
        elif kind == WHOLE:
            begin, n = meta["begin"], meta["request_bytes"]
            by_id[begin["id"]] = Recorded(begin, body[:n], meta["end"], body[n:], moved=True)
        elif kind == FEEDBACK:
            feedback.append(Feedback(**{**meta, "at": datetime.fromtimestamp(meta["at"], UTC)}))
        elif kind == SPANS:
            spans.append(body)
        elif meta["id"] in by_id:
            call = by_id[meta["id"]]
            if kind == END:
                call.end, call.answer = meta, body
            elif kind == SHADOW:
                call.shadow = meta
    for given in feedback:  # what is known before the call is stored is stored with it
        if given.call_id in by_id:
            by_id[given.call_id].outcome[given.metric_name] = given.value
    return Gathered(list(by_id.values()), feedback, spans)


def _read_spans(requests: list[bytes], name: str, rejected: list[Rejected]) -> Iterator[Call]:
    """The calls among spans; spans of tools and agents are nothing to us, others are kept as they came."""
    shared = Shared()
    for number, request in enumerate(requests):
        try:
            for found in otlp.read(orjson.loads(request), shared):
                if isinstance(found, Call):
                    yield found.model_copy(update={"source": {**found.source, "name": "otlp"}})
                elif found.reason != "not-an-llm-span":
                    rejected.append(
                        Rejected(f"gateway/{name}", number, found.reason, found.detail, found.raw)
                    )
        except _UNFORESEEN as error:
            rejected.append(Rejected(f"gateway/{name}", number, "unreadable", type(error).__name__, request))


def _read_calls(
    recorded: list[Recorded], name: str, rejected: list[Rejected], shared: Shared, name_of: NameOf
) -> Iterator[Call]:
    """The calls, each let go of as soon as it is read: a segment of them is many megabytes."""
    recorded.reverse()
    for number in range(len(recorded)):
        each = recorded.pop()
        try:
            yield call_from_recorded(each, shared, name_of)
        except RecordError as error:
            rejected.append(Rejected(f"gateway/{name}", number, error.reason, error.message, _raw(each)))
        except _UNFORESEEN as error:
            kind = type(error).__name__
            rejected.append(Rejected(f"gateway/{name}", number, "unreadable", kind, _raw(each)))


def _raw(each: Recorded) -> bytes:
    return orjson.dumps(each.begin) + b"\n" + each.request + b"\n" + each.answer


def _sum(a: Indexed, b: Indexed) -> Indexed:
    return Indexed(*(getattr(a, n) + getattr(b, n) for n in Indexed.__dataclass_fields__))
