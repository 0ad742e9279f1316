"""What balancing did to a task's dataset is counted in it; calibration and test stay as the traffic is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rightsizer.pipeline import open_workspace, prepare
from rightsizer.pipeline.card import dataset_card
from rightsizer.testing.store_contract import make_call
from rightsizer.types import Call, Dataset, Task


def call(n: int) -> Call:
    label = "rare" if n % 20 == 0 else "common"
    made = make_call(f"c{n}", f"s{n}", text=f"{label} question {n} about {n * 7919}", answer=label)
    facts = {"metadata": {"tenant": "big" if n % 3 else "small"}, "outcome": {"reward": float(n % 5 != 0)}}
    return made.model_copy(update=facts)


def frozen(home: Path, **flags: object) -> Dataset:
    settings = {"encoder.enabled": False, "gate.min_calls": 20}
    with open_workspace(home, flags=settings | {f"balance.{k}": v for k, v in flags.items()}) as ws:
        if not ws.store.calls.count():
            ws.store.calls.append(map(call, range(400)))
            ws.store.records.put(Task(id="task_1", name="sorter", output="label", n_calls=400))
            ws.store.marks.assign("template", {f"c{n}": "task_1" for n in range(400)})
        dataset = prepare(ws, ws.find(Task, "task_1")).dataset
        assert str(sum(dataset.dropped.values())) in dataset_card(ws, dataset) or not dataset.dropped
        return dataset


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({"outcome_key": "reward", "failed_share": 0.0}, "failed-session"),
        ({"outcome_key": "reward", "failed_share": 0.5}, "failed-session"),
        ({"tenant_key": "tenant", "max_per_tenant": 60}, "tenant-cap"),
        ({"max_per_class": 50}, "class-cap"),
    ],
)
def test_a_step_thins_the_train_split_and_says_so(
    tmp_path: Path, flags: dict[str, object], reason: str
) -> None:
    plain, balanced = frozen(tmp_path / "home"), frozen(tmp_path / "home", **flags)
    assert balanced.dropped[reason] == len(plain.rows) - len(balanced.rows) > 0
    assert balanced.content_hash != plain.content_hash
    for split in ("calibration", "test"):
        assert balanced.count(split) == plain.count(split)
    kept = {row.call_id for row in balanced.rows if row.split == "train"}
    if reason == "failed-session":
        failed = {f"c{n}" for n in range(0, 400, 5)}
        train = {row.call_id for row in plain.rows if row.split == "train"}
        share = len(failed & kept) / len(failed & train)
        assert share == 0 if flags["failed_share"] == 0 else 0.2 < share < 0.8
    if reason == "tenant-cap":
        assert Counter(int(c[1:]) % 3 > 0 for c in kept)[True] == 60
    if reason == "class-cap":
        assert {f"c{n}" for n in range(0, 400, 20)} & {
            r.call_id for r in plain.rows if r.split == "train"
        } <= kept


def test_a_step_that_would_leave_too_little_is_not_taken_for_that_task(tmp_path: Path) -> None:
    plain = frozen(tmp_path / "home")
    done = frozen(tmp_path / "home", max_per_class=1)
    assert [row.call_id for row in done.rows] == [row.call_id for row in plain.rows]
    assert done.dropped["class-cap-not-taken"] > 0
