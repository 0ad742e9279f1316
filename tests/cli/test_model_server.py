"""A small model behind a server goes the whole way: catalogue, probe, student, gate, release."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.testing.fake_llm import FakeLLM, Received, Reply


@pytest.fixture
def home(looped: Any, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(looped.home, copy)
    return copy


def teacher(log: Path) -> Callable[[Received], Reply]:
    """A model that answers as the log does, and is less sure of what it has not seen."""
    answers: dict[str, Any] = {}
    for line in log.read_text("utf-8").splitlines():
        record = json.loads(line)
        message = record["response"]["choices"][0]["message"] if "choices" in record["response"] else None
        answers[_asked(record["request"])] = message or record["response"]

    def reply(received: Received) -> Reply:
        if received.target.endswith("/models"):
            return Reply((b'{"data": [{"id": "small-1"}]}',))
        message = answers.get(_asked(json.loads(received.body)), {"role": "assistant", "content": "?"})
        token = {"token": "x", "logprob": -0.01 if message.get("content") != "?" else -3.0}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": {"content": [token]}}
        return Reply((json.dumps({"model": "small-1", "choices": [choice]}).encode(),))

    return reply


def _asked(request: dict[str, Any]) -> str:
    return json.dumps(request["messages"][-1].get("content"))


def test_from_catalogue_to_release(cli: Any, looped: Any, home: Path) -> None:
    base = ("--home", home, "--set", "encoder.enabled=false")
    tasks = cli(*base, "tasks", "list", "--json").json["tasks"]
    task = max((t for t in tasks if t["output"] == "label"), key=lambda t: t["n_calls"])["id"]

    ranked = cli(*base, "candidates", "models", task, "--json").json
    assert ranked["need"]["output"] == "label"
    assert any(m["accepted"] for m in ranked["models"])

    with FakeLLM(teacher(looped.log)) as llm:
        server = ("--server", llm.url)
        probed = cli(*base, "probe", task, *server, "--shots", 0, "--shots", 4, "--limit", 40, "--json").json
        assert {a["arm"]["how"]["shots"] for a in probed["arms"]} == {0, 4}
        assert probed["arms"][0]["arm"]["server"]["model"] == "small-1"

        trained = cli(*base, "train", task, *server, "--model", "small-1", "--shots", 4, "--json")
        (student,) = trained.json["students"]
        assert student["method"] == "prompted"
        judged = cli(*base, "evaluate", student["id"], "--json")
        assert (judged.code, judged.json["verdict"]) == (0, "pass")
        baselines = judged.json["baselines"]
        assert {"majority", "cache", "rules", "untrained"} <= baselines.keys()
        assert baselines["majority"] <= baselines["rules"] <= 1
        assert baselines["untrained"] == max(a["n_agree"] / a["n_calls"] for a in probed["arms"])
        assert cli(*base, "release", student["id"], "--live", "--json").code == 0


def test_a_server_without_a_model_is_a_usage_error(cli: Any, home: Path) -> None:
    tasks = cli("--home", home, "tasks", "list", "--json").json["tasks"]
    ran = cli("--home", home, "train", tasks[0]["id"], "--server", "http://127.0.0.1:9/v1")
    assert ran.code == 2
    assert "--model" in ran.err


def test_the_catalogue_needs_no_store(cli: Any, tmp_path: Path) -> None:
    assert cli("--home", tmp_path, "candidates", "models", "--all").code == 0
    shown = cli("--home", tmp_path, "candidates", "show", "Qwen3-8B")
    assert "BFCL V4 leaderboard" in shown.out
    assert len(cli("--home", tmp_path, "candidates", "devices", "--json").json["devices"]) > 10
    assert cli("--home", tmp_path, "candidates", "models", "--device", "toaster").code == 1
