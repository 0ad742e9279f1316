"""The loop says why nothing could be answered, and why an encoder was not tuned."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from rightsizer.config import Settings
from rightsizer.pipeline.learn import Learning, spared
from rightsizer.pipeline.loop import why_abstaining
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Candidate, Student, Task


def test_the_commonest_action_says_why() -> None:
    actions = {
        "json": {"rows": 90, "reason": "free text: reason of json would have to be invented"},
        "reply": {"rows": 10, "reason": "the LLM would reply in free text"},
        "tool:a": {"rows": 500, "reason": ""},
    }
    said = why_abstaining([{"share": 0.2}, {"actions": actions}])
    assert said.startswith("free text: reason of json")
    assert "tasks fields" in said
    assert why_abstaining([{"actions": {"tool:a": {"rows": 5, "reason": ""}}}]) == ""


def learning(accepted: bool) -> Learning:
    tuned = Candidate(rung="encoder", method="minilm-tuned", accepted=accepted)
    return cast(Any, SimpleNamespace(task=Task(id="t", name="x", output="label"), candidates=(tuned,)))


def student(right: float) -> Student:
    return cast(Any, SimpleNamespace(method="minilm-linear", recipe={"held_out_right": right}))


def test_tuning_is_spared_only_where_it_was_possible_and_useless() -> None:
    ws = cast(Workspace, SimpleNamespace(settings=Settings.model_validate({"home": "x", "file": "x"})))
    assert "99.0%" in spared(ws, learning(True), [student(0.99)])
    assert spared(ws, learning(True), [student(0.9)]) == ""
    assert spared(ws, learning(False), [student(0.99)]) == ""
    assert spared(ws, learning(True), []) == ""
