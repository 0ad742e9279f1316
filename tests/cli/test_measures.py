"""Answers by other rules than the gate's, on a home in which the loop has run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion


def passed(cli: Callable, home: Path, looped: Any, part: str) -> dict[str, Any]:
    """The evaluation of the task with `part` in its name that passed."""
    task = next(t["task_id"] for t in looped.outcome["tasks"] if part in t["name"])
    rows = cli("--home", home, "evaluations", "list", "--json").json["evaluations"]
    return next(e for e in rows if e["verdict"] == "pass" and e["task_id"] == task)


def test_what_is_served_agrees_as_the_gate_counted(cli: Callable, looped: Any) -> None:
    evaluation = passed(cli, looped.home, looped, "router")
    found = cli("--home", looped.home, "evaluations", "measures", evaluation["student_id"], "--json").json
    served = found["served"]
    assert served["answered"] / served["calls"] == pytest.approx(evaluation["coverage"])
    assert served["exact"]["right"] / served["exact"]["n"] == pytest.approx(evaluation["agreement"])
    assert served["relaxed"]["right"] >= served["exact"]["right"]
    assert served["valid"]["right"] == served["valid"]["n"] == served["answered"]
    assert found["answered"]["answered"] >= served["answered"]
    assert evaluation["artifact_hash"]  # what was measured is what was evaluated
    shown = cli("--home", looped.home, "evaluations", "measures", evaluation["student_id"])
    assert "BFCL" in shown.out


def test_a_judge_is_asked_in_both_orders_and_beside_labels(
    cli: Callable, looped: Any, tmp_path: Path
) -> None:
    student = passed(cli, looped.home, looped, "router")["student_id"]

    def first_is_better(received: Received) -> Reply:
        return Reply((completion('{"better": "1"}'),))

    args = ("evaluations", "judge", student, "--model", "big", "--limit", 30)
    with FakeLLM(first_is_better) as llm:
        found = cli("--home", looped.home, *args, "--server", llm.url, "--json").json
        asked = len(llm.received)
    report = found["report"]
    assert asked == 2 * found["asked"]
    # a judge that always takes the first is a flip on every pair it is asked about
    assert report["flipped"] == report["unknown"] == found["asked"]
    assert report["as_good"] == found["answered"] - found["asked"]

    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"call_id": "c", "verdict": "splendid"}))
    wrong = cli("--home", looped.home, *args, "--server", "http://127.0.0.1:9/v1", "--labels", labels)
    assert wrong.code == 1
    assert "line 1" in wrong.err


def test_a_student_whose_test_split_is_sealed_is_not_looked_at(
    cli: Callable, looped: Any, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(looped.home, home)
    base = ("--home", home, "--set", "encoder.enabled=false")
    task = passed(cli, home, looped, "router")["task_id"]
    (fresh,) = cli(*base, "train", task, "--method", "majority", "--json").json["students"]
    for command in ("measures", "judge"):
        more = () if command == "measures" else ("--server", "http://127.0.0.1:9/v1", "--model", "m")
        ran = cli(*base, "evaluations", command, fresh["id"], *more)
        assert ran.code == 1
        assert "sealed" in ran.err


def test_pass_k_of_recorded_trials(cli: Callable, tmp_path: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "calls.jsonl"
    rewards = {"a": [1, 1, 1, 0], "b": [1, 0, 0, 0], "c": [1, 1]}
    with log.open("w") as file:
        for task, row in rewards.items():
            for trial, reward in enumerate(row):
                call = {
                    "id": f"{task}{trial}", "session_id": f"s-{task}-{trial}", "model": "m",
                    "request": {"messages": [{"role": "user", "content": f"{task} {trial}"}]},
                    "response": {"role": "assistant", "content": "ok"},
                    "metadata": {"task_id": task}, "outcome": {"reward": float(reward)},
                }  # fmt: skip
                file.write(json.dumps(call) + "\n")
    assert cli("--home", home, "import", log).code == 0
    found = cli("--home", home, "evaluations", "pass-k", "--by", "task_id", "--json").json
    assert found["counts"] == [3, 3, 2, 2]
    assert found["values"][0] == pytest.approx((3 / 4 + 1 / 4 + 1) / 3)
    assert found["values"][1] == pytest.approx(
        (3 / 6 + 0 + 1) / 3
    )  # C(3,2)/C(4,2), C(1,2)/C(4,2), C(2,2)/C(2,2)
    assert found["values"][2] == pytest.approx((1 / 4 + 0) / 2)
    assert cli("--home", home, "evaluations", "pass-k", "--by", "nothing").code == 1
