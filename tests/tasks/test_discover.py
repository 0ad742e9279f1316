"""Discovery finds kinds of calls, keeps their ids, and agrees with the inline assigner."""

from __future__ import annotations

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from rightsizer.config import TasksSettings
from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.discover import Discovery, discover
from rightsizer.types import Call, Task

SETTINGS = TasksSettings(min_calls=10, min_sessions=3)
REVIEW = (
    "Review the following product note and list what is unclear in it.\nNote: {}\nWrite three short points."
)
REWRITE = (
    "Rewrite the complaint so that it sounds friendly, keep every fact.\nComplaint: {}\nOnly the new text."
)


def find(calls: list[Call], known: list[Task] | None = None) -> Discovery:
    return discover(calls, settings=SETTINGS, known=known or ())


def templates(found: Discovery) -> list[Task]:
    return [t for t in found.tasks if t.level == "template"]


def ids_of(found: Discovery, calls: list[Call]) -> set[str | None]:
    return {found.assignments["template"][c.id] for c in calls}


def test_a_mixed_log_falls_into_its_kinds(logs: SimpleNamespace) -> None:
    parts = [
        logs.router(60),
        logs.clerk(20, start=1000),
        logs.chinese(40, start=2000),
        logs.opening(40, REVIEW, start=3000),
        logs.opening(40, REWRITE, start=4000),
    ]
    calls = [c for part in parts for c in part]
    random.Random(1).shuffle(calls)
    found = find(calls)
    groups = [ids_of(found, part) for part in parts]
    assert all(len(g) == 1 and None not in g for g in groups)
    assert len(set().union(*groups)) == 5
    assert {t.output for t in templates(found)} == {"label", "tool_call", "text"}
    assert len({t.name for t in templates(found)}) == 5


@pytest.mark.parametrize("kind", ["router", "chinese"])
def test_a_log_of_one_task_is_one_task(logs: SimpleNamespace, kind: str) -> None:
    calls = getattr(logs, kind)(300)
    (task,) = templates(find(calls))
    assert (task.n_calls, task.n_sessions, task.call_share, task.output) == (300, 300, 1.0, "label")


def test_bare_questions_are_one_task_only_where_they_are_the_log(logs: SimpleNamespace) -> None:
    rng = random.Random(0)
    words = [
        "why",
        "do",
        "brakes",
        "squeal",
        "in",
        "rain",
        "after",
        "winter",
        "storage",
        "of",
        "old",
        "steel",
        "bikes",
        "with",
        "rusty",
        "chains",
    ]
    bare = [
        logs.make_call(
            9000 + i, [logs.message("user", " ".join(rng.sample(words, 7)))], logs.message("assistant", "so")
        )
        for i in range(40)
    ]
    assert len(templates(find(bare))) == 1
    mixed = find([*bare, *logs.router(100)])
    assert ids_of(mixed, bare) == {None}


def test_rare_prompts_stay_unassigned(logs: SimpleNamespace) -> None:
    rare = [
        logs.make_call(
            8000 + i,
            [logs.message("system", f"Do job number {w}. " + " ".join(w + str(k) + "x" for k in range(40)))],
            logs.message("assistant", "done"),
        )
        for i, w in enumerate(["alpha", "beta", "gamma", "delta"])
    ]
    found = find([*logs.router(50), *rare])
    assert ids_of(found, rare) == {None}
    assert len(templates(found)) == 1


def test_the_same_scenario_run_again_is_not_a_task(logs: SimpleNamespace) -> None:
    """Every scenario text recurs in four sessions; the agent around it is the task, not the scenario."""
    head = "You play a customer who writes to a shop. Stay in your part, be brief, and never invent facts. "
    rng = random.Random(3)
    words = [f"{a}{b}" for a in ("red", "old", "odd", "big", "far") for b in ("bike", "lamp", "bolt", "seat")]
    scenarios = [" ".join(rng.choice(words) for _ in range(60)) for _ in range(12)]
    calls = [
        logs.make_call(
            i,
            [logs.message("system", head + s), logs.message("user", "hello")],
            logs.message("assistant", "hi"),
        )
        for i, s in enumerate(scenarios * 4)
    ]
    assert len(templates(find(calls))) == 1


def test_a_second_run_changes_nothing(logs: SimpleNamespace) -> None:
    calls = [*logs.router(60), *logs.clerk(20, start=1000), *logs.opening(8, REVIEW, start=3000)]
    first = find(calls)
    second = find(calls, known=first.tasks)
    assert second.assignments == first.assignments
    assert [t.id for t in second.tasks] == [t.id for t in first.tasks]
    assert {t.version for t in second.tasks} == {1}


def test_a_grown_log_keeps_ids_and_adds_tasks(logs: SimpleNamespace) -> None:
    old = logs.router(60)
    first = find(old)
    second = find(
        [*old, *logs.opening(40, REVIEW, start=3000), *logs.router(60, start=500)], known=first.tasks
    )
    assert ids_of(second, old) == ids_of(first, old)
    assert second.tasks[0].n_calls == 120
    assert len(templates(second)) == 2


def test_a_known_task_without_calls_is_kept(logs: SimpleNamespace) -> None:
    first = find(logs.router(60))
    second = find(logs.chinese(60), known=first.tasks)
    assert second.tasks[0].id == first.tasks[0].id
    assert (second.tasks[0].n_calls, second.tasks[0].name) == (0, first.tasks[0].name)
    assert len(templates(second)) == 2


def test_a_known_task_keeps_its_calls_against_a_closer_match(logs: SimpleNamespace) -> None:
    """A longer prompt that contains a known one stays with the known task on every later run."""
    old = logs.router(60)
    first = find(old)
    longer = logs.router_prompt + " " + " ".join(f"Rule {w} holds." for w in ["one", "two", "three", "four"])
    for _ in range(2):
        first = find([*old, *logs.router(90, start=500, system=longer)], known=first.tasks)
    assert len(templates(first)) == 1


def test_what_a_bare_system_prompt_leaves_over_is_no_task(logs: SimpleNamespace) -> None:
    kinds = [*logs.opening(40, REVIEW, start=3000), *logs.opening(40, REWRITE, start=4000)]
    odd = logs.opening(30, "{}", start=5000)
    found = find([*kinds, *odd])
    assert len(templates(found)) == 2
    assert ids_of(found, odd) == {None}
    assert find([*kinds, *odd], known=found.tasks).assignments == found.assignments


def test_an_edited_prompt_is_a_new_version_of_the_same_task(logs: SimpleNamespace) -> None:
    old = logs.router(60)
    first = find(old)
    edited = logs.router(60, start=500, system=logs.router_prompt + " Be quick, and never explain yourself.")
    second = find([*old, *edited], known=first.tasks)
    (task,) = templates(second)
    assert ids_of(second, edited) == ids_of(first, old)
    assert task.version == 2
    assert find([*old, *edited], known=second.tasks).tasks[0].version == 2


def test_an_added_tool_is_a_new_version_of_the_same_task(logs: SimpleNamespace) -> None:
    old = logs.clerk(20, start=1000)
    first = find(old)
    more = logs.clerk(20, start=2000, tools=("get", "change", "cancel", "refund"))
    second = find([*old, *more], known=first.tasks)
    assert ids_of(second, more) == ids_of(first, old)
    assert templates(second)[0].version == 2


def test_a_persons_name_and_policy_persist(logs: SimpleNamespace) -> None:
    calls = logs.router(60)
    (task,) = templates(find(calls))
    renamed = task.model_copy(update={"name": "desk"})
    assert templates(find(calls, known=[renamed]))[0].name == "desk"


def test_a_declared_id_overrides_the_text(logs: SimpleNamespace) -> None:
    def declare(calls: list[Call], name: str) -> list[Call]:
        return [c.model_copy(update={"metadata": {"workload_id": name}}) for c in calls]

    east, west = declare(logs.router(40), "desk east"), declare(logs.router(40, start=500), "desk west")
    found = find([*east, *west])
    assert len(ids_of(found, east) | ids_of(found, west)) == 2
    assert {t.name for t in templates(found)} == {"desk east", "desk west"}


def test_batch_and_inline_assignment_agree(logs: SimpleNamespace) -> None:
    calls = [*logs.router(60), *logs.clerk(20, start=1000), *logs.opening(40, REVIEW, start=3000)]
    found = find(calls)
    stored = [Task.model_validate_json(t.model_dump_json()) for t in found.tasks]
    assigner = Assigner(stored)
    inline = {c.id: assigner.assign(c.request, c.metadata) for c in calls}
    assert inline == found.assignments["template"]


def test_assignment_looks_at_the_request_only(logs: SimpleNamespace) -> None:
    calls = logs.router(60)
    assigner = Assigner(find(calls).tasks)
    silent = [c.model_copy(update={"response": None}) for c in calls]
    assert {assigner.assign(c.request) for c in silent} == {assigner.assign(calls[0].request)} != {None}


def test_an_unknown_agent_is_not_taken_for_a_known_one(logs: SimpleNamespace) -> None:
    assigner = Assigner(find([*logs.router(60), *logs.clerk(20, start=1000)]).tasks)
    strangers = [*logs.chinese(5), *logs.opening(5, REVIEW), *logs.opening(5, "{}")]
    assert {assigner.assign(c.request) for c in strangers} == {None}
    assert Assigner([]).assign(strangers[0].request) is None


def test_steps_divide_a_task_by_what_came_before(logs: SimpleNamespace) -> None:
    calls = logs.clerk(20)
    found = find(calls)
    step_of = found.assignments["step"]
    by_step = Counter(step_of[c.id] for c in calls)
    assert sorted(by_step.values()) == [20, 20, 20]
    steps = [t for t in found.tasks if t.level == "step"]
    assert {t.parent_id for t in steps} == {templates(found)[0].id}
    assert {t.id: t.n_calls for t in steps} == by_step


def test_shares_and_sums_add_up(logs: SimpleNamespace) -> None:
    calls = [*logs.router(60), *logs.clerk(20, start=1000)]
    found = discover(calls, settings=SETTINGS, cost_of=lambda call: 0.01)
    tasks = templates(found)
    assert sum(t.n_calls for t in tasks) == len(calls)
    assert sum(t.cost_share for t in tasks) == pytest.approx(1.0)
    assert sum(t.cost_usd for t in tasks) == pytest.approx(1.2)


def test_scoring_only_fields_change_nothing(logs: SimpleNamespace) -> None:
    calls = logs.router(60)
    marked = [c.model_copy(update={"extra": {"meta": {"template": str(i % 2)}}}) for i, c in enumerate(calls)]
    assert len(templates(find(marked))) == len(templates(find(calls))) == 1


def test_every_call_is_looked_at_on_every_level(logs: SimpleNamespace) -> None:
    calls: list[Any] = [*logs.router(30), logs.make_call(77_000, [], None)]
    found = find(calls)
    for level in ("template", "step", "semantic"):
        assert set(found.assignments[level]) == {c.id for c in calls}  # type: ignore[index]


@pytest.mark.shared
def test_the_classifier_of_a_recorded_log_is_one_task(shared_data: Any) -> None:
    from rightsizer.capture.importers import read_calls

    calls = list(read_calls(shared_data / "calls" / "flywheel_fsi_news.jsonl.zst"))
    (task,) = templates(discover(calls, settings=TasksSettings()))
    assert (task.n_calls, task.output) == (len(calls), "label")
