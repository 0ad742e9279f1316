"""The shortlist is in ladder order, and says why it refuses."""

from __future__ import annotations

import pytest

from rightsizer.candidates.shortlist import shortlist
from rightsizer.types import OutputKind, Task

LADDER = ["cache", "linear", "encoder", "decoder"]


def accepted(output: OutputKind, n: int = 500, encoder: bool = True) -> list[str]:
    task = Task(id="task_1", name="t", output=output)
    return [c.method for c in shortlist(task, n, encoder) if c.accepted]


@pytest.mark.parametrize("output", ["label", "fields", "tool_call", "text"])
def test_cheapest_rung_first_and_a_reason_for_every_refusal(output: OutputKind) -> None:
    found = shortlist(Task(id="task_1", name="t", output=output), 500, False)
    rungs = [LADDER.index(c.rung) for c in found]
    assert rungs == sorted(rungs)
    assert all(bool(c.reason) != c.accepted for c in found)
    assert len({c.method for c in found}) == len(found)


def test_labels_need_no_structure() -> None:
    assert accepted("label") == ["majority", "cache", "minilm-linear"]


@pytest.mark.parametrize("output", ["fields", "tool_call"])
def test_structured_answers(output: OutputKind) -> None:
    assert accepted(output)[-1] == "structured"


def test_free_text_leaves_only_repeats() -> None:
    assert accepted("text") == ["majority", "cache"]


def test_the_lexical_student_is_for_installations_without_an_encoder() -> None:
    assert accepted("label", encoder=False) == ["majority", "cache", "tfidf-linear"]
    refused = {c.method: c.reason for c in shortlist(Task(id="t", name="t", output="label"), 500, False)}
    assert "pip install" in refused["minilm-linear"]


def test_an_encoder_is_tuned_for_labels_with_enough_calls_where_that_is_possible() -> None:
    def offered(output: OutputKind, n: int, tuning: str | None) -> dict[str, str]:
        found = shortlist(Task(id="t", name="t", output=output), n, True, tuning)
        return {c.method: c.reason for c in found}

    assert offered("label", 500, "int8")["minilm-tuned"] == ""
    assert "500" in offered("label", 499, "int8")["minilm-tuned"]
    assert "rightsizer[train]" in offered("label", 500, None)["minilm-tuned"]
    assert "structured" in offered("fields", 500, "int8")["minilm-tuned"]
    (tuned,) = (
        c for c in shortlist(Task(id="t", name="t", output="label"), 500, True, "int8") if c.rung == "encoder"
    )
    assert tuned.params == {"precision": "int8"}


def test_the_static_runtime_leaves_nothing_that_needs_onnx_runtime() -> None:
    found = shortlist(Task(id="t", name="t", output="label"), 5000, True, "fp32", static=True)
    assert [c.method for c in found if c.accepted] == ["majority", "cache", "static-linear"]


def test_too_few_calls() -> None:
    assert accepted("label", n=3) == []
    assert "only 3 training calls" in shortlist(Task(id="t", name="t", output="label"), 3, True)[0].reason
