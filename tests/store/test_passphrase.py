"""A passphrase: a copy of the home opens nothing without it, and changing it loses nothing."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rightsizer.errors import ConfigError, KeyMismatch
from rightsizer.pipeline import add_role_key, change_passphrase, open_workspace, rotate_keys
from rightsizer.store import open_store
from rightsizer.store import passphrase as words
from rightsizer.store.keys import find_key, key_path, next_key_path
from rightsizer.store.sealing import SealTo
from rightsizer.testing.store_contract import make_call

OLD, NEW = "correct horse battery staple", "正确的马 电池 订书钉"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """scrypt at a cost that tests can pay, and nothing remembered from the test before."""
    monkeypatch.setattr(words, "_COST", 1 << 10)
    monkeypatch.setattr(words, "_opened", {})
    monkeypatch.setattr(words, "_told", {})
    for name in (words.VARIABLE, words.FILE_VARIABLE, "RIGHTSIZER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with open_store(tmp_path / "home") as store:
        store.calls.append([make_call("c")])
    return tmp_path / "home"


def opens(home: Path) -> bool:
    with open_store(home) as store:
        return store.calls.get("c") == make_call("c")


def put_behind(home: Path, passphrase: str) -> None:
    with open_workspace(home) as ws:
        change_passphrase(ws, passphrase)


def test_only_the_passphrase_opens_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = find_key(home, None, create=False)
    put_behind(home, OLD)
    with pytest.raises(KeyMismatch, match="none was given") as told:
        open_store(home)
    assert words.VARIABLE in told.value.hint
    monkeypatch.setenv(words.VARIABLE, "correct horse battery stapler")
    with pytest.raises(KeyMismatch, match="does not open") as wrong:
        open_store(home)
    assert "stapler" not in str(wrong.value)
    monkeypatch.setenv(words.VARIABLE, OLD)
    assert opens(home)
    with pytest.raises(KeyMismatch):  # the key that lay in the clear is the store's no more
        open_store(home, key=before)
    assert base64.b64encode(before) not in key_path(home).read_bytes()
    assert key_path(home).stat().st_mode & 0o077 == 0


def test_a_file_may_hold_it_and_a_line_end_does_not_count(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_behind(home, NEW)
    (tmp_path / "secret").write_text(NEW + "\n", encoding="utf-8")
    monkeypatch.setenv(words.FILE_VARIABLE, str(tmp_path / "secret"))
    assert opens(home)
    monkeypatch.setenv(words.FILE_VARIABLE, str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match=words.FILE_VARIABLE):
        open_store(home)


def test_a_terminal_is_asked_once_and_again_after_a_wrong_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_behind(home, OLD)
    answers = iter(["wrong words", OLD])
    asked: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or next(answers))
    with pytest.raises(KeyMismatch):
        open_store(home)
    assert opens(home)
    assert opens(home)
    assert len(asked) == 2
    monkeypatch.setattr(words, "_told", {})
    with pytest.raises(KeyMismatch):  # who may not ask does not
        find_key(home, None, create=False, ask=False)


def test_changed_rotated_and_removed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_behind(home, OLD)
    monkeypatch.setenv(words.VARIABLE, OLD)
    with open_workspace(home) as ws:
        assert rotate_keys(ws).where.endswith("behind the passphrase")
    assert words.is_wrapped(key_path(home).read_bytes())
    put_behind(home, NEW)
    with pytest.raises(KeyMismatch):
        open_store(home)
    monkeypatch.setenv(words.VARIABLE, NEW)
    put_behind(home, "")
    monkeypatch.delenv(words.VARIABLE)
    assert opens(home)
    assert not next_key_path(home).exists()


def test_a_new_home_may_begin_behind_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(words.VARIABLE, NEW)
    with open_store(tmp_path / "fresh") as store:
        store.calls.append([make_call("c")])
    assert words.is_wrapped(key_path(tmp_path / "fresh").read_bytes())
    assert opens(tmp_path / "fresh")
    monkeypatch.delenv(words.VARIABLE)
    with pytest.raises(KeyMismatch):
        open_store(tmp_path / "fresh")


def test_what_cannot_be_a_passphrase_or_a_key_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="at least 8"):
        put_behind(home, "short")
    assert opens(home)
    put_behind(home, OLD)
    monkeypatch.setenv(words.VARIABLE, OLD)
    document = json.loads(key_path(home).read_text())
    key_path(home).write_text(json.dumps(document | {"n": 1 << 40}))  # would cost terabytes
    with pytest.raises(ConfigError, match="no key file"):
        open_store(home)


def test_where_the_key_is_in_the_environment_there_is_nothing_to_wrap(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIGHTSIZER_KEY", key_path(home).read_text().strip())
    with pytest.raises(ConfigError, match="RIGHTSIZER_KEY"):
        put_behind(home, OLD)


def test_a_gateway_that_only_records_needs_no_passphrase(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_workspace(home) as ws:
        ingest, _ = add_role_key(ws, "ingest", "front")
    put_behind(home, OLD)
    monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", ingest)
    with open_store(home) as store:
        assert store.access.role == "ingest"
        assert isinstance(store.writing_key, SealTo)


_KILLED = """
import os, signal, sys
from pathlib import Path
import rightsizer.store.passphrase as words
import rightsizer.store.rotation as rotation, rightsizer.store.sqlite as sqlite
import rightsizer.pipeline.keys as keys
from rightsizer.pipeline import change_passphrase, open_workspace
words._COST = 1 << 10
stage, home, new = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(f):
    def g(*a, **k):
        f(*a, **k)
        die()
    return g

with open_workspace(Path(home)) as ws:
    if stage == "new key file":
        keys.new_key = after(keys.new_key)
    elif stage == "inside the transaction":
        sqlite.rewrap = after(sqlite.rewrap)
    elif stage == "after the transaction":
        keys.adopt_new_key = die
    elif stage == "file in place":
        os.replace = after(os.replace)
    change_passphrase(ws, new)
"""


@pytest.mark.parametrize(
    "stage", ["new key file", "inside the transaction", "after the transaction", "file in place"]
)
@pytest.mark.parametrize(("before", "after"), [("", NEW), (OLD, NEW), (OLD, "")])
def test_killed_anywhere_one_of_the_two_opens_and_ends_it(
    home: Path, stage: str, before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if before:
        put_behind(home, before)
    environment = {**os.environ, words.VARIABLE: before}
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, stage, str(home), after], env=environment, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    opened = []
    for passphrase in (before, after):
        monkeypatch.setenv(words.VARIABLE, passphrase)
        try:
            opened.append(passphrase if opens(home) else None)
        except KeyMismatch:
            continue
    assert opened
    monkeypatch.setenv(words.VARIABLE, opened[-1] or "")
    put_behind(home, "and now another one")
    monkeypatch.setenv(words.VARIABLE, "and now another one")
    assert opens(home)
    assert not next_key_path(home).exists()
