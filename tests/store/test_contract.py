"""The SQLite back end keeps every promise of `rightsizer.store.store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rightsizer.store.sqlite import database_path
from rightsizer.testing.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    opener = "rightsizer.store.sqlite:open_store"

    @contextmanager
    def hold_write_lock(self, home: Path) -> Iterator[object]:
        other = sqlite3.connect(database_path(home), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield other
        finally:
            other.close()
