"""How many more calls are needed follows the shares of the split: they change with the number of sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rightsizer.pipeline.learn import Learning, calibration_growth, least_clean
from rightsizer.pipeline.workspace import open_workspace
from rightsizer.tasks.groups import fractions_for
from rightsizer.types import Dataset, DatasetRow, Task


def learning(groups: int) -> Learning:
    rows = tuple(DatasetRow(call_id=f"c{i}", group=f"g{i}", split="train", digest="0") for i in range(groups))
    dataset = Dataset(
        id="dataset_1", task_id="task_1", content_hash="0", rows=rows, seed=0, group_key="session_id",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return Learning(Task(id="task_1", name="t", output="label"), dataset, (), ())


@pytest.mark.parametrize("times", [1.0, 1.5, 2.0, 4.0])
def test_few_sessions_calibrate_on_more_and_many_on_their_share(tmp_path: Path, times: float) -> None:
    with open_workspace(tmp_path) as ws:
        growth = calibration_growth(ws, learning(433))
        least, usual = least_clean(ws, learning(433).task), (0.6, 0.25, 0.15)
        now, then = (n * fractions_for(n, usual, least_clean=least)[1] for n in (433, round(433 * times)))
        assert growth(times) == pytest.approx(then / now)
        assert growth(1.0) == 1.0
        assert growth(2.0) < 1.3  # in proportion it would be 2
        assert calibration_growth(ws, learning(5_000))(1.4) == pytest.approx(1.4)


def test_beyond_what_is_enough_the_calibration_split_stops_growing(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as ws:
        growth = calibration_growth(ws, learning(20_000))
        assert all(growth(times) < 1.3 for times in (2.0, 5.0, 50.0))
