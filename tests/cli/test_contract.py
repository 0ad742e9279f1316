"""The JSON that programs outside read (DESIGN 4.2), and the exit codes."""

from __future__ import annotations

import json
import re

import pytest

from rightsizer.cli.app import COMMANDS
from rightsizer.cli.app import cli as command_tree
from rightsizer.testing.demo_agent import write_log

RUN_KEYS = {
    "task_id", "name", "n_calls", "verdict", "student_id", "rung", "coverage", "agreement", "agreement_low",
    "alpha", "delta", "n_calibration", "n_test", "train_s", "reason",
}  # fmt: skip
REPLAY_KEYS = {
    "calls", "served", "agreed", "agreement", "agreement_low", "agreement_high", "coverage", "llm_cost_usd",
    "cost_usd", "latency_ms", "by_task",
}  # fmt: skip
TASK_KEYS = {
    "id", "name", "output", "n_calls", "n_sessions", "call_share", "cost_share", "cost_usd", "readiness",
    "verdict",
}  # fmt: skip


def test_run_has_a_pass_and_a_task_that_stays_on_the_llm(looped):
    rows = looped.outcome["tasks"]
    assert rows
    assert all(row.keys() >= RUN_KEYS for row in rows)
    assert {row["verdict"] for row in rows} <= {"pass", "fail", "undecided"}
    assert any(row["verdict"] == "pass" and row["coverage"] > 0.3 for row in rows)
    kept = [row for row in rows if row["verdict"] == "fail"]
    assert kept
    assert all(row["reason"] for row in rows)
    assert looped.outcome["seconds"] > 0


def test_replay_of_held_out_sessions_keeps_the_promise(cli, looped):
    ran = cli("--home", looped.home, "replay", looped.held_out, "--json")
    assert ran.code == 0
    found = ran.json
    assert found.keys() >= REPLAY_KEYS
    assert 0 < found["served"] <= found["calls"]
    assert found["agreement"] >= 0.93  # alphas are 2 % and 5 %
    assert found["agreement_low"] <= found["agreement"] <= found["agreement_high"]
    assert found["cost_usd"] < found["llm_cost_usd"]
    assert sum(row["served"] for row in found["by_task"]) == found["served"]
    assert found["latency_ms"].keys() == {"p50", "p95"}


def test_tasks_list_and_assignments(cli, looped):
    tasks = cli("--home", looped.home, "tasks", "list", "--json").json["tasks"]
    assert all(task.keys() >= TASK_KEYS for task in tasks)
    assert "signature" not in tasks[0]
    ids = {task["id"] for task in tasks}
    given = cli("--home", looped.home, "tasks", "assignments", "--level", "template", "--json").json[
        "assignments"
    ]
    n_calls = sum(1 for _ in looped.log.open())
    assert len(given) == n_calls
    assert set(given.values()) - {None} <= ids
    leaf = cli("--home", looped.home, "tasks", "assignments", "--json").json["assignments"]
    assert leaf.keys() == given.keys()


def test_calls_list_is_a_page(cli, looped):
    found = cli("--home", looped.home, "calls", "list", "--limit", 3, "--offset", 2, "--json").json
    assert found["total"] == sum(1 for _ in looped.log.open())
    assert len(found["calls"]) == 3
    shown = cli("--home", looped.home, "calls", "show", found["calls"][0]["id"], "--json").json
    assert shown["request"] == found["calls"][0]["request"]
    aside = cli("--home", looped.home, "calls", "list", "--set-aside", "--json").json
    assert {"total", "calls", "unreadable"} <= aside.keys()


def test_export_gives_what_was_imported(cli, looped, tmp_path):
    out = tmp_path / "back.jsonl"
    assert cli("--home", looped.home, "export", out, "--json").code == 0
    before = {(r := json.loads(line))["id"]: r for line in looped.log.open()}
    after = {(r := json.loads(line))["id"]: r for line in out.open()}
    assert before.keys() == after.keys()
    for key, record in before.items():
        assert after[key]["request"] == record["request"]
        assert after[key]["session_id"] == record["session_id"]


def test_curated_export_has_the_same_ids_and_nobodys_mail_address(cli, looped, tmp_path):
    out = tmp_path / "clean.jsonl"
    assert cli("--home", looped.home, "export", out, "--curated", "--json").code == 0
    ids = {json.loads(line)["id"] for line in looped.log.open()}
    text = out.read_text()
    assert {json.loads(line)["id"] for line in text.splitlines()} <= ids
    address = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]*\w")
    real, written = set(address.findall(looped.log.read_text())), set(address.findall(text))
    assert real
    assert written
    assert not real & written


def test_report_writes_one_self_contained_page(cli, looped, tmp_path):
    page = tmp_path / "r.html"
    ran = cli("--home", looped.home, "report", "--html", page, "--json")
    assert ran.code == 0
    assert ran.json
    html = page.read_text()
    assert "<svg" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert cli("--home", looped.home, "report").code == 0


def test_certificates_verify_and_tampering_is_found(cli, looped):
    from rightsizer.pipeline import open_workspace
    from rightsizer.types import Certificate

    with open_workspace(looped.home) as ws:
        certificate = ws.store.records.list(Certificate)[0]
    assert cli("--home", looped.home, "verify", certificate.id, "--json").json["ok"]
    by_task = cli("--home", looped.home, "verify", certificate.task_id, "--json")
    assert by_task.json == cli("--home", looped.home, "verify", certificate.student_id, "--json").json
    assert cli("--home", looped.home, "verify", "nobody").code == 1
    evidence = looped.home / certificate.evidence
    kept = evidence.read_bytes()
    evidence.write_bytes(kept.replace(b"0", b"1", 1))
    try:
        assert cli("--home", looped.home, "verify", certificate.id).code == 3
    finally:
        evidence.write_bytes(kept)


def test_an_import_without_a_single_call_is_an_error(cli, tmp_path):
    (tmp_path / "notes.jsonl").write_text('{"not": "a call"}\n')
    assert cli("--home", tmp_path / "home", "import", tmp_path / "notes.jsonl", "--json").code == 1


def test_release_and_rollback(cli, looped):
    routes = cli("--home", looped.home, "routes", "list", "--json").json["routes"]
    route = routes[0]
    assert cli("--home", looped.home, "rollback", route["task_id"], "--json").json["ended"]
    left = cli("--home", looped.home, "routes", "list", "--json").json["routes"]
    assert route["task_id"] not in {r["task_id"] for r in left}
    back = cli("--home", looped.home, "release", route["student_id"], "--canary", "0.5", "--json")
    assert back.json["mode"] == "canary"
    assert cli("--home", looped.home, "release", route["student_id"], "--live", "--json").code == 0
    assert len(cli("--home", looped.home, "routes", "list", "--json").json["routes"]) == len(routes)


def test_train_and_evaluate_are_separate_steps(cli, looped):
    passed = next(row for row in looped.outcome["tasks"] if row["verdict"] == "pass")
    shown = cli("--home", looped.home, "shortlist", passed["task_id"], "--json").json["candidates"]
    assert any(c["accepted"] for c in shown)
    assert all(c["accepted"] or c["reason"] for c in shown)
    args = ("--home", looped.home, "--set", "encoder.enabled=false")
    (student,) = cli(*args, "train", passed["task_id"], "--method", "majority", "--json").json["students"]
    before = len(cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"])
    ran = cli(*args, "evaluate", student["id"], "--json")
    assert ran.code == 3  # always the commonest answer: not good enough on a task with many answers
    assert ran.json["verdict"] in ("fail", "undecided")
    assert 0 < ran.json["delta"] < passed["delta"] * 10
    assert len(cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"]) == before + 1
    refused = cli("--home", looped.home, "release", student["id"], "--live")
    assert refused.code == 1
    assert "cannot answer agents" in refused.err


@pytest.mark.parametrize("noun", ["tasks", "datasets", "students", "evaluations", "routes", "calls"])
def test_lists_are_for_people_and_for_programs(cli, looped, noun):
    assert cli("--home", looped.home, noun, "list").out.strip()
    found = cli("--home", looped.home, noun, "list", "--json").json[noun]
    assert found
    key = found[0].get("id") or found[0]["task_id"]
    assert cli("--home", looped.home, noun, "show", key).code == 0
    if noun != "calls":  # the end of an id is enough, as lists show it
        assert cli("--home", looped.home, noun, "show", f"…{key[-8:]}").code == 0
    assert cli("--home", looped.home, noun, "show", "no-such-thing").code == 1


def test_the_same_file_twice_adds_nothing(cli, looped):
    ran = cli("--home", looped.home, "import", looped.log, "--json")
    assert ran.code == 0
    assert all(f["new"] == 0 for f in ran.json["files"])


def test_exit_code_3_when_no_task_passes(cli, tmp_path):
    write_log(tmp_path / "few.jsonl", 12, seed=5)
    home = tmp_path / "home"
    assert cli("--home", home, "import", tmp_path / "few.jsonl", "--json").code == 0
    ran = cli("--home", home, "--set", "encoder.enabled=false", "run", "--all", "--json")
    assert ran.code == 3
    assert all(row["verdict"] != "pass" for row in ran.json["tasks"])


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["run"], 2),
        (["nonsense"], 2),
        (["release", "student_x"], 2),
        (["import"], 2),
        (["--set", "gate.detla=1", "config", "show"], 1),
        (["tasks", "list"], 1),  # no such home
    ],
)
def test_exit_codes_of_mistakes(cli, tmp_path, args, code):
    ran = cli("--home", tmp_path / "nowhere", *args)
    assert ran.code == code
    assert ran.err
    assert "Traceback" not in ran.err


def test_errors_are_one_json_document_too(cli, tmp_path):
    ran = cli("--home", tmp_path / "nowhere", "tasks", "list", "--json")
    assert ran.code == 1
    assert ran.json["error"]["message"]
    assert ran.json["error"]["hint"]


def test_missing_file_is_a_clear_error(cli, tmp_path):
    ran = cli("--home", tmp_path / "home", "import", tmp_path / "absent.jsonl")
    assert ran.code == 1
    assert "absent.jsonl" in ran.err
    assert "Traceback" not in ran.err


def test_pii_scan_gives_one_object_a_line(cli, tmp_path):
    text = tmp_path / "lines.txt"
    text.write_text("call me at ada@example.com\nnothing here\n邮箱zhang@example.com谢谢\n", encoding="utf-8")
    ran = cli("pii", "scan", text, "--json")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [len(r["spans"]) for r in rows] == [1, 0, 1]
    assert rows[0]["spans"][0]["start"] == 11
    assert rows[2]["spans"][0]["start"] == 2


def test_doctor_says_what_is_there(cli, looped):
    ran = cli("--home", looped.home, "doctor", "--json")
    assert ran.code == 0
    names = {c["name"] for c in ran.json["checks"]}
    assert {"python", "home", "extra encoder", "sentence encoder"} <= names


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_verb_has_help(cli, verb):
    ran = cli(verb, "--help")
    assert ran.code == 0
    assert len(ran.out.splitlines()) > 3
    assert command_tree.get_command(None, verb) is not None  # type: ignore[arg-type]
