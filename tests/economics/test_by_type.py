"""What could move by kind of call: proof before forecast, nothing where the LLM stays, all adds up."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.economics.by_type import estimate_by_type
from rightsizer.types import Evaluation, Task


def task(name: str, kind: str, share: float, **fields: Any) -> Task:
    parts = {"low": 0.4, "high": 0.8}
    base = {"id": name, "name": name, "type": kind, "call_share": share, "cost_share": share}
    return Task.model_validate(
        base | {"input_tokens": 100, "readiness": 0.6, "readiness_parts": parts} | fields
    )


def passed(name: str, coverage: float) -> Evaluation:
    return Evaluation(
        id=f"e_{name}", student_id="s", task_id=name, dataset_id="d", verdict="pass", alpha=0.05, delta=0.1,
        n_calibration=200, n_test=200, n_sessions_calibration=200, n_sessions_test=200, coverage=coverage,
    )  # fmt: skip


def test_a_forecast_has_the_range_of_readiness() -> None:
    row, rest, every = estimate_by_type([task("a", "intent", 0.5)])
    assert (row.movable_calls.low, row.movable_calls.point, row.movable_calls.high) == pytest.approx(
        (0.2, 0.3, 0.4)
    )
    assert rest.cost == pytest.approx(0.5)
    assert rest.movable_cost.high == 0
    assert every.cost == pytest.approx(1.0)
    assert every.movable_cost == row.movable_cost


def test_proof_replaces_the_forecast_and_keep_is_nothing() -> None:
    tasks = [task("a", "intent", 0.5), task("b", "chat", 0.5, verdict="keep")]
    chat, intent, every = estimate_by_type(tasks, evaluations={"a": passed("a", 0.9)})
    assert intent.movable_cost.point == pytest.approx(0.45)
    assert intent.movable_cost.low < 0.45 < intent.movable_cost.high
    assert every.proved_cost == pytest.approx(0.45)
    assert chat.movable_cost.high == 0


def test_kinds_are_summed_and_the_dearest_is_first() -> None:
    tasks = [task("a", "intent", 0.2), task("b", "routing", 0.5), task("c", "intent", 0.2, input_tokens=300)]
    rows = estimate_by_type(tasks, total_tokens=1000)
    assert [r.type for r in rows] == ["routing", "intent", "of no task", "all"]
    assert rows[1].tasks == 2
    assert rows[1].tokens == pytest.approx(0.4)
    assert rows[1].movable_tokens.point == pytest.approx(0.24)
