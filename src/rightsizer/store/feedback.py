"""What became of calls, said later: records beside the log, joined to the calls when they are read.

The log itself never changes, so feedback may come before its call is stored, or years after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from rightsizer.store.store import Records
from rightsizer.types import Call, Frozen


class Feedback(Frozen):
    """What somebody said of a call or a session; `id` is time-ordered."""

    id: str
    at: datetime
    metric_name: str
    value: bool | int | float | str
    call_id: str | None = None
    session_id: str | None = None


class Outcomes:
    """All feedback of a store, by call and by session; of several on one metric the latest counts."""

    def __init__(self, records: Records) -> None:
        self._calls: dict[str, dict[str, Any]] = {}
        self._sessions: dict[str, dict[str, Any]] = {}
        for given in sorted(records.list(Feedback), key=lambda each: (each.at, each.id)):
            if given.call_id is not None:
                self._calls.setdefault(given.call_id, {})[given.metric_name] = given.value
            if given.session_id is not None:
                self._sessions.setdefault(given.session_id, {})[given.metric_name] = given.value

    def of(self, call: Call) -> Call:
        """The call with all that was said of it: of its session, over that what the log has, over that
        what was said of the call itself."""
        session, own = self._sessions.get(call.session_id), self._calls.get(call.id)
        if session is None and own is None:
            return call
        return call.model_copy(update={"outcome": {**(session or {}), **call.outcome, **(own or {})}})

    def join(self, calls: Iterable[Call]) -> Iterator[Call]:
        """`of` each."""
        return map(self.of, calls) if self._calls or self._sessions else iter(calls)
