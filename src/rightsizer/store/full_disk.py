"""A store on a disk so full that SQLite finds no room for the files beside the database.

The last process to close a store folds its write-ahead log and deletes it; the next one makes these files
anew, and cannot where there is no room. What the database holds can still be read without them.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LOG_BYTES = 64 << 10  # what SQLite needs at the least: 32 kB of index, and the first pages of its log


def is_full(error: BaseException | None) -> bool:
    """Whether the operating system said that there is no room."""
    return isinstance(error, OSError) and error.errno in _FULL


def may_read_without_log(path: Path) -> bool:
    """Whether the database at `path` is all there is of its store, on a disk without room for a log."""
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        return False  # it holds what the database does not
    try:
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(os.urandom(_LOG_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return is_full(error)
    return False
