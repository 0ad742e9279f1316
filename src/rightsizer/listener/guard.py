"""Nothing of the listener's may reach the agent: not an exception either."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger("rightsizer.listener")
T = TypeVar("T")
_told: set[str] = set()


def guarded(work: Callable[..., T], *arguments: object) -> T | None:
    """What `work` gives, or None if it failed. The log names each place of failure once, without prompts."""
    try:
        return work(*arguments)
    except Exception as error:  # noqa: BLE001 - the edge: the agent goes on whatever happens to its records
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {last.filename}:{last.lineno}"
        if where not in _told and len(_told) < 100:
            _told.add(where)
            log.warning("a call is not recorded: %s", where)
        return None
