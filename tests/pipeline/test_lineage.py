"""From any id to what it comes from and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rightsizer.errors import NotFound
from rightsizer.pipeline.card import dataset_card
from rightsizer.pipeline.lineage import Origin, learned_from, trace
from rightsizer.pipeline.workspace import Workspace, open_workspace
from rightsizer.testing.store_contract import make_call
from rightsizer.types import Dataset, DatasetRow, Release, Student, Task

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def row(call_id: str, split: str = "train") -> DatasetRow:
    return DatasetRow(call_id=call_id, group="g", split=split, digest="0")  # type: ignore[arg-type]


ROWS = (row("call-0"), row("call-1", "test"))


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = open_workspace(tmp_path / "home")
    calls = [make_call(f"call-{n}", f"session-{n // 2}", text=f"text {n}") for n in range(6)]
    calls[0] = make_call("call-0", "session-0", text="我的订单在哪里", answer="在路上")
    made.store.calls.append(calls)
    made.store.marks.assign("template", {c.id: "task_1" for c in calls})
    made.store.records.put(
        Task(id="task_1", name="sorter", output="label"),
        Dataset(id="dataset_1", task_id="task_1", content_hash="c", rows=ROWS),
        Dataset(id="dataset_2", task_id="task_1", content_hash="d", rows=(row("call-4"),)),
        Student(
            id="student_1", task_id="task_1", dataset_id="dataset_1", rung="linear", method="m",
            artifact="a", artifact_hash="h",
        ),
        Release(
            id="release_1", task_id="task_1", student_id="student_1", certificate_id="", mode="live",
            share=1, created_at=NOW,
        ),
    )  # fmt: skip
    return made


def ids(nodes: tuple[Origin, ...]) -> list[str]:
    return [i for node in nodes for i in (node.id, *ids(node.children))]


def test_down_from_a_call_to_the_release(ws: Workspace) -> None:
    found = trace(ws, "call-1")
    assert ids(found.down) == ["dataset_1", "student_1", "release_1"]
    assert found.down[0].detail == "1 in test"


def test_down_from_a_session(ws: Workspace) -> None:
    assert ids(trace(ws, "session-0").down) == ["dataset_1", "student_1", "release_1"]
    assert trace(ws, "session-1").down == ()


def test_up_from_a_release_to_the_calls(ws: Workspace) -> None:
    assert ids(trace(ws, "release_1").up) == ["student_1", "dataset_1", "call-0", "call-1"]


def test_from_the_middle_both_ways(ws: Workspace) -> None:
    student = trace(ws, "student_1")
    assert ids(student.up) == ["dataset_1", "call-0", "call-1"]
    assert ids(student.down) == ["release_1"]
    dataset = trace(ws, "dataset_1")
    assert ids(dataset.up) == ["call-0", "call-1"]
    assert ids(dataset.down) == ["student_1", "release_1"]
    assert ids(trace(ws, "sorter").down) == ["dataset_1", "student_1", "release_1", "dataset_2"]


def test_what_learned_from_calls(ws: Workspace) -> None:
    datasets, students, releases = learned_from(ws, {"call-0"})
    assert [d.id for d in datasets] == ["dataset_1"]
    assert [s.id for s in students] == ["student_1"]
    assert [r.id for r in releases] == ["release_1"]
    assert learned_from(ws, {"call-2"}) == ([], [], [])


def test_an_id_that_nothing_has(ws: Workspace) -> None:
    with pytest.raises(NotFound):
        trace(ws, "nobody")


def test_the_card_counts_and_quotes_nothing(ws: Workspace) -> None:
    card = dataset_card(ws, ws.find(Dataset, "dataset_1"))
    assert "| train | 1 | 1 |" in card
    assert "| Chinese | 1 |" in card
    assert "| not Chinese | 1 |" in card
    assert "`student_1`" in card
    assert "The log states no licence" in card
    assert "订单" not in card
    assert "text 1" not in card
