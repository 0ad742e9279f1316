"""The start of a gateway in the audit log, also where the disk of the home is full.

Everything else that cannot be entered is not done. Agents that wait for answers are the exception: a gateway
that died while its disk was full would not come back before somebody made room. So it starts, and its indexer
enters the start, marked as late, before it brings the first record into the store.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from rightsizer.config import load_settings
from rightsizer.errors import StoreError
from rightsizer.gateway.settings import INDEXER_CACHE_BYTES
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.full_disk import is_full
from rightsizer.store.roles import may
from rightsizer.store.sqlite import SqliteStore, open_store

log = logging.getLogger("rightsizer.gateway")
_ACTION = "gateway"


def enter_start(ws: Workspace, *, may_be_late: bool) -> bool:
    """Enter it. False: the disk is full, and it has to be entered later.

    Raises what `Workspace.enter` does: `AccessDenied`, and `StoreError` for any other fault of the log.
    """
    try:
        ws.enter(_ACTION)
    except StoreError as error:
        if not may_be_late or not is_full(error.__cause__) or not may(ws.store.access.role, _ACTION):
            raise
        log.error("the disk is full: this start enters the audit log when there is room")
        return False
    return True


@dataclass
class IndexersStore:
    """Opens the store for the indexer. `entered`: whether the start stands in the audit log."""

    home: Path
    flags: dict[str, object] | None
    entered: bool

    def __call__(self) -> SqliteStore:
        store = open_store(self.home, create=False, cache_bytes=INDEXER_CACHE_BYTES)
        if not self.entered:
            try:
                Workspace(self.home, load_settings(self.home, self.flags), store).enter(_ACTION, late=True)
            except BaseException:
                store.close()
                raise
            self.entered = True
        return store
