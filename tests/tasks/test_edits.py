"""What a person changes persists: over later runs, inline, and until the person takes it back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rightsizer.config import TasksSettings
from rightsizer.errors import InputError
from rightsizer.tasks.assign import Assigner
from rightsizer.tasks.discover import Discovery, discover
from rightsizer.tasks.edits import merge, rename, split, unmerge
from rightsizer.types import Call, Task

SETTINGS = TasksSettings(min_calls=5, min_sessions=2)


def again(calls: list[Call], tasks: list[Task], changed: list[Task]) -> Discovery:
    """A later run that knows the tasks as edited."""
    new = {t.id: t for t in changed}
    known = [new.pop(t.id, t) for t in tasks] + list(new.values())
    return discover(calls, settings=SETTINGS, known=known)


def owner(found: Discovery, calls: list[Call]) -> str:
    (one,) = {found.assignments["template"][c.id] for c in calls}
    assert one is not None
    return one


def test_a_merge_persists_and_can_be_taken_back(logs: SimpleNamespace) -> None:
    west, east = logs.router(40), logs.chinese(40, start=2000)
    first = discover([*west, *east], settings=SETTINGS)
    a, b = (next(t for t in first.tasks if t.id == owner(first, part)) for part in (west, east))
    second = again([*west, *east], first.tasks, merge(first.tasks, a, [b]))
    assert owner(second, west) == owner(second, east) == a.id
    third = again([*west, *east], second.tasks, [])
    assert third.assignments == second.assignments
    kept = {t.id: t for t in third.tasks}
    assert (kept[a.id].n_calls, kept[b.id].n_calls, kept[a.id].aliases) == (80, 0, (b.name,))
    assert all(t.n_calls == 0 for t in third.tasks if t.parent_id == b.id)
    inline = Assigner(third.tasks)
    assert {inline.assign(c.request) for c in east} == {a.id}
    back = again([*west, *east], third.tasks, unmerge(third.tasks, kept[b.id]))
    assert back.assignments == first.assignments
    assert next(t for t in back.tasks if t.id == a.id).aliases == ()


def test_merges_follow_one_another(logs: SimpleNamespace) -> None:
    parts = [logs.router(30), logs.chinese(30, start=2000), logs.clerk(20, start=4000)]
    calls = [c for p in parts for c in p]
    first = discover(calls, settings=SETTINGS)
    a, b, c = (next(t for t in first.tasks if t.id == owner(first, p)) for p in parts)
    second = again(calls, first.tasks, merge(first.tasks, b, [a]))
    tasks = {t.id: t for t in second.tasks}
    third = again(calls, second.tasks, merge(second.tasks, tasks[c.id], [tasks[b.id]]))
    assert {owner(third, p) for p in parts} == {c.id}


@pytest.mark.parametrize(("where", "text"), [("SHED", "the shed"), ("后院", "后院仓库")])
def test_a_split_persists(logs: SimpleNamespace, where: str, text: str) -> None:
    front = logs.router(40)
    back = logs.router(20, start=500, system=f"{logs.router_prompt} You work in {text}.")
    first = discover([*front, *back], settings=SETTINGS)
    whole = next(t for t in first.tasks if t.id == owner(first, front))
    assert owner(first, back) == whole.id
    part = split(first.tasks, whole, [text.upper()], where)
    second = again([*front, *back], first.tasks, [part])
    assert (owner(second, front), owner(second, back)) == (whole.id, part.id)
    assert next(t for t in second.tasks if t.id == part.id).name == where
    third = again([*front, *back], second.tasks, [])
    assert third.assignments == second.assignments


def test_a_declared_task_can_be_split(logs: SimpleNamespace) -> None:
    def declare(calls: list[Call]) -> list[Call]:
        return [c.model_copy(update={"metadata": {"workload_id": "desk"}}) for c in calls]

    front = declare(logs.router(40))
    back = declare(logs.router(20, start=500, system=f"{logs.router_prompt} You work in the shed."))
    first = discover([*front, *back], settings=SETTINGS)
    whole = next(t for t in first.tasks if t.id == owner(first, front))
    part = split(first.tasks, whole, ["the shed"], "shed")
    second = again([*front, *back], first.tasks, [part])
    assert (owner(second, front), owner(second, back)) == (whole.id, part.id)


def test_a_name_persists_and_its_steps_follow(logs: SimpleNamespace) -> None:
    calls = logs.clerk(20)
    first = discover(calls, settings=SETTINGS)
    (task,) = [t for t in first.tasks if t.level == "template"]
    second = again(calls, first.tasks, rename(first.tasks, task, " desk "))
    found = next(t for t in second.tasks if t.id == task.id)
    assert (found.name, found.aliases) == ("desk", (task.name,))
    assert {t.name.split(" · ")[0] for t in second.tasks if t.parent_id == task.id} == {"desk"}
    assert rename(second.tasks, found, "desk") == []
    assert rename(second.tasks, found, task.name)[0].aliases == ("desk",)


def test_what_makes_no_sense_is_refused(logs: SimpleNamespace) -> None:
    found = discover([*logs.router(40), *logs.clerk(20, start=1000)], settings=SETTINGS)
    a, b = [t for t in found.tasks if t.level == "template"]
    step = next(t for t in found.tasks if t.level == "step")
    with pytest.raises(InputError, match="cannot be merged"):
        merge(found.tasks, a, [step])
    with pytest.raises(InputError, match="is part of"):
        merge(found.tasks, a, [a])
    with pytest.raises(InputError, match="was not merged"):
        unmerge(found.tasks, a)
    with pytest.raises(InputError, match="nothing to split by"):
        split(found.tasks, a, [" "], "x")
    with pytest.raises(InputError, match="cannot be split"):
        split(found.tasks, step, ["y"], "x")
    with pytest.raises(InputError, match="another task"):
        rename(found.tasks, a, b.name)
    with pytest.raises(InputError, match="needs a name"):
        rename(found.tasks, a, "")
