"""The store: the call log, records and marks of one home, encrypted. Read `store.py` first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rightsizer.store.store import Appended, CallLog, Marks, Records, Rejected, Store

if TYPE_CHECKING:
    from rightsizer.store.sqlite import open_store

__all__ = ["Appended", "CallLog", "Marks", "Records", "Rejected", "Store", "open_store"]


def __getattr__(name: str) -> Any:
    """`open_store` is imported on first use: cryptography and SQLite cost import time."""
    if name == "open_store":
        from rightsizer.store.sqlite import open_store

        return open_store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
