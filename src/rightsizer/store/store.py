"""The store, and what it promises.

A store is three things behind one door: the **call log** (what was recorded), **records** (what was
concluded: tasks, datasets, students, evaluations, certificates, releases, routes), and **marks**
(which call belongs where, and which are set aside and why).

Promises, checked for every back end by `rightsizer.testing.StoreContract`:

1. *Durable.* When `append`, `put` or a mark returns, the data survives kill -9 of the process.
2. *All or nothing.* Each call of `append`, `put`, `set_aside`, `assign` is one transaction (`append`
   may commit in groups; a group is all or nothing and groups commit in order).
3. *Idempotent.* Appending a call whose id is known adds nothing. The same id with other content is
   a conflict: it is reported in `Appended.conflicts`, nothing is overwritten.
4. *Lossless.* `get` returns what was appended, equal field by field.
5. *Stored once.* Equal messages, tool lists and response formats are stored once, whatever number
   of calls carry them.
6. *Secret.* No prompt, answer, tool argument, session id or metadata is readable in any file of the
   store without the key. A wrong key raises `KeyMismatch` on opening, before anything is read.
7. *Many readers, one writer.* Readers in other processes see a consistent snapshot and never wait
   for the writer; a second writer waits `busy_timeout_s`, then raises `StoreBusy`.
8. *Forgettable.* What `CallLog.erase` took away is in no file in a form that any key opens, and comes back
   by no later `append`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from rightsizer.types import Call, Frozen, Level, SetAside

if TYPE_CHECKING:
    from rightsizer.store.callers import CallerNames
    from rightsizer.store.sealing import ReadingKey

R = TypeVar("R", bound=Frozen)


@dataclass(frozen=True)
class Appended:
    """What `append` did: `new` added, `known` skipped, ids in conflict and `forgotten` not added."""

    new: int = 0
    known: int = 0
    conflicts: tuple[str, ...] = ()
    forgotten: int = 0


@dataclass(frozen=True)
class Rejected:
    """A line of a log that could not be read, kept aside as it came."""

    file: str
    line: int
    reason: str
    detail: str
    raw: bytes = field(repr=False, default=b"")


@dataclass(frozen=True)
class Erased:
    """What was made unreadable. `messages` counts messages, tool lists and formats no other call carries."""

    calls: int = 0
    messages: int = 0
    unreadable_lines: int = 0
    keys_destroyed: int = 0
    old_format_blocks: int = 0
    log_cleared: bool = True


class CallLog(Protocol):
    """What was recorded."""

    def append(self, calls: Iterable[Call]) -> Appended:
        """Add calls, in order. Constant memory: the iterable is consumed in groups."""
        ...

    def get(self, call_id: str) -> Call:
        """The call. Raises `NotFound`."""
        ...

    def scan(
        self,
        *,
        task_id: str | None = None,
        session_id: str | None = None,
        kept_only: bool = False,
        offset: int = 0,
        limit: int | None = None,
    ) -> Iterator[Call]:
        """Calls in the order they were appended, from one snapshot.

        `task_id` selects by assignment at any level; `kept_only` leaves out what is set aside.
        """
        ...

    def count(self, *, task_id: str | None = None, kept_only: bool = False) -> int:
        """Number of calls that `scan` would give."""
        ...

    def reject(self, rejected: Iterable[Rejected]) -> int:
        """Keep unreadable lines aside; the same file, line and bytes twice adds nothing. Number added."""
        ...

    def rejected(self) -> Iterator[Rejected]:
        """Everything kept aside by `reject`."""
        ...

    def erase(
        self,
        call_ids: Collection[str],
        *,
        sessions: Iterable[str] = (),
        lines: Callable[[Rejected], bool] | None = None,
    ) -> Erased:
        """Make calls unreadable for good. Of `sessions` nothing comes back; unreadable `lines` go too."""
        ...


class Records(Protocol):
    """What was concluded. The type is the table; `id` (or `task_id` for a `Route`) is the key."""

    def put(self, *records: Frozen) -> None:
        """Insert or replace, all in one transaction."""
        ...

    def get(self, kind: type[R], key: str) -> R:
        """Raises `NotFound`."""
        ...

    def list(self, kind: type[R], **equals: str) -> list[R]:
        """All of a kind, oldest first; `equals` filters on top-level string fields."""
        ...

    def delete(self, kind: type[R], key: str) -> None:
        """Remove; raises `NotFound`. Only routes are ever deleted: the rest is history."""
        ...


class Marks(Protocol):
    """Which call belongs where, and which are set aside."""

    def set_aside(self, stage: str, marks: Iterable[SetAside], *, gone_ok: bool = False) -> None:
        """Replace all marks of `stage` by these, in one transaction.

        With `gone_ok` those of calls that were erased in the meantime are left out.
        """
        ...

    def aside(self, stage: str | None = None) -> Iterator[SetAside]:
        """Marks in call order."""
        ...

    def assign(self, level: Level, tasks: Mapping[str, str | None], *, gone_ok: bool = False) -> None:
        """call id → task id (None = looked at, belongs to no task). Overwrites per call.

        With `gone_ok` calls that were erased in the meantime are left out.
        """
        ...

    def assignments(self, level: Level) -> dict[str, str | None]:
        """call id → task id for every call looked at on this level."""
        ...


class Store(Protocol):
    """One home's data. Use as a context manager, or `close()`."""

    @property
    def calls(self) -> CallLog: ...

    @property
    def records(self) -> Records: ...

    @property
    def marks(self) -> Marks: ...

    @property
    def callers(self) -> CallerNames:
        """The pseudonyms of who calls."""
        ...

    @property
    def segment_keys(self) -> tuple[ReadingKey, ...]:
        """The keys that open a gateway's segments."""
        ...

    def close(self) -> None:
        """Flush and release; further use is an error."""
        ...
