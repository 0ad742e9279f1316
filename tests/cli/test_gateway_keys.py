"""Virtual keys by command."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from rightsizer.gateway.keys import Limits, Role, digest_of, keys_path, read_keys


@pytest.mark.parametrize("role", get_args(Role))
def test_a_key_of_every_role_is_shown_once_and_never_again(cli, tmp_path: Path, role: str) -> None:
    made = cli("--home", tmp_path, "gateway", "--add-key", "laptop", "--role", role, "--json")
    assert made.code == 0
    secret = made.json["key"]
    (key,) = read_keys(tmp_path)
    assert (key.role, key.digest, key.limits.any) == (role, digest_of(secret.encode()), False)
    listed = cli("--home", tmp_path, "gateway", "--keys")
    assert "laptop" in listed.out
    assert secret not in listed.out + keys_path(tmp_path).read_text()


def test_every_limit_is_kept_and_shown(cli, tmp_path: Path) -> None:
    limits = "--per-minute 5 --tokens-per-minute 900 --max-calls 7 --max-tokens 8000 --max-usd 1.5 --per day"
    cli("--home", tmp_path, "gateway", "--add-key", "poor", *limits.split(), "--days", "1")
    (key,) = read_keys(tmp_path)
    assert key.limits == Limits(5, 900, "day", 7, 8000, 1.5)
    (row,) = cli("--home", tmp_path, "gateway", "--keys", "--json").json
    assert row["expires_at"] > "2026"
    assert {name: row[name] for name in row if name.startswith("max_") or name in ("window", "used_usd")} == {
        "max_requests_per_minute": 5,
        "max_tokens_per_minute": 900,
        "max_requests": 7,
        "max_tokens": 8000,
        "max_usd": 1.5,
        "window": "day",
        "used_usd": 0.0,
    }


def test_a_key_is_revoked_by_name_and_its_name_is_free_again(cli, tmp_path: Path) -> None:
    first = cli("--home", tmp_path, "gateway", "--add-key", "laptop", "--json").json
    assert cli("--home", tmp_path, "gateway", "--add-key", "laptop").code == 1, "the name is in use"
    assert cli("--home", tmp_path, "gateway", "--revoke-key", "laptop", "--json").json == {
        "revoked": first["id"]
    }
    assert cli("--home", tmp_path, "gateway", "--revoke-key", "laptop").code != 0
    assert cli("--home", tmp_path, "gateway", "--add-key", "laptop").code == 0
    assert [key.revoked for key in read_keys(tmp_path)] == [True, False]


@pytest.mark.parametrize("name", ["", "  ", "a\nid=key_1  role=admin", "a\x1b[2J"])
def test_a_name_that_would_forge_the_list_is_refused(cli, tmp_path: Path, name: str) -> None:
    made = cli("--home", tmp_path, "gateway", "--add-key", name)
    assert made.code != 0
    assert read_keys(tmp_path) == []


def test_an_address_of_others_without_a_key_is_refused_and_says_how(cli, tmp_path: Path) -> None:
    refused = cli("--home", tmp_path, "gateway", "--host", "0.0.0.0", "--port", "0")
    assert refused.code == 1
    assert "--add-key" in refused.err
    made = cli("--home", tmp_path, "gateway", "--add-key", "gone", "--json").json
    cli("--home", tmp_path, "gateway", "--revoke-key", made["id"])
    assert cli("--home", tmp_path, "gateway", "--host", "0.0.0.0", "--port", "0").code == 1, "revoked: no key"


def test_keys_made_and_revoked_are_in_the_audit_log(cli, tmp_path: Path) -> None:
    for option in (("--add-key", "laptop", "--role", "curator"), ("--revoke-key", "laptop")):
        assert cli("--home", tmp_path, "gateway", *option).code == 0
    options = "audit list --action gateway.keys --json"
    entries = cli("--home", tmp_path, *options.split()).json["entries"]
    assert [(e["on"], e["allowed"]) for e in entries] == [
        ({"add": "laptop", "role": "curator"}, True),
        ({"revoke": "laptop"}, True),
    ]


def test_a_role_that_runs_no_gateway_makes_and_revokes_no_key(cli, tmp_path: Path, monkeypatch) -> None:
    cli("--home", tmp_path, "gateway", "--add-key", "laptop")
    for role in ("curator", "trainer", "approver", "auditor"):
        monkeypatch.delenv("RIGHTSIZER_ROLE_KEY", raising=False)
        key = cli("--home", tmp_path, "keys", "add", role, role, "--json").json["key"]
        monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", key)
        for option in ("--add-key", "--revoke-key"):
            refused = cli(
                "--home", tmp_path, "gateway", option, "other" if option == "--add-key" else "laptop"
            )
            assert f"the role '{role}' may not" in refused.err
    assert [key.revoked for key in read_keys(tmp_path)] == [False]


def test_a_leaked_key_is_revoked_whose_store_is_damaged(cli, tmp_path: Path) -> None:
    cli("--home", tmp_path, "gateway", "--add-key", "laptop")
    database = next((tmp_path / "store").glob("*.db"))
    database.write_bytes(b"no database" * 1000)
    assert cli("--home", tmp_path, "gateway", "--revoke-key", "laptop").code == 0
    assert [key.revoked for key in read_keys(tmp_path)] == [True]
