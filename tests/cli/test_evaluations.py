"""What lies behind a verdict, on a home in which the loop has run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path


def task_id(looped, part: str) -> str:
    return next(t["task_id"] for t in looped.outcome["tasks"] if part in t["name"])


def test_slices_add_up_to_the_sealed_calls(cli: Callable, looped) -> None:
    rows = cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"]
    passed = next(e for e in rows if e["verdict"] == "pass" and e["task_id"] == task_id(looped, "router"))
    found = cli("--home", looped.home, "evaluations", "slices", passed["id"], "--json").json["slices"]
    languages = [s for s in found if s["by"] == "language"]
    n = passed["n_calibration"] + passed["n_test"]
    assert n - 9 <= sum(s["calls"] for s in languages) <= n  # fewer than ten others are no slice
    assert {"Chinese", "not Chinese"} <= {s["value"] for s in languages}
    assert all(s["agreement_low"] <= s["agreed"] / s["served"] for s in found if s["served"])


def test_a_curve_costs_no_delta(cli: Callable, looped) -> None:
    before = cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"]
    done = cli("--home", looped.home, "evaluations", "curve", task_id(looped, "router"), "--json")
    after = cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"]
    assert done.code == 0
    (curve,) = done.json["curves"]
    assert [p["n_train"] for p in curve["points"]] == sorted(p["n_train"] for p in curve["points"])
    assert curve["advice"] in ("more calls help", "more calls do not help", "cannot tell")
    assert len(before) == len(after)


def test_a_person_corrects_which_tools_write(cli: Callable, looped, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(looped.home, home)
    desk = task_id(looped, "action")
    guessed = {
        t["name"]: t["risk"] for t in cli("--home", home, "tasks", "tools", desk, "--json").json["tools"]
    }
    assert guessed["look_up_order"] == guessed["track_parcel"] == "read"
    assert guessed["cancel_order"] == guessed["refund_order"] == "write"
    said = cli("--home", home, "tasks", "tools", desk, "--read", "open_ticket", "--json").json["tools"]
    assert next(t for t in said if t["name"] == "open_ticket") == {
        "name": "open_ticket", "risk": "read", "said": True,
    }  # fmt: skip
    routes = cli("--home", home, "routes", "list", "--json").json["routes"]
    assert desk not in {r["task_id"] for r in routes}
    assert cli("--home", home, "tasks", "tools", desk, "--write", "no_such_tool").code == 1


def test_a_person_says_which_fields_count(cli: Callable, looped, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(looped.home, home)
    desk = task_id(looped, "action")
    before = {f["name"]: f for f in cli("--home", home, "tasks", "fields", desk, "--json").json["fields"]}
    assert all(f["counts"] and f["answers"] >= f["values"] > 0 for f in before.values())
    name = sorted(before)[0]
    said = cli("--home", home, "tasks", "fields", desk, "--ignore", name, "--json").json["fields"]
    assert [f["name"] for f in said if not f["counts"]] == [name]
    routes = cli("--home", home, "routes", "list", "--json").json["routes"]
    assert desk not in {r["task_id"] for r in routes}
    again = cli("--home", home, "tasks", "fields", desk, "--count", name, "--json").json["fields"]
    assert all(f["counts"] for f in again)
    assert cli("--home", home, "tasks", "fields", desk, "--ignore", "no_such_field").code == 1


def test_two_students_of_a_task_are_compared(cli: Callable, looped) -> None:
    desk = task_id(looped, "router")
    rows = [
        e
        for e in cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"]
        if e["task_id"] == desk
    ]
    done = cli("--home", looped.home, "evaluations", "compare", rows[0]["student_id"], rows[0]["student_id"])
    assert done.code == 0
    assert "equally good" in done.out


def test_a_list_says_what_each_task_reaches_without_a_student(cli: Callable, looped) -> None:
    rows = cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"]
    told = " ".join(cli("--home", looped.home, "evaluations", "list").out.split())
    assert told.count("without a student: always the commonest answer") == len({r["task_id"] for r in rows})


def test_writes_are_proved_apart_where_calls_offer_tools(cli: Callable, looped) -> None:
    tasks = {t["id"]: t for t in cli("--home", looped.home, "tasks", "list", "--json").json["tasks"]}
    rows = cli("--home", looped.home, "evaluations", "list", "--json").json["evaluations"]
    strict = {r["alpha_write"] for r in rows if tasks[r["task_id"]]["output"] == "tool_call"}
    others = {r["alpha_write"] for r in rows if tasks[r["task_id"]]["output"] == "label"}
    assert strict == {0.04}
    assert others == {None}
