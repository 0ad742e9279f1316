"""The audit log shows every edit, removal, truncation and foreign entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rightsizer.errors import InputError, StoreError
from rightsizer.store.audit import (
    AuditLog,
    audit_path,
    entry_hash,
    head_path,
    read_audit,
    verify_audit,
)

KEY = Ed25519PrivateKey.generate()


def log_of(home: Path, key: Ed25519PrivateKey = KEY) -> AuditLog:
    return AuditLog(home, lambda: key, who="lin", role="admin", key="k")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    log = log_of(tmp_path)
    for n in range(5):
        log.append("export", {"calls": n})
    return tmp_path


def faults(home: Path, **options: str) -> list[str]:
    return [f"{f.n} {f.what}" for f in verify_audit(home, KEY.public_key(), **options)[2]]


def lines(home: Path) -> list[str]:
    return audit_path(home).read_text().splitlines(keepends=True)


def write(home: Path, rows: list[str]) -> None:
    audit_path(home).write_text("".join(rows))


def test_an_untouched_log_has_no_fault(home: Path) -> None:
    n, last, found = verify_audit(home, KEY.public_key())
    assert (n, found) == (5, [])
    assert last == [*read_audit(home)][-1].hash


@pytest.mark.parametrize("field", ["who", "action", "at", "on", "allowed", "prev", "role", "key"])
def test_an_edited_entry_is_found(home: Path, field: str) -> None:
    rows = lines(home)
    entry = json.loads(rows[2])
    other = {"at": "2020-01-01T00:00:00Z", "on": {"calls": 99}, "allowed": False, "prev": "1" * 64}
    rows[2] = json.dumps({**entry, field: other.get(field, "mallory")}) + "\n"
    write(home, rows)
    assert any(fault.startswith("3 ") for fault in faults(home))


def test_an_edited_entry_with_its_hash_made_anew_is_found(home: Path) -> None:
    entries = list(read_audit(home))
    forged = entries[4].model_copy(update={"who": "mallory"})
    forged = forged.model_copy(update={"hash": entry_hash(forged)})
    write(home, [*lines(home)[:4], forged.model_dump_json() + "\n"])
    assert "5 is not signed with this home's key" in faults(home)


@pytest.mark.parametrize("gone", [0, 2, 4])
def test_a_removed_entry_is_found(home: Path, gone: int) -> None:
    rows = lines(home)
    del rows[gone]
    write(home, rows)
    assert faults(home)


def test_swapped_entries_are_found(home: Path) -> None:
    rows = lines(home)
    rows[1], rows[2] = rows[2], rows[1]
    write(home, rows)
    assert faults(home)


@pytest.mark.parametrize("kept", [0, 3])
def test_a_log_that_was_cut_off_is_found(home: Path, kept: int) -> None:
    write(home, lines(home)[:kept])
    assert any("signed head" in fault for fault in faults(home))


def test_a_log_without_its_head_is_found(home: Path) -> None:
    head_path(home).unlink()
    assert faults(home) == ["0 has no signed head"]


def test_a_log_begun_anew_is_found(home: Path) -> None:
    started = next(read_audit(home)).hash
    audit_path(home).unlink()
    head_path(home).unlink()
    assert faults(home, started=started)
    log_of(home).append("import", {})
    assert faults(home) == []
    assert faults(home, started=started)


def test_an_older_copy_of_log_and_head_is_found_by_a_pin(home: Path) -> None:
    old = (audit_path(home).read_bytes(), head_path(home).read_bytes())
    newest = log_of(home).append("forget", {"calls": 1})
    audit_path(home).write_bytes(old[0])
    head_path(home).write_bytes(old[1])
    assert faults(home) == []
    assert faults(home, pin=f"{newest.n}:{newest.hash}") == ["6 is not the entry that was pinned"]


def test_an_entry_of_another_key_is_found(home: Path) -> None:
    log_of(home, Ed25519PrivateKey.generate()).append("export", {})
    assert "6 is not signed with this home's key" in faults(home)


def test_half_a_line_of_a_killed_writer_is_dropped_and_the_chain_goes_on(home: Path) -> None:
    with audit_path(home).open("a") as file:
        file.write('{"n": 6, "at": "20')
    log_of(home).append("curate", {})
    assert faults(home) == []
    assert [e.n for e in read_audit(home)] == [1, 2, 3, 4, 5, 6]


def test_a_crash_before_the_head_is_no_fault(home: Path) -> None:
    head = head_path(home).read_bytes()
    log_of(home).append("curate", {})
    head_path(home).write_bytes(head)
    assert faults(home) == []


def test_a_crash_between_the_first_line_and_its_head_is_no_fault(tmp_path: Path) -> None:
    """The head that names no entry yet is written before the first line."""
    log = log_of(tmp_path)
    first = log._sign_head

    def killed_at_the_line(n: int, last: str) -> None:
        if n:
            raise KeyboardInterrupt
        first(n, last)

    log._sign_head = killed_at_the_line  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        log.append("import", {})
    assert faults(tmp_path) == []
    log_of(tmp_path).append("export", {})
    assert faults(tmp_path) == []
    head_path(tmp_path).unlink()
    assert faults(tmp_path) == ["0 has no signed head"]


def test_what_cannot_be_entered_is_an_error(home: Path) -> None:
    audit_path(home).unlink()
    audit_path(home).mkdir()
    with pytest.raises(StoreError, match="audit log"):
        log_of(home).append("export", {})


def test_an_entry_whose_head_cannot_be_written_does_not_stay(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is told that nothing was done; the log says no other."""
    before = audit_path(home).read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("rightsizer.store.audit.json.dump", refuse)
        with pytest.raises(StoreError):
            log_of(home).append("release", {})
    assert audit_path(home).read_bytes() == before
    log_of(home).append("release", {})
    assert faults(home) == []


@pytest.mark.parametrize("pin", ["", "3", "x:" + "0" * 64, "0:" + "0" * 64, "3:abc"])
def test_a_pin_that_is_none_is_refused(home: Path, pin: str) -> None:
    with pytest.raises(InputError):
        verify_audit(home, KEY.public_key(), pin=pin)


def test_an_id_that_is_no_utf8_is_entered_all_the_same(home: Path) -> None:
    entry = log_of(home).append("lineage", {"id": "a\ud800", "ids": ("\udcff", "b")})
    assert entry.on == {"id": "a\\ud800", "ids": ("\\udcff", "b")}
    assert faults(home) == []


def test_two_writers_keep_one_chain(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(n: int) -> None:
        for _ in range(10):
            log_of(tmp_path).append("import", {"files": n})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert verify_audit(tmp_path, KEY.public_key())[0] == 40
    assert faults(tmp_path) == []


def test_files_are_the_owners_only(home: Path) -> None:
    modes: Callable[[Path], int] = lambda p: p.stat().st_mode & 0o777  # noqa: E731
    assert modes(audit_path(home)) == 0o600
    assert modes(head_path(home)) == 0o600
    assert modes(audit_path(home).parent) == 0o700
