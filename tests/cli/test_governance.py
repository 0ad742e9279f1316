"""The commands of governance, end to end on a small home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rightsizer.store.audit import audit_path
from rightsizer.testing.demo_agent import write_log


@pytest.fixture
def home(cli, tmp_path: Path) -> Path:
    write_log(tmp_path / "calls.jsonl", n_sessions=20)
    assert cli("--home", tmp_path / "h", "import", tmp_path / "calls.jsonl").code == 0
    return tmp_path / "h"


def first_session(home: Path) -> str:
    record = json.loads((home.parent / "calls.jsonl").read_text().splitlines()[0])
    return record["session_id"]


def test_forget_report_and_import_again(cli, home):
    session = first_session(home)
    planned = cli("--home", home, "forget", "--subject", session, "--dry-run", "--json").json
    done = cli("--home", home, "forget", "--subject", session, "--json").json
    assert planned["dry_run"]
    assert done["calls"] == planned["calls"] > 0
    again = cli("--home", home, "import", home.parent / "calls.jsonl")
    assert "stay so" in again.out
    listed = cli("--home", home, "deletions", "list", "--json").json["deletions"]
    assert [d["id"] for d in listed] == [done["id"]]
    assert session not in json.dumps(listed)
    assert "session" in cli("--home", home, "deletions", "list").out
    assert cli("--home", home, "forget").code == 2


def test_a_subject_is_given_what_forget_would_delete(cli, home, tmp_path):
    session = first_session(home)
    planned = cli("--home", home, "forget", "--subject", session, "--dry-run", "--json").json
    out = tmp_path / "theirs.jsonl"
    assert (
        cli("--home", home, "export", out, "--subject", session, "--json").json["calls"] == planned["calls"]
    )
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row["session_id"] for row in rows} == {session}
    assert cli("--home", home, "export", out, "--subject", session, "--curated").code == 2
    assert cli("--home", home, "export", out, "--subject", "nobody", "--json").json["calls"] == 0


def test_forget_says_what_to_do_next(cli, home):
    assert "yours to delete" in cli("--home", home, "forget", "--subject", first_session(home)).out


def test_retention_needs_an_age_and_takes_it(cli, home):
    assert cli("--home", home, "retention").code == 1
    done = cli("--home", home, "retention", "--days", "0.001", "--dry-run", "--json").json
    assert done["why"] == "retention"
    assert cli("--home", home, "--set", "store.retention_days=0.001", "retention").code == 0
    assert cli("--home", home, "calls", "list", "--json").json["total"] == 0


def test_audit_verify_finds_an_edit(cli, home):
    found = cli("--home", home, "audit", "verify", "--json")
    assert (found.code, found.json["ok"]) == (0, True)
    assert cli("--home", home, "audit", "verify", "--pin", found.json["pin"]).code == 0
    path = audit_path(home)
    path.write_text(path.read_text().replace('"import"', '"nothing"'))
    edited = cli("--home", home, "audit", "verify")
    assert edited.code == 3
    assert "entry 1 was changed" in edited.out


def test_every_read_of_raw_calls_is_entered(cli, home, tmp_path):
    call_id = cli("--home", home, "calls", "list", "--limit", "1", "--json").json["calls"][0]["id"]
    cli("--home", home, "calls", "show", call_id)
    cli("--home", home, "export", tmp_path / "out.jsonl")
    cli("--home", home, "curate")
    entries = cli("--home", home, "audit", "list", "--json").json["entries"]
    assert [e["action"] for e in entries] == [
        "import", "calls.read", "calls.read", "export", "curate", "audit.read",
    ]  # fmt: skip
    assert entries[2]["on"] == {"call": call_id}
    assert "calls.read" in cli("--home", home, "audit", "list", "--action", "calls.read").out


def test_rotate_and_role_keys(cli, home, monkeypatch):
    assert cli("--home", home, "keys", "rotate", "--json").json["keys"] == 5
    key = cli("--home", home, "keys", "add", "auditor", "ann", "--json").json
    assert key["id"] in cli("--home", home, "keys", "list").out
    monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", key["key"])
    assert cli("--home", home, "audit", "verify").code == 0
    denied = cli("--home", home, "calls", "list")
    assert denied.code == 1
    assert "curator" in denied.err
    monkeypatch.delenv("RIGHTSIZER_ROLE_KEY")
    assert cli("--home", home, "keys", "revoke", "ann").code == 0
    assert cli("--home", home, "keys", "list", "--json").json == {"keys": []}


def test_rotation_of_a_key_from_the_environment_needs_the_new_one(cli, home, monkeypatch):
    from rightsizer.store.keys import key_path

    monkeypatch.setenv("RIGHTSIZER_KEY", key_path(home).read_text().strip())
    key_path(home).unlink()
    assert "RIGHTSIZER_NEW_KEY" in cli("--home", home, "keys", "rotate").err
    monkeypatch.setenv("RIGHTSIZER_NEW_KEY", "11" * 32)
    assert cli("--home", home, "keys", "rotate").code == 0
    assert cli("--home", home, "calls", "list").code == 1
    monkeypatch.setenv("RIGHTSIZER_KEY", "11" * 32)
    assert cli("--home", home, "calls", "list").code == 0


def test_lineage_of_a_call_nothing_was_made_of(cli, home):
    session = first_session(home)
    found = cli("--home", home, "lineage", session, "--json").json
    assert (found["node"]["kind"], found["down"]) == ("session", [])
    assert "nothing was made of it" in cli("--home", home, "lineage", session).out
    assert cli("--home", home, "lineage", "nobody").code == 1


def test_no_text_of_the_log_is_in_any_file_of_the_home(looped):
    """After the whole loop: store, students, evidence, audit log, keys."""
    from rightsizer.testing.store_contract import file_bytes

    data = file_bytes(looped.home)
    texts = set()
    for line in looped.log.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        for message in record["request"]["messages"]:
            if message["role"] == "user" and isinstance(message.get("content"), str):
                texts.add(message["content"][:25])
        texts.add(record["session_id"])
    assert len(texts) > 100
    some = sorted(text for text in texts if len(text) > 11)[:: max(1, len(texts) // 60)]
    assert [text for text in some if text.encode() in data] == []
