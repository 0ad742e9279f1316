"""Readiness orders tasks as their nature suggests, and says why."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rightsizer.config import TasksSettings
from rightsizer.tasks.discover import discover
from rightsizer.tasks.output import find_output, find_type
from rightsizer.tasks.policy import load_policy
from rightsizer.tasks.readiness import estimate_readiness
from rightsizer.tasks.scan import Fact, scan
from rightsizer.types import Call, Task

POLICY = load_policy()
WRITE = "Write a friendly letter about the following event for our club.\nEvent: {}\nAt most a hundred words."


def only_task(calls: list[Call]) -> Task:
    found = discover(calls, settings=TasksSettings(min_calls=5, min_sessions=2))
    (task,) = [t for t in found.tasks if t.level == "template"]
    return task


def answers(logs: SimpleNamespace, texts: list[str]) -> list[Fact]:
    user = logs.message("user", "The lamp is 40 cm tall, call me Eve")
    calls = [logs.make_call(i, [user], logs.message("assistant", t)) for i, t in enumerate(texts)]
    return scan(calls).facts


def test_labels_are_readier_than_agents_and_agents_than_prose(logs: SimpleNamespace) -> None:
    router, clerk = only_task(logs.router(600)), only_task(logs.clerk(200))
    prose = only_task(logs.opening(600, WRITE))
    order = [t.readiness or 0.0 for t in (router, clerk, prose)]
    assert order == sorted(order, reverse=True)
    assert order[0] > 0.8
    assert order[2] <= POLICY.kinds["text"]
    assert prose.reason.startswith("free-text replies")
    assert "a quick student is sure of" in router.reason


def test_few_calls_say_how_many_are_missing(logs: SimpleNamespace) -> None:
    task = only_task(logs.router(61))
    assert task.reason == f"only 61 calls: about {POLICY.volume.calls_to_prove - 61} more needed for a proof"


def test_too_few_different_calls_are_not_ready_whatever_they_are_like(logs: SimpleNamespace) -> None:
    least = POLICY.volume.calls_to_train
    few, enough = (only_task(logs.router(n)) for n in (least - 20, least + 60))
    assert (few.readiness, few.readiness_parts["volume"]) == (0.0, 0.0)
    assert (enough.readiness or 0) > 0.1
    repeats = estimate_readiness(answers(logs, ["yes"] * (4 * least)), "label", 1.0, POLICY)
    assert repeats.value == 0.0
    assert repeats.parts["reach"] == 1.0


def test_interval_holds_the_value_and_narrows(logs: SimpleNamespace) -> None:
    widths = []
    for n in (100, 600):
        parts = only_task(logs.clerk(n)).readiness_parts
        widths.append(parts["high"] - parts["low"])
        assert parts["low"] <= (only_task(logs.clerk(n)).readiness or 0) <= parts["high"]
        assert all(0 <= v <= 1 for v in parts.values())
    assert widths[1] < 2 * widths[0]


@pytest.mark.parametrize(
    ("texts", "output"),
    [
        (['{"team": "a"}', '{"team": "b"}'] * 20, "label"),
        (["yes", "no"] * 20, "label"),
        (["退款", "物流", "维修"] * 10, "label"),
        ([f'{{"name": "Eve{chr(97 + i)}"}}' for i in range(26)], "fields"),
        (['{"tall": 40, "name": "Eve"}'] * 20, "fields"),
        ([f"short {chr(97 + i)}" for i in range(26)], "text"),
        (
            ["The right queue for this message is billing.", "The right queue for this message is repairs."]
            * 9,
            "label",
        ),
        (
            [
                f"A long letter about the lamp to {chr(97 + i)}, with thanks and kind regards."
                for i in range(26)
            ],
            "text",
        ),
    ],
)
def test_output_kind_of_a_task(logs: SimpleNamespace, texts: list[str], output: str) -> None:
    assert find_output(answers(logs, texts), POLICY) == output


def test_copied_fields_are_an_extraction_and_reachable(logs: SimpleNamespace) -> None:
    facts = answers(logs, ['{"tall": 40, "name": "Eve"}'] * 30)
    assert find_type(facts, "fields", "", POLICY) == "extraction"
    assert estimate_readiness(facts, "fields", 1.0, POLICY).parts["reach"] > 0.9
    invented = answers(logs, [f'{{"tall": {1000 + i}, "name": "Ada"}}' for i in range(30)])
    assert estimate_readiness(invented, "fields", 1.0, POLICY).parts["reach"] == 0.0


def test_an_unsteady_teacher_lowers_readiness(logs: SimpleNamespace) -> None:
    steady = estimate_readiness(answers(logs, ["yes"] * 40), "label", 1.0, POLICY, n_calls=300)
    torn = estimate_readiness(answers(logs, ["yes", "no"] * 20), "label", 1.0, POLICY, n_calls=300)
    assert steady.parts["steady"] == 1.0
    assert torn.parts["steady"] < 0.6
    assert torn.value < steady.value


def test_types_come_from_the_template_where_the_form_does_not_tell() -> None:
    for template, name in [
        ("Summarise it.", "summary"),
        ("请总结下文", "summary"),
        ("Fix the bug", "repair"),
    ]:
        assert find_type([], "text", template, POLICY) == name
    assert find_type([], "text", "Say hello.", POLICY) == "chat"
    assert find_type([], "label", "Fix the bug", POLICY) == "intent"


def test_no_answers_no_readiness(logs: SimpleNamespace) -> None:
    facts = scan([logs.make_call(1, [logs.message("user", "hi")], None)]).facts
    assert estimate_readiness(facts, "text", 0.0, POLICY).value == 0.0
