"""Rotation and role keys: the old key opens nothing, a role's key its compartments only."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.errors import AccessDenied, ConfigError, KeyMismatch, NotFound
from rightsizer.store import open_store
from rightsizer.store.keys import find_key, key_path, next_key_path
from rightsizer.store.role_keys import ENVIRONMENT_VARIABLE
from rightsizer.store.roles import Role
from rightsizer.store.rotation import adopt_new_key, new_key
from rightsizer.testing.store_contract import make_call
from rightsizer.types import Task


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with open_store(tmp_path) as store:
        store.calls.append([make_call("c")])
        store.records.put(Task(id="task_1", name="sorter"))
    return tmp_path


def old_key(home: Path) -> bytes:
    return find_key(home, None, create=False)


def opens(home: Path, key: bytes | None = None) -> bool:
    with open_store(home, key=key) as store:
        return store.calls.get("c") == make_call("c")


def test_the_old_key_opens_nothing_after_a_rotation(home: Path) -> None:
    old, new = old_key(home), new_key(home)
    with open_store(home) as store:
        assert store.rotate_key(old, new) == 5
    adopt_new_key(home)
    assert not next_key_path(home).exists()
    assert opens(home)
    with pytest.raises(KeyMismatch):
        open_store(home, key=old)


def test_cut_off_before_the_database_the_old_key_holds(home: Path) -> None:
    old = old_key(home)
    made = new_key(home)
    assert opens(home)
    assert old_key(home) == old
    assert new_key(home) == made  # taken up again, not made twice


def test_cut_off_after_the_database_the_next_opening_ends_it(home: Path) -> None:
    old, new = old_key(home), new_key(home)
    with open_store(home) as store:
        store.rotate_key(old, new)
    assert opens(home)
    assert old_key(home) == new
    assert not next_key_path(home).exists()
    with pytest.raises(KeyMismatch):
        open_store(home, key=old)


def test_a_reader_does_not_end_a_rotation(home: Path) -> None:
    old, new = old_key(home), new_key(home)
    with open_store(home) as store:
        store.rotate_key(old, new)
    with open_store(home, read_only=True) as store:
        assert store.calls.count() == 1
    assert next_key_path(home).exists()
    assert key_path(home).exists()


def role_key(home: Path, role: Role) -> str:
    with open_store(home) as store:
        return store.add_role_key(role, f"the {role}")[0]


@pytest.mark.parametrize(
    ("role", "raw", "models"),
    [
        ("curator", True, True),
        ("trainer", False, True),
        ("approver", False, True),
        ("auditor", False, False),
        ("ingest", False, False),
    ],
)
def test_a_role_key_opens_its_compartments_only(
    home: Path, monkeypatch: pytest.MonkeyPatch, role: Role, raw: bool, models: bool
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, role_key(home, role))
    key_path(home).rename(home / "away")  # what is not there cannot help
    with open_store(home) as store:
        assert store.access.role == role
        if raw:
            assert store.calls.get("c") == make_call("c")
        else:
            with pytest.raises(AccessDenied, match="raw"):
                store.calls.get("c")
            with pytest.raises(AccessDenied, match="raw"):
                store.calls.append([make_call("d")])
        if models:
            assert store.records.get(Task, "task_1").name == "sorter"
        else:
            with pytest.raises(AccessDenied, match="models"):
                store.records.get(Task, "task_1")


def test_a_role_key_survives_rotation_and_ends_with_revocation(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = role_key(home, "curator")
    with open_store(home) as store:
        store.rotate_key(old_key(home), new_key(home))
    adopt_new_key(home)
    file = tmp_path / "role"
    file.write_text(secret + "\n")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(file))
    assert opens(home)
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    with open_store(home) as store:
        assert [k.role for k in store.role_keys()] == ["curator"]
        store.revoke_role_key("the curator")
        with pytest.raises(NotFound):
            store.revoke_role_key("the curator")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, secret)
    with pytest.raises(AccessDenied, match="not known"):
        open_store(home)


def test_a_role_changed_in_the_database_does_not_open(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    monkeypatch.setenv(ENVIRONMENT_VARIABLE, role_key(home, "trainer"))
    with sqlite3.connect(home / "store" / "rightsizer.db") as connection:
        connection.execute("UPDATE role_keys SET role = 'curator'")
    with pytest.raises(KeyMismatch):
        open_store(home)


@pytest.mark.parametrize("value", ["rk-short", "no/such/file"])
def test_a_role_key_that_is_none_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, value)
    with pytest.raises(ConfigError):
        open_store(home)


def test_a_role_key_makes_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "rk-" + "A" * 43)
    with pytest.raises(NotFound):
        open_store(tmp_path / "new")
