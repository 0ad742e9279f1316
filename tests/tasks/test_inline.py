"""What the gateway asks: the finest task of a request that a student sits on."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from rightsizer.config import TasksSettings
from rightsizer.pipeline.gateway import Seat, StoreRouter
from rightsizer.tasks.discover import Discovery, discover
from rightsizer.tasks.inline import InlineAssigner
from rightsizer.types import Call, Message, Prediction, Request, Route, Task, TextPart

SETTINGS = TasksSettings(min_calls=5, min_sessions=2)
TOPICS = {
    "invoice": ["unpaid", "amount", "sum", "tax", "billing"],
    "brake": ["squeal", "worn", "pads", "cable", "rim"],
    "刹车": ["异响", "磨损", "线管", "把手", "更换"],
}


def spoken(logs: SimpleNamespace, n: int, start: int = 0) -> list[Call]:
    rng = random.Random(start)
    names = list(TOPICS)
    lines = [
        " ".join([names[i % 3], *rng.sample(TOPICS[names[i % 3]], 3), f"{chr(97 + i % 26)}{i}"])
        for i in range(n)
    ]
    return [
        logs.make_call(
            start + i,
            [logs.message("system", logs.router_prompt), logs.message("user", line)],
            logs.message("assistant", "sales"),
        )
        for i, line in enumerate(lines)
    ]


@pytest.fixture(scope="module")
def found(logs: SimpleNamespace) -> Discovery:
    return discover([*spoken(logs, 400), *logs.clerk(40, start=5000)], settings=SETTINGS)


def of_level(found: Discovery, level: str) -> list[Task]:
    return [t for t in found.tasks if t.level == level]


def test_only_wanted_tasks_are_looked_for(logs: SimpleNamespace, found: Discovery) -> None:
    later = spoken(logs, 60, start=9000)
    senses = of_level(found, "semantic")
    parent = senses[0].parent_id
    assert {InlineAssigner(found.tasks, set()).assign(c.request) for c in later} == {parent}
    every = InlineAssigner(found.tasks, {t.id for t in senses})
    again = discover(later, settings=SETTINGS, known=found.tasks).assignments["semantic"]
    assert {c.id: every.assign(c.request) for c in later} == {k: v or parent for k, v in again.items()}
    one = senses[0].id
    some = InlineAssigner(found.tasks, {one})
    assert {some.assign(c.request) for c in later} == {parent, one}
    assert some.divides(parent)
    assert not some.divides(None)


def test_a_step_is_known_inline(logs: SimpleNamespace, found: Discovery) -> None:
    calls = logs.clerk(10, start=8000)
    steps = of_level(discover(calls, settings=SETTINGS, known=found.tasks), "step")
    after = next(t for t in steps if t.name.endswith("after get") and t.n_calls)
    inline = InlineAssigner(found.tasks, {after.id})
    given = [inline.assign(c.request) for c in calls[:3]]
    assert given == [after.parent_id, after.id, after.parent_id]


class Yes:
    """A student that says yes to everything."""

    def predict(self, requests: list[Request]) -> list[Prediction]:
        said = Message(role="assistant", parts=(TextPart(content="yes"),))
        return [Prediction(message=said, confidence=1.0) for _ in requests]


def body(call: Call) -> bytes:
    messages: list[dict[str, Any]] = [{"role": m.role, "content": m.text} for m in call.request.messages]
    return orjson.dumps({"model": "m", "messages": messages})


def test_the_gateway_routes_a_sub_task_and_leaves_its_siblings(
    logs: SimpleNamespace, found: Discovery
) -> None:
    """Though all of them share one template, which the gateway remembers."""
    senses = of_level(found, "semantic")
    chosen, parent = senses[0].id, senses[0].parent_id
    route = Route(
        task_id=chosen, student_id="student_1", release_id="r", mode="live", share=1.0, threshold=0.5
    )
    router = StoreRouter(found.tasks, {chosen: Seat(route, Yes())})
    expected = InlineAssigner(found.tasks, {chosen})
    served = set()
    for call in spoken(logs, 60, start=9500):
        task_id = expected.assign(call.request)
        placed = router.place(call.id, body(call), {})
        if task_id == chosen:
            assert placed is None
            decision = router.route(call.id, body(call), {})
            assert decision.task_id == chosen
            assert decision.message is not None
            served.add(call.request.messages[-1].text.split()[0])
        else:
            assert placed is not None
            assert placed.task_id == parent
            assert placed.student_id is None
    assert len(served) == 1
