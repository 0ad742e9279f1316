"""Edits of tasks from the command line: kept, counted anew, and never under an old certificate."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def home(looped: Any, tmp_path: Path) -> Path:
    """A copy of the finished home, to change."""
    return Path(shutil.copytree(looped.home, tmp_path / "home"))


def test_tasks_are_merged_renamed_and_parted_again(home: Path, cli: Callable[..., Any]) -> None:
    base = ("--home", home, "--set", "encoder.enabled=false")
    before = {t["id"]: t for t in cli(*base, "tasks", "list", "--json").json["tasks"]}
    routes = {r["task_id"] for r in cli(*base, "routes", "list", "--json").json["routes"]}
    live, *_ = sorted(routes)
    other = min((t for t in before.values() if t["id"] not in routes), key=lambda t: t["n_calls"])
    both = before[live]["n_calls"] + other["n_calls"]
    merged = cli(*base, "tasks", "merge", live, other["name"], "--json")
    assert (merged.code, merged.json["id"], merged.json["n_calls"]) == (0, live, both)
    left = {r["task_id"] for r in cli(*base, "routes", "list", "--json").json["routes"]}
    assert left == routes - {live}
    listed = cli(*base, "tasks", "list", "--json").json["tasks"]
    assert {t["id"] for t in listed} == before.keys() - {other["id"]}
    assert cli(*base, "tasks", "show", other["id"], "--json").json["id"] == live
    assert cli(*base, "tasks", "rename", other["name"], "two desks").code == 0
    assert cli(*base, "tasks", "show", "two desks", "--json").json["id"] == live
    parted = cli(*base, "tasks", "unmerge", other["name"], "--json")
    assert (parted.json["id"], parted.json["n_calls"]) == (other["id"], other["n_calls"])


def test_a_task_is_split_by_what_its_prompts_carry(home: Path, cli: Callable[..., Any]) -> None:
    base = ("--home", home, "--set", "encoder.enabled=false")
    task = max(cli(*base, "tasks", "list", "--json").json["tasks"], key=lambda t: t["n_calls"])
    part = cli(*base, "tasks", "split", task["id"], "tyres", "--contains", "e", "--json").json
    rest = cli(*base, "tasks", "show", task["id"], "--json").json
    assert part["n_calls"] + rest["n_calls"] == task["n_calls"]
    assert cli(*base, "tasks", "split", task["id"], "tyres", "--contains", "x").code == 1
    assert cli(*base, "tasks", "merge", task["id"], "tyres", "--json").json["n_calls"] == task["n_calls"]
