"""Several calls of one tool at once, and replies that recur, are learnt like any other action."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rightsizer.students.artifact import load_student
from rightsizer.training.structured import train_structured
from rightsizer.types import Candidate, Example, Message, Request, Task, TextPart, ToolCallPart
from rightsizer.views.answer import canonical_answer

TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
    },
}
SORRY = "I can only help with orders."
TASK = Task(id="task_1", name="desk", output="tool_call")


def made(i: int, rng: random.Random) -> Example:
    """One to three orders are named, each is looked up; every fourth message is about something else."""
    orders = [f"W{rng.randrange(10**6):06d}" for _ in range(1 + i % 3)]
    text = "tell me a joke about cats" if i % 4 == 3 else f"what about {' and '.join(orders)} of mine"
    parts = tuple(ToolCallPart(name="look_up", arguments=f'{{"order_id": "{o}"}}') for o in orders)
    answer = (TextPart(content=SORRY),) if i % 4 == 3 else parts
    user = Message(role="user", parts=(TextPart(content=f"{text} {i}"),))
    return Example(
        call_id=f"c{i}", session_id=f"s{i}", group=f"s{i}", split="train",
        prompt=Request(messages=(user,), tools=(TOOL,)),
        completion=Message(role="assistant", parts=answer),
    )  # fmt: skip


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp("student")
    rng = random.Random(0)
    candidate = Candidate(rung="linear", method="structured")
    train_structured(candidate, TASK, [made(i, rng) for i in range(240)], folder)
    return load_student(folder)


def test_each_order_gets_its_call_and_the_rest_the_sentence(student: object) -> None:
    rng = random.Random(1)
    asked = [made(i, rng) for i in range(500, 548)]
    found = student.predict([e.prompt for e in asked])  # type: ignore[attr-defined]
    right = [
        p.message is not None and canonical_answer(p.message) == canonical_answer(e.completion)
        for p, e in zip(found, asked, strict=True)
    ]
    assert sum(right) >= 46
    several = next(p for p, e in zip(found, asked, strict=True) if len(e.completion.tool_calls) == 3)
    assert len({c.id for c in several.message.tool_calls}) == 3


def test_what_the_caller_forbids_is_not_answered(student: object) -> None:
    rng = random.Random(2)
    joke, two = made(3, rng).prompt, made(1, rng).prompt
    must = joke.model_copy(update={"params": {"tool_choice": "required"}})
    single = two.model_copy(update={"params": {"parallel_tool_calls": False}})
    said = student.predict([must, single])  # type: ignore[attr-defined]
    assert [p.message for p in said] == [None, None]
    assert "demands a tool call" in said[0].reason
    assert "one tool call at a time" in said[1].reason


def test_a_sentence_said_once_is_no_action(tmp_path: Path) -> None:
    rng = random.Random(3)
    rows = [made(i, rng) for i in range(60)]
    odd = rows[3].model_copy(
        update={"completion": Message(role="assistant", parts=(TextPart(content="Ask Zoe about it."),))}
    )
    train_structured(
        Candidate(rung="linear", method="structured"), TASK, [*rows[:3], odd, *rows[4:]], tmp_path
    )
    assert b"Zoe" not in b"".join(p.read_bytes() for p in tmp_path.iterdir())
