"""Arrays of objects, different tools at once, ids out of JSON: learnt, saved, loaded and served."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.students.artifact import load_student
from rightsizer.students.structured_objects import Items, Part, Piece, assemble
from rightsizer.training.structured import train_structured
from rightsizer.types import Candidate, Example, Message, Request, Task, TextPart, ToolCallPart
from rightsizer.views.answer import canonical_answer

GOODS = ["wire", "rice", "tea", "salt", "oak boards", "paint", "茶叶", "glass jars"]
UNITS = {"kg": "kilogram", "boxes": "box"}
Maker = Callable[[random.Random], tuple[str, Message]]


def waybill(rng: random.Random) -> tuple[str, Message]:
    """A number, a unit that is a class, a copied text; a remark that few lines have."""
    lines, words = [], []
    for goods in rng.sample(GOODS, rng.randrange(0, 4)):
        n, unit = rng.randrange(2, 90), rng.choice(sorted(UNITS))
        line = {"amount": n, "unit": UNITS[unit], "goods": goods}
        said = f"{n} {unit} of {goods}"
        if rng.random() < 0.3:
            line["lot"] = f"L{rng.randrange(1000):03d}"
            said += f" from lot {line['lot']}"
        lines.append(line)
        words.append(said)
    text = f"please ship {', '.join(words) or 'nothing'} today {rng.randrange(99)}"
    return text, Message(role="assistant", parts=(TextPart(content=json.dumps({"lines": lines})),))


def desk(rng: random.Random) -> tuple[str, Message]:
    """Two different tools at once, or one of them several times with two arguments each."""
    pairs = [(f"INC{rng.randrange(10**4):04d}", rng.choice(["ann", "bo", "cy"])) for _ in range(2)]
    if rng.random() < 0.5:
        calls = [("assign", {"ticket": t, "to": w}) for t, w in pairs]
        text = " and ".join(f"{t} to {w}" for t, w in pairs)
    else:
        (ticket, who), host = pairs[0], rng.choice(["mail", "vpn", "wiki"])
        calls = [("restart", {"host": host}), ("assign", {"ticket": ticket, "to": who})]
        text = f"{ticket} to {who}, and restart {host}"
    parts = tuple(ToolCallPart(name=n, arguments=json.dumps(a)) for n, a in calls)
    return text, Message(role="assistant", parts=parts)


def invoice(rng: random.Random) -> tuple[str, Message]:
    """The id of the one open invoice of a JSON payload."""
    rows = [{"id": f"inv_{rng.randrange(16**6):06x}", "state": "paid"} for _ in range(3)]
    row = rng.choice(rows)
    row["state"] = "open"
    part = ToolCallPart(name="remind", arguments=json.dumps({"invoice": row["id"]}))
    return json.dumps({"invoices": rows}), Message(role="assistant", parts=(part,))


def tool(name: str, *parameters: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {p: {"type": "string"} for p in parameters},
        "required": list(parameters),
    }
    return {"type": "function", "function": {"name": name, "parameters": schema}}


TOOLS = {
    waybill: (),
    desk: (tool("assign", "ticket", "to"), tool("restart", "host")),
    invoice: (tool("remind", "invoice"),),
}


def examples(make: Maker, n: int, seed: int) -> list[Example]:
    rng = random.Random(seed)
    out = []
    for i in range(n):
        text, answer = make(rng)
        prompt = Request(messages=(Message(role="user", parts=(TextPart(content=text),)),), tools=TOOLS[make])
        out.append(
            Example(
                call_id=f"c{i}", session_id=f"s{i}", group=f"s{i}", split="train", prompt=prompt,
                completion=answer,
            )
        )  # fmt: skip
    return out


@pytest.mark.parametrize("make", list(TOOLS))
def test_other_calls_get_exactly_the_teachers_answer(make: Maker, tmp_path: Path) -> None:
    task = Task(id="t", name="t", output="tool_call" if TOOLS[make] else "fields")
    train_structured(Candidate(rung="linear", method="structured"), task, examples(make, 300, 0), tmp_path)
    asked = examples(make, 60, 1)
    found = load_student(tmp_path).predict([e.prompt for e in asked])
    right = [
        p.message is not None and canonical_answer(p.message) == canonical_answer(e.completion)
        for p, e in zip(found, asked, strict=True)
    ]
    assert sum(right) >= 56


def test_one_call_at_a_time_is_obeyed(tmp_path: Path) -> None:
    task = Task(id="t", name="t", output="tool_call")
    train_structured(Candidate(rung="linear", method="structured"), task, examples(desk, 300, 0), tmp_path)
    prompt = examples(desk, 1, 1)[0].prompt.model_copy(update={"params": {"parallel_tool_calls": False}})
    (said,) = load_student(tmp_path).predict([prompt])
    assert said.message is None
    assert "one tool call at a time" in said.reason


AMOUNT, GOOD = Part(("n",), "span", empty="1"), Part(("good",), "span")


def test_a_part_that_always_comes_first_begins_an_item() -> None:
    items = Items((AMOUNT, GOOD), ("good",), before=(("n", "good"),))
    pieces = [Piece("good", "", "tea"), Piece("n", "", "3"), Piece("good", "", "salt")]
    assert assemble(items, pieces) == [{"n": 1, "good": "tea"}, {"n": "3", "good": "salt"}]


def test_a_piece_without_its_anchor_makes_no_item() -> None:
    items = Items((AMOUNT, GOOD), ("good",))
    assert assemble(items, [Piece("n", "", "3")]) is None
    assert assemble(items, []) == []
