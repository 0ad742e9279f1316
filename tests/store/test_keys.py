"""Keys: how they are written, and that they never show up in a message."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from rightsizer.errors import ConfigError, KeyMismatch
from rightsizer.store import open_store
from rightsizer.store.crypto import key_fingerprint, unwrap_key, wrap_key
from rightsizer.store.keys import find_key, parse_key

KEY = bytes(range(200, 232))


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        KEY.hex(),
        f"  {KEY.hex().upper()}\n",
    ],
)
def test_a_key_is_read_as_base64_or_hex(text: str) -> None:
    assert parse_key(text, "a test") == KEY


@pytest.mark.parametrize(
    "text", ["", "hunter2", KEY.hex()[:-2], "zz" * 32, base64.b64encode(KEY[1:]).decode()]
)
def test_a_bad_key_is_named_but_not_shown(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_key(text, "RIGHTSIZER_KEY")
    assert "RIGHTSIZER_KEY" in str(error.value)
    assert not text or text not in str(error.value)


def test_a_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="32 bytes"):
        find_key(tmp_path, b"short", create=True)


def test_the_argument_goes_before_the_environment_before_the_file(tmp_path: Path) -> None:
    from_file = find_key(tmp_path, None, create=True, environment={})
    assert find_key(tmp_path, None, create=False, environment={}) == from_file
    assert find_key(tmp_path, None, create=False, environment={"RIGHTSIZER_KEY": KEY.hex()}) == KEY
    assert find_key(tmp_path, b"a" * 32, create=False, environment={"RIGHTSIZER_KEY": KEY.hex()}) == b"a" * 32


def test_processes_that_start_together_share_one_new_store(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rightsizer.store import open_store;"
        "from rightsizer.testing.store_contract import make_call;"
        "open_store(Path(sys.argv[1])).calls.append([make_call(sys.argv[2])])"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen([*command, f"c{n}"]) for n in range(4)]
    assert [process.wait(timeout=60) for process in started] == [0] * 4
    with open_store(tmp_path) as store:
        assert sorted(call.id for call in store.calls.scan()) == ["c0", "c1", "c2", "c3"]
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["blocks.ring", "store.key"]


def test_unwrapping_binds_to_the_place() -> None:
    wrapped = wrap_key(KEY, b"d" * 32, b"store 1")
    assert unwrap_key(KEY, wrapped, b"store 1") == b"d" * 32
    with pytest.raises(KeyMismatch):
        unwrap_key(KEY, wrapped, b"store 2")
    with pytest.raises(KeyMismatch):
        unwrap_key(b"x" * 32, wrapped, b"store 1")


def test_a_fingerprint_tells_keys_apart() -> None:
    assert key_fingerprint(KEY) == key_fingerprint(bytes(KEY)) != key_fingerprint(b"x" * 32)
