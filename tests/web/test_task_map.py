"""The map is one safe file: tiles fill their view, names are escaped, no call is in it unasked."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from rightsizer.economics.by_type import estimate_by_type
from rightsizer.types import Task
from rightsizer.web.task_map import bin_of, render_task_map

NASTY = "</script><b>账单</b> & 查询"


def task(i: int, cost: float, **fields: object) -> Task:
    base = {"id": f"task_{i}", "name": f"task {i}", "type": "intent", "n_calls": 10 * (i + 1)}
    return Task.model_validate(base | {"cost_share": cost, "readiness": min(1.0, 0.2 * i)} | fields)


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    roots = [task(i, c, cost_usd=c) for i, c in enumerate((0.5, 0.3, 0.1))]
    roots[0] = roots[0].model_copy(update={"name": NASTY, "reason": "two words"})
    small = [task(10 + i, 0.0005) for i in range(5)]
    steps = [
        task(20 + i, 0.25 - 0.1 * i, level="step", parent_id="task_0", name=f"{NASTY} · after {i}")
        for i in range(2)
    ]
    return [*roots, *small, *steps]


def data_of(page: str) -> dict:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert match is not None
    return json.loads(match.group(1))


def test_every_view_is_filled_and_what_is_small_is_one_tile(tasks: list[Task]) -> None:
    views = data_of(render_task_map(tasks, estimate_by_type(tasks[:8])))["views"]
    assert set(views) == {"all", "all#rest", "task_0/step"}
    for view in views.values():
        for shape in ("wide", "tall"):
            assert sum(w * h for _, _, w, h in view[shape]) == pytest.approx(1, abs=0.002)
    assert views["all"]["ids"][:3] == ["task_0", "task_1", "task_2"]
    assert {"all#rest", ""} <= set(views["all"]["ids"])  # the small ones, and what belongs to no task
    assert len(views["all#rest"]["ids"]) == 5


def test_names_cannot_break_out_and_only_its_own_code_runs(tasks: list[Task]) -> None:
    page = render_task_map(tasks, estimate_by_type(tasks[:8]))
    assert NASTY not in page
    assert data_of(page)["nodes"]["task_0"]["name"] == NASTY
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in policy or f"script-src 'sha256-{digest}'" in policy
    assert not re.search(r'\sstyle="|\son\w+="|https?://', page)


def test_examples_are_in_the_page_only_when_given(tasks: list[Task]) -> None:
    types = estimate_by_type(tasks[:8])
    assert data_of(render_task_map(tasks, types))["nodes"]["task_1"]["example"] is None
    page = render_task_map(tasks, types, {"task_1": ("where is <NAME_1>", "late")})
    assert data_of(page)["nodes"]["task_1"]["example"] == ["where is <NAME_1>", "late"]


def test_colours_follow_readiness() -> None:
    bins = [bin_of(r) for r in (0.0, 0.1, 0.4, 0.6, 0.75, 1.0)]
    assert bins == sorted(bins) == [0, 1, 2, 3, 4, 4]
    assert bin_of(None) == 5


def test_a_log_without_tasks_or_costs_is_still_a_page() -> None:
    assert "0 recurring kinds" in render_task_map([], estimate_by_type([]))
    assert "tokens could move" in render_task_map(
        [task(4, 1.0, call_share=1.0)], estimate_by_type([task(4, 1.0)])
    )
