"""What a process has freed, given back to the system.

Allocators keep what is freed for the next time. The gateway's processes work in bursts (a segment, a second
of large bodies), and between them each would hold the most it ever had.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


@functools.cache
def _trimmer() -> Callable[[int], int] | None:
    """glibc's `malloc_trim`; other C libraries have none, and most of them need none."""
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim


def give_back() -> None:
    """Give free pages back. Some tenths of a millisecond; what is needed again costs a page fault."""
    trim = _trimmer()
    if trim is not None:
        trim(0)
