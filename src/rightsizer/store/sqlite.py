"""The SQLite back end: one file, write-ahead log, everything of content sealed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from types import TracebackType

from rightsizer.errors import NotFound, StoreError
from rightsizer.store.calls import SqliteCallLog
from rightsizer.store.crypto import Cipher, key_fingerprint
from rightsizer.store.database import Database, translate
from rightsizer.store.keys import create_keys, find_key, unlock
from rightsizer.store.marks import SqliteMarks
from rightsizer.store.migrations import MIGRATIONS, check_version, migrate
from rightsizer.store.records import SqliteRecords
from rightsizer.store.roles import Access

_APPLICATION_ID = 0x72697A72  # 'rizr'
BUSY_TIMEOUT_S = 30.0


def database_path(home: Path) -> Path:
    """The database file of a home folder."""
    return home / "store" / "rightsizer.db"


class SqliteStore:
    """See `rightsizer.store.store.Store`. Usable from several threads, not across a fork."""

    def __init__(self, database: Database, cipher: Cipher, access: Access) -> None:
        self._database = database
        self._cipher = cipher
        self.access = access
        self.calls = SqliteCallLog(database, cipher)
        self.records = SqliteRecords(database, cipher)
        self.marks = SqliteMarks(database, cipher, self.calls)

    def remember_audit(self, first_hash: str) -> None:
        """Keep the hash of the audit log's first entry, once, so that a log begun anew is noticed."""
        with self._database.write() as connection:
            sql = "INSERT OR IGNORE INTO meta (name, value) VALUES ('audit_start', ?)"
            connection.execute(sql, (first_hash.encode(),))

    def audit_start(self) -> str | None:
        """What `remember_audit` kept; None before the first entry."""
        rows = self._database.rows("SELECT value FROM meta WHERE name = 'audit_start'")
        return bytes(rows[0][0]).decode() if rows else None

    def pseudonym(self, call_id: str) -> str:
        """What stands for the id of a forgotten call or session where a record must keep its place."""
        return (
            "forgotten-" + self._cipher.address("forgotten", call_id.encode("utf-8", "surrogatepass")).hex()
        )

    def close(self) -> None:
        """Flush and release; further use is an error."""
        self._database.close()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(
    home: Path,
    *,
    create: bool = True,
    read_only: bool = False,
    key: bytes | None = None,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
) -> SqliteStore:
    """Open the store of `home`, or with `create` make one (folders 0700, files 0600).

    `key` is the 32-byte key-encryption key; None takes it from ``RIGHTSIZER_KEY`` or the key file.
    Raises `NotFound` if there is no store and none may be made, `KeyMismatch` for a wrong or missing
    key, `StoreError` for a database of a newer version or one that is not ours.
    """
    path = database_path(Path(home))
    is_new = not path.exists() or path.stat().st_size == 0
    if is_new and (read_only or not create):
        raise NotFound(f"there is no store in {home}", hint="import a log first: rightsizer import FILE")
    if is_new:
        _make_files(Path(home), path)
    kek = find_key(Path(home), key, create=is_new)
    try:
        connection = _connect(path, read_only, busy_timeout_s)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    try:
        if read_only:
            if check_version(connection) < len(MIGRATIONS):
                raise StoreError(
                    f"the store {path} has an older format",
                    hint="open it once for writing: rightsizer doctor",
                )
        else:
            migrate(connection, lambda: create_keys(connection, kek))
        cipher = unlock(connection, kek)
    except sqlite3.Error as error:
        connection.close()
        raise translate(error, path) from error
    except StoreError:
        connection.close()
        raise
    return SqliteStore(Database(connection, path), cipher, Access("admin", key_fingerprint(kek)))


def _make_files(home: Path, path: Path) -> None:
    """Empty files with narrow permissions; SQLite gives its side files those of the database."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"cannot make a store in {home}: {error}", hint="choose another --home") from error


def _connect(path: Path, read_only: bool, busy_timeout_s: float) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=busy_timeout_s,
        check_same_thread=False,
    )
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and application_id != _APPLICATION_ID:
        connection.close()
        raise StoreError(f"{path} is a database of another program", hint="choose another --home")
    if not read_only:
        if not tables:
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -16384")
    return connection
