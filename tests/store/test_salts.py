"""Salts are raw, and one that was destroyed opens in no copy of the database and is not made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rightsizer.errors import AccessDenied, StoreError
from rightsizer.store import open_store
from rightsizer.store.ring import curated_ring_path, ring_path
from rightsizer.store.roles import Role
from rightsizer.testing.store_contract import make_call


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with open_store(tmp_path / "home") as store:
        store.calls.append([make_call("c1", "s1", text="hello")])
    return tmp_path / "home"


def test_made_once_and_the_same_afterwards(home: Path) -> None:
    with open_store(home) as one, open_store(home) as two:  # each would make it if the other had not
        made = one.salts.find_or_make("s1", 16)
        assert made is not None
        assert len(made) == 16
        assert two.salts.find_or_make("s1", 16) == made
        assert two.salts.find_or_make("s2", 16) != made
    with open_store(home) as again:
        assert again.salts.find_or_make("s1", 16) == made


def test_destroyed_for_good_and_also_before_it_was_made(home: Path) -> None:
    with open_store(home) as store:
        store.salts.find_or_make("s1", 16)
        assert store.salts.destroy(["s1", "never made"]) == 2
        for name in ("s1", "never made"):
            assert store.salts.find_or_make(name, 16) is None
        assert store.salts.destroy([]) == 0
    with open_store(home) as again:
        assert again.salts.find_or_make("s1", 16, earlier=b"x" * 16) is None
        assert again.salts.find_or_make("s2", 16)


def test_a_backup_of_the_store_with_todays_ring_opens_it_no_more(home: Path, tmp_path: Path) -> None:
    with open_store(home) as store:
        made = store.salts.find_or_make("s1", 16)
    backup = tmp_path / "backup"
    shutil.copytree(home, backup)
    with open_store(backup) as old:
        assert old.salts.find_or_make("s1", 16) == made  # the ring is what counts
    with open_store(home) as store:
        store.salts.destroy(["s1"])
    shutil.copy(ring_path(home), ring_path(backup))
    with open_store(backup) as old:
        assert old.salts.find_or_make("s1", 16) is None


@pytest.mark.parametrize("role", ["trainer", "approver", "auditor", "ingest"])
def test_who_may_not_read_calls_may_not_read_salts(
    home: Path, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    with open_store(home) as store:
        store.salts.find_or_make("s1", 16)
        secret, _ = store.add_role_key(role, "somebody")
    monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", secret)
    with open_store(home) as store:
        with pytest.raises(AccessDenied):
            store.salts.find_or_make("s1", 16)
        with pytest.raises(AccessDenied):
            store.salts.find_or_make("s2", 16)


def test_copies_of_datasets_that_were_dropped_open_in_no_backup(home: Path, tmp_path: Path) -> None:
    with open_store(home) as store:
        store.keep_curated("d1", b"of lin, at first")
    shutil.copytree(home, tmp_path / "older")
    with open_store(home) as store:
        store.keep_curated("d1", b"of lin")
        store.keep_curated("d2", b"of others")
    backup = tmp_path / "backup"
    shutil.copytree(home, backup)
    with open_store(home) as store:
        store.drop_curated("d1")
        store.drop_curated("never kept")
        assert (store.curated("d1"), store.curated("d2")) == (None, b"of others")
        store.keep_curated("d1", b"anew")
        assert store.curated("d1") == b"anew"
    for copy in (backup, tmp_path / "older"):
        shutil.copy(curated_ring_path(home), curated_ring_path(copy))
        with open_store(copy) as old:
            assert old.curated("d1") is None
    with open_store(backup) as old:
        assert old.curated("d2") == b"of others"
    curated_ring_path(backup).unlink()
    with open_store(backup) as old, pytest.raises(StoreError, match="missing"):
        old.curated("d2")
