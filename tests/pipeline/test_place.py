"""What the gateway's router says at once is what it would have said the long way."""

from __future__ import annotations

from typing import Any, Literal

import orjson
import pytest

from rightsizer.pipeline.gateway import Seat, StoreRouter
from rightsizer.tasks.cores import weigh
from rightsizer.tasks.shingles import shingle
from rightsizer.tasks.signature import CoreState, Signature
from rightsizer.types import Prediction, Request, Route, Task

SYSTEMS = {
    "task_desk": "You are the returns desk of a shop. Read the message and call the tool that fits it best.",
    "task_letters": "You translate letters from German into English, line by line, and keep their tone.",
}
TOOL = {"type": "function", "function": {"name": "find_order", "parameters": {"type": "object"}}}


class Silent:
    def predict(self, requests: list[Request]) -> list[Prediction]:
        return [Prediction(message=None, confidence=0.0) for _ in requests]


def router(mode: Literal["shadow", "canary", "live"], share: float) -> StoreRouter:
    cores = weigh([shingle(text) for text in SYSTEMS.values()])
    tasks = [
        Task(id=task_id, name=task_id, signature=Signature(system=CoreState.of(core)).model_dump(mode="json"))
        for task_id, core in zip(SYSTEMS, cores, strict=True)
    ]
    route = Route(task_id="task_desk", release_id="r", student_id="s", threshold=0.5, mode=mode, share=share)
    return StoreRouter(tasks, {"task_desk": Seat(route, Silent())})


def body(system: str, said: str, **more: Any) -> bytes:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": said}]
    return orjson.dumps({"model": "m", "messages": messages, **more})


@pytest.mark.parametrize(("mode", "share"), [("live", 1.0), ("canary", 0.5), ("canary", 0.0)])
def test_placed_calls_are_those_that_are_not_offered(mode: Any, share: float) -> None:
    asked = router(mode, share)
    seen = set()
    for number in range(200):  # the same opening again and again: the memo has it from the second call on
        call_id = f"call_{number}"
        text = body(SYSTEMS["task_desk"], "Where is my order?")
        placed = asked.place(call_id, text, {})
        routed = asked.route(call_id, text, {})
        seen.add(routed.offered)
        if routed.offered:
            assert placed is None
        else:
            assert placed is not None
            assert placed.record() == routed.record()
    assert seen == ({True, False} if share == 0.5 else {share == 1.0})


def test_a_shadow_route_is_never_placed_and_another_task_always() -> None:
    asked = router("shadow", 1.0)
    for _ in range(2):
        assert asked.place("call_1", body(SYSTEMS["task_desk"], "x"), {}) is None
        other = asked.place("call_1", body(SYSTEMS["task_letters"], "x"), {})
        assert other is not None
        assert (other.task_id, other.student_id, other.offered) == ("task_letters", None, False)


def test_what_decides_the_task_is_in_the_key_of_the_memo() -> None:
    asked = router("live", 1.0)
    desk, letters = SYSTEMS.values()
    bodies = [
        body(desk, "x"),
        body(letters, "x"),
        body(desk, "x", tools=[TOOL]),
        body(desk, "x", metadata={"task": "y"}),
        body(desk, "x", response_format={"type": "json_object"}),
        body("", "x"),
        b'{"messages": "none"}',
        b"[]",
    ]
    for _ in range(2):
        for text in bodies:
            placed, routed = asked.place("call_1", text, {}), router("live", 1.0).route("call_1", text, {})
            assert (placed is None) == routed.offered
            assert placed is None or placed.task_id == routed.task_id
