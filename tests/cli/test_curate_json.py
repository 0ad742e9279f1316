"""`curate --json` is the funnel: every call in, every reason, what is left; exports have the same ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def record(n: int, answer: object, **more: object) -> dict[str, object]:
    message = answer if isinstance(answer, dict) else {"role": "assistant", "content": answer}
    request = {"model": "m", "messages": [{"role": "user", "content": f"question {n}"}]}
    choice = {"message": message, "finish_reason": more.pop("finish_reason", "stop")}
    row: dict[str, object] = {
        "id": f"c{n}", "session_id": f"s{n}", "request": request, "response": {"choices": [choice]},
    }  # fmt: skip
    return row | more


def calling(name: str, arguments: str) -> dict[str, object]:
    call = {"id": "t", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]


def with_tools(row: dict[str, object]) -> dict[str, object]:
    request = row["request"]
    assert isinstance(request, dict)
    return row | {"request": request | {"tools": TOOLS}}


ROWS = [
    record(0, "fine"),
    record(1, "fine\u2028and more"),  # a line separator ends no record
    record(2, ""),
    record(3, "cut of", finish_reason="length"),
    with_tools(record(4, calling("search", "{}"))),
    with_tools(record(5, calling("find", "{not json"))),
    record(6, "I'm sorry, but I can't assist with that request."),
    record(7, "half \ud83d"),
    record(8, "x" * 5000),
    record(0, "fine") | {"id": "c9"},
]
REASONS = {
    "error": 1, "truncated": 1, "unknown-tool": 1, "invalid-arguments": 1, "refusal": 1, "lone-surrogate": 1,
    "giant-message": 1, "duplicate": 1,
}  # fmt: skip


@pytest.fixture
def home(cli, tmp_path: Path) -> Path:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in ROWS))
    assert cli("--home", tmp_path / "h", "import", log).code == 0
    return tmp_path / "h"


def test_every_reason_is_counted_and_named_call_by_call(cli, home: Path) -> None:
    flags = ("--home", home, "--set", "curate.max_message_chars=4000")
    funnel = cli(*flags, "curate", "--json").json
    assert (funnel["n_in"], funnel["n_kept"]) == (10, 2)
    assert dict(funnel["dropped"]) == REASONS
    assert sum(REASONS.values()) + funnel["n_kept"] == funnel["n_in"]
    aside = cli("--home", home, "calls", "list", "--set-aside", "--json").json["calls"]
    assert {row["reason"] for row in aside} == set(REASONS)
    assert {row["call_id"] for row in aside} == {f"c{n}" for n in range(2, 10)}
    assert "calls" in cli(*flags, "curate").out
    assert cli("--home", home, "curate", "--json").json["n_kept"] == 3  # a setting, taken back


def test_an_export_has_the_same_ids_and_only_what_is_kept(cli, home: Path, tmp_path: Path) -> None:
    cli("--home", home, "--set", "curate.max_message_chars=4000", "curate")
    out = tmp_path / "curated.jsonl"
    assert cli("--home", home, "export", out, "--curated", "--json").json["calls"] == 2
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").split("\n") if line]
    assert [(row["id"], row["session_id"]) for row in rows] == [("c0", "s0"), ("c1", "s1")]
    again = cli("--home", tmp_path / "again", "import", out, "--json")
    assert again.code == 0
    everything = tmp_path / "all.jsonl"
    assert cli("--home", home, "export", everything, "--json").json["calls"] == 10
