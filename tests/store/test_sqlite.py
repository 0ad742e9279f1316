"""Opening, permissions, versions, damage: what the contract cannot say for every back end."""

from __future__ import annotations

import base64
import os
import random
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from rightsizer.errors import InputError, KeyMismatch, StoreError
from rightsizer.store import open_store
from rightsizer.store.keys import find_key, key_path
from rightsizer.store.rotation import rewrap
from rightsizer.store.sqlite import database_path
from rightsizer.testing.store_contract import make_call


def connect(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(database_path(home), isolation_level=None)


def filled(home: Path, count: int = 3) -> Path:
    with open_store(home) as store:
        store.calls.append([make_call(f"c{n}", text=f"question {n}") for n in range(count)])
    return home


@pytest.fixture
def umask() -> Callable[[int], int]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_files_and_folders_are_for_the_owner_alone(tmp_path: Path, umask: Callable[[int], int]) -> None:
    umask(0)
    home = tmp_path / "deep" / "home"
    store = open_store(home)
    store.calls.append([make_call("a")])
    paths = [home, *home.rglob("*")]
    modes = {path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert len(modes) >= 5, "expected folders, key, database and its log"
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_file()} == {0o600}
    store.close()


def test_the_key_lies_outside_the_database_folder(tmp_path: Path) -> None:
    filled(tmp_path)
    assert database_path(tmp_path).parent not in key_path(tmp_path).parents


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    key_path(tmp_path).chmod(0o644)
    with pytest.raises(StoreError, match="can be read by others") as error:
        open_store(tmp_path)
    assert "chmod 600" in error.value.hint


def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    filled(tmp_path)
    key_path(tmp_path).unlink()
    with pytest.raises(KeyMismatch, match="no key"):
        open_store(tmp_path)
    assert not key_path(tmp_path).exists()


def test_the_environment_can_hold_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bytes(range(32))
    monkeypatch.setenv("RIGHTSIZER_KEY", base64.b64encode(key).decode())
    filled(tmp_path)
    assert not key_path(tmp_path).exists()
    monkeypatch.setenv("RIGHTSIZER_KEY", key.hex())
    with open_store(tmp_path) as store:
        assert store.calls.count() == 3
    monkeypatch.delenv("RIGHTSIZER_KEY")
    with open_store(tmp_path, key=key) as store:
        assert store.calls.count() == 3


def test_keys_can_be_rotated_without_rewriting_blobs(tmp_path: Path) -> None:
    filled(tmp_path)
    connection = connect(tmp_path)
    before = connection.execute("SELECT body FROM blocks").fetchall()
    assert rewrap(connection, find_key(tmp_path, None, create=False), b"n" * 32) == 5
    assert connection.execute("SELECT body FROM blocks").fetchall() == before
    connection.close()
    with pytest.raises(KeyMismatch):
        open_store(tmp_path)
    with open_store(tmp_path, key=b"n" * 32) as store:
        assert [call.id for call in store.calls.scan()] == ["c0", "c1", "c2"]


def test_a_newer_format_is_refused_clearly(tmp_path: Path) -> None:
    filled(tmp_path)
    connection = connect(tmp_path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(StoreError, match="format 99") as error:
            open_store(tmp_path, read_only=read_only)
        assert "upgrade" in error.value.hint


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    database_path(tmp_path).write_bytes(b"not a database, just text" * 100)
    with pytest.raises(StoreError, match="not a rightsizer store"):
        open_store(tmp_path)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = database_path(tmp_path)
    path.parent.mkdir(parents=True)
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE theirs (x)")
    foreign.commit()
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(StoreError):
        open_store(tmp_path)
    assert path.read_bytes() == before


def test_an_interrupted_creation_is_taken_up(tmp_path: Path) -> None:
    """The database file exists but is empty: the process died between making it and its tables."""
    path = database_path(tmp_path)
    path.parent.mkdir(parents=True)
    path.touch(mode=0o600)
    filled(tmp_path)
    with open_store(tmp_path) as store:
        assert store.calls.count() == 3


def test_a_missing_home_is_an_input_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no store") as error:
        open_store(tmp_path / "typo", create=False)
    assert "rightsizer import" in error.value.hint


@pytest.mark.parametrize("change", ["swapped", "altered", "cut"])
def test_a_moved_or_altered_blob_does_not_open(tmp_path: Path, change: str) -> None:
    filled(tmp_path)
    with open_store(tmp_path) as store:
        store.calls.append([make_call("d")])
    connection = connect(tmp_path)
    rows = connection.execute("SELECT first, body FROM blocks WHERE kind = 'call' ORDER BY first").fetchall()
    first, second = rows[0], rows[1]
    body = {
        "swapped": second[1],
        "altered": first[1][:-1] + bytes([first[1][-1] ^ 1]),
        "cut": first[1][:10],
    }[change]
    connection.execute("UPDATE blocks SET body = ? WHERE kind = 'call' AND first = ?", (body, first[0]))
    connection.close()
    with open_store(tmp_path) as store, pytest.raises(StoreError, match=r"altered or moved|damaged"):
        store.calls.get("c0")


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    filled(tmp_path)
    noise = random.Random(1)
    big = [make_call(f"big{n}", text=noise.randbytes(30_000).hex()) for n in range(40)]
    store = open_store(tmp_path)
    pages = store._database.rows("PRAGMA page_count")[0][0]
    store._database.rows(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(StoreError, match="disk is full") as error:
        store.calls.append(big)
    assert "free some space" in error.value.hint
    assert store.calls.count() == 3
    store._database.rows("PRAGMA max_page_count = 1000000")
    assert store.calls.append(big).new == 40
    assert list(store.calls.scan(offset=3)) == big
    store.close()


def test_small_blocks_are_merged(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for n in range(100):
            store.calls.append([make_call(f"c{n}", text=f"question {n}")])
        blocks = store._database.rows("SELECT count(*) FROM blocks WHERE kind = 'call'")[0][0]
        assert blocks < 40
        assert [call.id for call in store.calls.scan()] == [f"c{n}" for n in range(100)]


def test_a_reader_follows_while_blocks_are_merged(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    with open_store(tmp_path) as store, open_store(tmp_path, read_only=True) as reader:
        for n in range(1, 80):
            store.calls.append([make_call(f"c{n}", text=f"question {n}")])
            assert reader.calls.get(f"c{n}") == store.calls.get(f"c{n}")
            assert reader.calls.get(f"c{n // 2}").id == f"c{n // 2}"
