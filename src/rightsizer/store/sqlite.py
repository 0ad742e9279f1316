"""The SQLite back end: one file, write-ahead log, everything of content sealed."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from rightsizer.errors import AccessDenied, KeyMismatch, NotFound, StoreError
from rightsizer.store.callers import CallerNames
from rightsizer.store.calls import SqliteCallLog
from rightsizer.store.crypto import Cipher, key_fingerprint
from rightsizer.store.database import Database, translate
from rightsizer.store.erase import destroy_doomed, erasures
from rightsizer.store.full_disk import may_read_without_log
from rightsizer.store.keys import ENVIRONMENT_VARIABLE as KEY_VARIABLE
from rightsizer.store.keys import create_keys, find_key, open_keys, unlock
from rightsizer.store.marks import SqliteMarks
from rightsizer.store.migrations import MIGRATIONS, check_version, migrate
from rightsizer.store.records import SqliteRecords
from rightsizer.store.ring import KeyRing, curated_ring_path, ring_number, ring_path
from rightsizer.store.role_keys import (
    RoleKey,
    add_role_key,
    find_role_key,
    list_role_keys,
    open_role_key,
    revoke_role_key,
)
from rightsizer.store.roles import Access, Role
from rightsizer.store.rotation import open_in_rotation, rewrap
from rightsizer.store.salts import Salts
from rightsizer.store.sealing import OpenWith, ReadingKey, SealTo, WritingKey

_APPLICATION_ID = 0x72697A72  # 'rizr'
BUSY_TIMEOUT_S = 30.0


def database_path(home: Path) -> Path:
    """The database file of a home folder."""
    return home / "store" / "rightsizer.db"


class SqliteStore:
    """See `rightsizer.store.store.Store`. Usable from several threads, not across a fork."""

    def __init__(
        self,
        database: Database,
        home: Path,
        cipher: Cipher,
        keys: Mapping[int, tuple[str, bytes]],
        access: Access,
    ) -> None:
        self._database = database
        self._home = home
        self._cipher = cipher
        self._keys = keys
        self._ring = KeyRing(ring_path(home), cipher)
        self._curated_ring = KeyRing(curated_ring_path(home), cipher, "curated")
        self.access = access
        self.is_still = False
        self.calls = SqliteCallLog(database, cipher, self._ring)
        self.records = SqliteRecords(database, cipher)
        self.marks = SqliteMarks(database, cipher, self.calls)
        self.salts = Salts(database, cipher, self._ring)

    def remember_audit(self, first_hash: str) -> None:
        """Keep the hash of the audit log's first entry, once, so that a log begun anew is noticed."""
        if self.audit_start() is not None:
            return  # nothing to write: nobody waits for another writer
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

    @property
    def callers(self) -> CallerNames:
        """The pseudonyms of who calls: the same for every role, and after a rotation of the key."""
        return CallerNames(self._cipher.address("callers", b"", size=32))

    @property
    def signing_secret(self) -> bytes:
        """Under what the home's signing key is sealed: every role has it, a copy of the home has not."""
        return self._cipher.address("signing key", b"1", size=32)

    @property
    def writing_key(self) -> WritingKey:
        """Under what a gateway of this role writes its segments: it outlives rotation of the store's key.

        The role 'ingest' gets a public key only. Raises `AccessDenied` for roles that record nothing.
        """
        key = self._ingest_key()
        if self.access.role != "ingest":
            return _symmetric(key)
        return SealTo(key, hashlib.blake2b(self.access.key.encode(), key=key, digest_size=32).digest())

    @property
    def segment_keys(self) -> tuple[ReadingKey, ...]:
        """The keys that open a gateway's segments, however they were written. Raises `AccessDenied`."""
        if self.access.role == "ingest":
            raise AccessDenied("the role 'ingest' can write segments and read none", hint="index as admin")
        key = self._ingest_key()
        return (_symmetric(key), OpenWith(key))

    def _ingest_key(self) -> bytes:
        for purpose, key in self._keys.values():
            if purpose == "ingest":
                return key
        raise AccessDenied(
            f"the role '{self.access.role}' does not open the gateway's segments",
            hint="it needs the role ingest (to write) or admin (to read)",
        )

    def seal_artifact(self, content: bytes) -> bytes:
        """What a student holds of its training texts, sealed; equal content gives equal bytes."""
        return self._cipher.seal_same(content, "artifact")

    def open_artifact(self, blob: bytes) -> bytes:
        """Inverse of `seal_artifact`. Raises `StoreError` if it was altered or is another store's."""
        return self._cipher.open(blob, "artifact")

    def keep_curated(self, dataset_id: str, content: bytes) -> None:
        """Keep a dataset's masked examples, sealed under a key of their own in the compartment 'curated'."""
        key = self._cipher.address("curated", dataset_id.encode())
        with self._database.write() as connection:
            rows = connection.execute("SELECT body FROM curated WHERE dataset = ?", (key,)).fetchall()
            body = self._curated_ring.seal(content, "curated", key.hex())
            connection.execute("INSERT OR REPLACE INTO curated (dataset, body) VALUES (?, ?)", (key, body))
        self._curated_ring.destroy(n for (old,) in rows if (n := ring_number(old)) is not None)

    def curated(self, dataset_id: str) -> bytes | None:
        """What `keep_curated` kept; None if nothing is kept of this dataset."""
        key = self._cipher.address("curated", dataset_id.encode())
        rows = self._database.rows("SELECT body FROM curated WHERE dataset = ?", (key,))
        self._cipher.key_of("curated")
        if not rows or self._curated_ring.is_destroyed(rows[0][0]):
            return None
        return self._curated_ring.open(rows[0][0], "curated", key.hex())

    def drop_curated(self, dataset_id: str) -> None:
        """Make what `keep_curated` kept unreadable for good, in copies of the database too."""
        key = self._cipher.address("curated", dataset_id.encode())
        with self._database.write() as connection:
            rows = connection.execute("SELECT body FROM curated WHERE dataset = ?", (key,)).fetchall()
            # The key first: if this is cut off, the row names a key that is gone.
            self._curated_ring.destroy(n for (body,) in rows if (n := ring_number(body)) is not None)
            connection.execute("DELETE FROM curated WHERE dataset = ?", (key,))

    @property
    def erasures(self) -> int:
        """How often something was erased: whoever read calls before and writes after must look again."""
        return erasures(self._database)

    def finish_erasures(self) -> None:
        """Destroy the keys that an erasure, cut off in the middle, left to destroy."""
        destroy_doomed(self._database, self._ring)

    def opens_with(self, kek: bytes) -> bool:
        """Whether this is the store's key-encryption key."""
        with self._database.write() as connection:
            try:
                open_keys(connection, kek)
            except KeyMismatch:
                return False
        return True

    def rotate_key(self, old: bytes, new: bytes) -> int:
        """Put every key under a new KEK, in one transaction; the number of keys. Raises `KeyMismatch`."""
        with self._database.write() as connection:
            n = rewrap(connection, old, new)
        self._database.clear_log()
        return n

    def add_role_key(self, role: Role, name: str) -> tuple[str, RoleKey]:
        """A new key for a role: (the key, which is shown once and not kept; what is kept)."""
        with self._database.write() as connection:
            return add_role_key(connection, self._keys, role, name)

    def role_keys(self) -> list[RoleKey]:
        """Every role key that opens this store."""
        with self._database.write() as connection:
            return list_role_keys(connection)

    def revoke_role_key(self, key: str) -> RoleKey:
        """By id or name: it opens nothing any more. Raises `NotFound`."""
        with self._database.write() as connection:
            return revoke_role_key(connection, key)

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
    cache_bytes: int = 16 << 20,
    even_full: bool = False,
) -> SqliteStore:
    """Open the store of `home`, or with `create` make one (folders 0700, files 0600).

    `key` is the 32-byte key-encryption key; None takes it from ``RIGHTSIZER_KEY`` or the key file, or, where
    ``RIGHTSIZER_ROLE_KEY`` is set, opens only what that role may see. `cache_bytes`: of SQLite's pages.
    With `even_full`, a store whose disk has no room for SQLite's log is opened for reading what it holds now
    (`SqliteStore.is_still`): for a moment only, it does not see what others write.
    Raises `NotFound` if there is no store and none may be made, `KeyMismatch` for a wrong or missing
    key, `StoreError` for a database of a newer version or one that is not ours.
    """
    path = database_path(Path(home))
    is_new = not path.exists() or path.stat().st_size == 0
    if is_new and (read_only or not create):
        raise NotFound(f"there is no store in {home}", hint="import a log first: rightsizer import FILE")
    role_secret = find_role_key() if key is None else None
    if is_new and role_secret is not None:
        raise NotFound(f"there is no store in {home}", hint="a role key opens a store, it cannot make one")
    if is_new:
        _make_files(Path(home), path)
    kek = find_key(Path(home), key, create=is_new) if role_secret is None else None
    is_still = False
    try:
        connection = _connect(path, "ro" if read_only else "rw", busy_timeout_s, cache_bytes)
    except sqlite3.Error as error:
        is_still = read_only = even_full and may_read_without_log(path)
        if not is_still:
            raise translate(error, path) from error
        connection = _connect(path, "ro&immutable=1", busy_timeout_s, cache_bytes)
    try:
        _bring_up_to_date(connection, path, kek, read_only)
        if kek is None:
            assert role_secret is not None
            keys, access = open_role_key(connection, role_secret)
        else:
            is_file = key is None and not os.environ.get(KEY_VARIABLE)
            keys, kek = open_in_rotation(connection, Path(home), kek, from_file=is_file, finish=not read_only)
            access = Access("admin", key_fingerprint(kek))
        store = SqliteStore(Database(connection, path), Path(home), unlock(connection, keys), keys, access)
        store.is_still = is_still
        if not read_only:
            store.finish_erasures()
    except sqlite3.Error as error:
        connection.close()
        raise translate(error, path) from error
    except StoreError:
        connection.close()
        raise
    return store


def _bring_up_to_date(connection: sqlite3.Connection, path: Path, kek: bytes | None, read_only: bool) -> None:
    if check_version(connection) == len(MIGRATIONS):
        return
    if read_only or kek is None:
        raise StoreError(
            f"the store {path} has an older format",
            hint="open it once for writing, with the store's own key: rightsizer doctor",
        )
    if check_version(connection) > 0:
        open_keys(connection, kek)  # a wrong key must not wrap the keys that the new format adds
    migrate(connection, lambda: create_keys(connection, kek))


def _symmetric(ingest_key: bytes) -> bytes:
    return hashlib.blake2b(b"gateway-segments", key=ingest_key, digest_size=32).digest()


def _make_files(home: Path, path: Path) -> None:
    """Empty files with narrow permissions; SQLite gives its side files those of the database."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"cannot make a store in {home}: {error}", hint="choose another --home") from error


def _connect(path: Path, mode: str, busy_timeout_s: float, cache_bytes: int) -> sqlite3.Connection:
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
    if mode == "rw":
        if not tables:
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{cache_bytes >> 10}")
    return connection
