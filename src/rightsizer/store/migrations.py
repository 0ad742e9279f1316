"""The tables, from the first on. One function a version, each run in one transaction.

Add a function at the end; never change one that was released. The database's ``user_version`` is the
number of functions that have run on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from rightsizer.errors import StoreError

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE keys (id INTEGER PRIMARY KEY, purpose TEXT NOT NULL, wrapped BLOB NOT NULL,"
    " kek TEXT NOT NULL)",
    # A block holds entries `first` … `first + count - 1` of a kind ('call' or 'item'), sealed together.
    "CREATE TABLE blocks (kind TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,"
    " size INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, first))",
    # Keyed content address of a message, tool list or response format → its entry.
    "CREATE TABLE items (address BLOB PRIMARY KEY, entry INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE calls (entry INTEGER PRIMARY KEY, id BLOB NOT NULL, digest BLOB NOT NULL,"
    " session BLOB NOT NULL)",
    "CREATE UNIQUE INDEX calls_by_id ON calls (id)",
    "CREATE INDEX calls_by_session ON calls (session)",
    "CREATE TABLE records (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key BLOB NOT NULL,"
    " body BLOB NOT NULL)",
    "CREATE UNIQUE INDEX records_by_key ON records (kind, key)",
    # Task ids, each once: assignments name them by number.
    "CREATE TABLE names (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL)",
    "CREATE TABLE assigned (level TEXT NOT NULL, call INTEGER NOT NULL, task INTEGER,"
    " PRIMARY KEY (level, call)) WITHOUT ROWID",
    "CREATE INDEX assigned_by_task ON assigned (task, call)",
    "CREATE TABLE aside (number INTEGER PRIMARY KEY, stage TEXT NOT NULL, call INTEGER NOT NULL,"
    " body BLOB NOT NULL)",
    "CREATE INDEX aside_by_call ON aside (call)",
    "CREATE INDEX aside_by_stage ON aside (stage, call)",
    "CREATE TABLE rejected (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL)",
)


def _create_tables(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)


_FORGETTING = (
    # Keyed hashes of call and session ids that must not come back.
    "CREATE TABLE forgotten (key BLOB PRIMARY KEY) WITHOUT ROWID",
    # Ring keys that sealed these entries once, before their block was merged into a larger one.
    "CREATE TABLE retired (ring INTEGER PRIMARY KEY, kind TEXT NOT NULL, first INTEGER NOT NULL,"
    " count INTEGER NOT NULL)",
    # Ring keys to destroy: written with the erasure, removed when they are destroyed.
    "CREATE TABLE doomed (ring INTEGER PRIMARY KEY)",
    # The keys of compartments, wrapped under the key of a role.
    "CREATE TABLE role_keys (id TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL, created TEXT NOT NULL,"
    " key INTEGER NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (id, key)) WITHOUT ROWID",
    # Masked copies of datasets, for those who may not read raw calls.
    "CREATE TABLE curated (dataset BLOB PRIMARY KEY, body BLOB NOT NULL)",
)


def _add_forgetting(connection: sqlite3.Connection) -> None:
    for statement in _FORGETTING:
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create_tables, _add_forgetting)


def current_version(connection: sqlite3.Connection) -> int:
    """Number of migrations this database has seen; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_version(connection: sqlite3.Connection) -> int:
    """`current_version`, or `StoreError` if the database was written by a newer program."""
    version = current_version(connection)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the store has format {version}, this program knows formats up to {len(MIGRATIONS)}",
            hint="upgrade: pip install --upgrade rightsizer",
        )
    return version


def migrate(connection: sqlite3.Connection, after_each: Callable[[], None]) -> None:
    """Bring the database to the newest format. `after_each` runs in the transaction of every step.

    Safe against another process doing the same: the version is read again under the write lock.
    """
    while check_version(connection) < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = check_version(connection)
            if version < len(MIGRATIONS):
                MIGRATIONS[version](connection)
                after_each()
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
