"""What each key has used, shared by all workers without a lock or a wait.

Every worker has a file of its own, mapped into memory: a row of numbers a key, which it alone writes and
all others read. What a key has used is the sum over the files, so a call admitted in one worker counts in
the others at once. The numbers outlive the process, kill -9 too. Two workers that admit in the same
instant may overshoot a limit by one call each; nothing is ever undercounted.

A worker takes the first file whose lock is free, so that the files do not grow in number.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rightsizer.errors import StoreError
from rightsizer.gateway.keys import MAX_KEYS, Window

# A row: minute, requests and tokens of it; the minute before, its requests and tokens; window, its
# requests, tokens and micro-dollars. Each number is written in one store of eight bytes.
_MINUTE, _REQUESTS, _TOKENS = 0, 1, 2
_BEFORE, _REQUESTS_BEFORE, _TOKENS_BEFORE = 3, 4, 5
_WINDOW, _W_REQUESTS, _W_TOKENS, _W_MICRO_USD = 6, 7, 8, 9
_ROW = 10
_BYTES = MAX_KEYS * _ROW * 8
_MAX_FILES = 256
log = logging.getLogger("rightsizer.gateway")


class Used(NamedTuple):
    """What one key has used: in this minute and the one before, and in the window of its budget."""

    requests_now: int
    tokens_now: int
    requests_before: int
    tokens_before: int
    requests: int
    tokens: int
    micro_usd: int


def counts_folder(home: Path) -> Path:
    """Where the files lie."""
    return home / "gateway" / "counts"


def make_files(home: Path, n_workers: int) -> None:
    """Files for so many workers, before they start: so they see each other from their first call on."""
    folder = counts_folder(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in range(min(n_workers, _MAX_FILES)):
        descriptor = os.open(_file(folder, number), os.O_RDWR | os.O_CREAT, 0o600)
        os.truncate(descriptor, _BYTES)
        os.close(descriptor)


class Counts:
    """The counts of all keys, as one worker sees and changes them; `writing` False: only looks.

    Raises `StoreError` if there is no file that could be written.
    """

    def __init__(self, home: Path, *, writing: bool = True) -> None:
        self._folder = counts_folder(home)
        self._own: memoryview | None = None
        self._lock = -1
        self._name = ""
        self._maps: dict[str, memoryview] = {}
        self._views: tuple[memoryview, ...] = ()
        if writing:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._take()
        self.reload()

    def reload(self) -> None:
        """See files of workers that have come since."""
        for path in sorted(self._folder.glob("*.counts")):
            if path.name not in self._maps and path.stat().st_size == _BYTES:
                self._maps[path.name] = _map(path, mmap.PROT_READ)
        others = (view for name, view in self._maps.items() if name != self._name)
        self._views = tuple(others) if self._own is None else (self._own, *others)

    def used(self, slot: int, minute: int, window: int) -> Used:
        """What the key of this slot has used in `minute` (since 1970), the one before, and `window`."""
        at = slot * _ROW
        now = tokens = before = tokens_before = requests = all_tokens = money = 0
        for view in self._views:
            written = view[at]
            if written == minute:
                now += view[at + _REQUESTS]
                tokens += view[at + _TOKENS]
                if view[at + _BEFORE] == minute - 1:
                    before += view[at + _REQUESTS_BEFORE]
                    tokens_before += view[at + _TOKENS_BEFORE]
            elif written == minute - 1:
                before += view[at + _REQUESTS]
                tokens_before += view[at + _TOKENS]
            if view[at + _WINDOW] == window:
                requests += view[at + _W_REQUESTS]
                all_tokens += view[at + _W_TOKENS]
                money += view[at + _W_MICRO_USD]
        return Used(now, tokens, before, tokens_before, requests, all_tokens, money)

    def add(
        self, slot: int, minute: int, window: int, *, requests: int = 0, tokens: int = 0, micro_usd: int = 0
    ) -> None:
        """Count something, now; less than nothing gives back what was reserved."""
        row, at = self._own, slot * _ROW
        if row is None:
            return
        if row[at] != minute:
            follows = row[at] == minute - 1
            row[at + _REQUESTS_BEFORE] = row[at + _REQUESTS] if follows else 0
            row[at + _TOKENS_BEFORE] = row[at + _TOKENS] if follows else 0
            row[at + _BEFORE] = minute - 1
            row[at + _REQUESTS] = row[at + _TOKENS] = 0
            row[at] = minute
        if row[at + _WINDOW] != window:
            row[at + _W_REQUESTS] = row[at + _W_TOKENS] = row[at + _W_MICRO_USD] = 0
            row[at + _WINDOW] = window
        row[at + _REQUESTS] += requests
        row[at + _TOKENS] = max(0, row[at + _TOKENS] + tokens)
        row[at + _W_REQUESTS] += requests
        row[at + _W_TOKENS] = max(0, row[at + _W_TOKENS] + tokens)
        row[at + _W_MICRO_USD] = max(0, row[at + _W_MICRO_USD] + micro_usd)

    def add_request(self, slot: int, minute: int, window: int) -> None:
        """Count one request; the same as `add`, in a hurry."""
        row, at = self._own, slot * _ROW
        if row is not None and row[at] == minute and row[at + _WINDOW] == window:
            row[at + _REQUESTS] += 1
            row[at + _W_REQUESTS] += 1
        else:
            self.add(slot, minute, window, requests=1)

    def close(self) -> None:
        """Let go of the files; another worker may take this one's."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self._own, self._views, self._maps = None, (), {}

    def _take(self) -> None:
        for number in range(_MAX_FILES):
            path = _file(self._folder, number)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.truncate(descriptor, _BYTES)
            except BlockingIOError:
                os.close(descriptor)
                continue
            except OSError:
                os.close(descriptor)
                raise
            self._lock, self._name = descriptor, path.name
            self._own = _own_row(descriptor, path)
            return
        raise StoreError(f"all files in {self._folder} are in use", hint="are there so many gateways?")


def forget_use(home: Path, slot: int) -> None:
    """Empty the row of a key that is no more, in the files of all workers."""
    for path in counts_folder(home).glob("*.counts"):
        with path.open("r+b") as file:
            file.seek(slot * _ROW * 8)
            file.write(bytes(_ROW * 8))


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:03}.counts"


def _own_row(descriptor: int, path: Path) -> memoryview:
    """The file, all of it on the disk: a hole that the disk has no room for would kill who writes to it."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, _BYTES)
    except OSError as error:
        log.error("what keys use is counted in memory until a restart: %s", error.strerror)
        return memoryview(mmap.mmap(-1, _BYTES)).cast("q")
    return _map(path, mmap.PROT_READ | mmap.PROT_WRITE)


def _map(path: Path, access: int) -> memoryview:
    with path.open("r+b" if access & mmap.PROT_WRITE else "rb") as file:
        return memoryview(mmap.mmap(file.fileno(), _BYTES, prot=access)).cast("q")


def window_number(window: Window, at_s: float) -> int:
    """Which hour, day or month (UTC) a time is in; never 0, which an empty row says."""
    if window == "hour":
        return 1 + int(at_s // 3600)
    if window == "day":
        return 1 + int(at_s // 86400)
    if window == "total":
        return 1
    date = datetime.fromtimestamp(at_s, UTC)
    return date.year * 12 + date.month


def window_end(window: Window, at_s: float) -> float:
    """When the window ends, in seconds since 1970; of ``total`` never."""
    if window == "hour":
        return (at_s // 3600 + 1) * 3600
    if window == "day":
        return (at_s // 86400 + 1) * 86400
    if window == "total":
        return float("inf")
    date = datetime.fromtimestamp(at_s, UTC)
    year, month = (date.year + 1, 1) if date.month == 12 else (date.year, date.month + 1)
    return datetime(year, month, 1, tzinfo=UTC).timestamp()
