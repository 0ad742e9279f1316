"""A structured student from end to end, on an agent of our own: English and Chinese, calls and JSON."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from rightsizer.errors import InputError
from rightsizer.students.artifact import load_student
from rightsizer.training.structured import train_structured
from rightsizer.types import (
    Candidate,
    Example,
    Message,
    Request,
    Task,
    TaskPolicy,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)

CANDIDATE = Candidate(rung="linear", method="structured")
TASK = Task(id="task_1", name="desk")
NAMES = ["Ada", "Grace", "Linus", "Barbara", "Edsger", "Radia", "Ken", "Frances", "Tony", "Leslie"]
CITIES = ["Oslo", "Rome", "Lima", "Quito", "Bern", "Riga", "Doha", "Cairo", "Porto", "Turin"]
PLACES = ["北京", "上海", "成都", "西安", "青岛", "大连", "厦门", "昆明", "三亚", "拉萨"]


def tool(name: str, properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required or []}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


STRING = {"type": "string"}
TOOLS = (
    tool("book", {"city": STRING, "guest": STRING, "seats": {"type": "integer"}}, ["city"]),
    tool("look_up", {"order_id": STRING}, ["order_id"]),
    tool("report", {"summary": STRING}),
)


def user(text: str) -> Message:
    return Message(role="user", parts=(TextPart(content=text),))


def call(name: str, arguments: dict[str, Any]) -> Message:
    part = ToolCallPart(id="t", name=name, arguments=json.dumps(arguments, ensure_ascii=False))
    return Message(role="assistant", parts=(part,))


def example(i: int, prompt: Request, answer: Message) -> Example:
    return Example(
        call_id=f"c{i}", session_id=f"s{i}", group=f"s{i}", split="train", prompt=prompt, completion=answer
    )


def desk(i: int, rng: random.Random) -> Example:
    """One call of the desk agent: a booking, a look-up of an order just listed, a report, or a reply."""
    kind = i % 8
    system = Message(role="system", parts=(TextPart(content="You are the desk."),))
    if kind == 7:
        prompt = Request(messages=(system, user("that is all, thank you")), tools=TOOLS)
        return example(i, prompt, Message(role="assistant", parts=(TextPart(content=f"Bye, {i}!"),)))
    if kind == 6:
        text = f"something is broken, tell the {rng.choice(['boss', 'team'])}"
        return example(
            i, Request(messages=(system, user(text)), tools=TOOLS), call("report", {"summary": f"case {i}"})
        )
    if kind in (4, 5):
        order = f"#W{rng.randrange(1000, 9999)}"
        listed = json.dumps({"user": "u_1", "orders": [order], "total": rng.randrange(90)})
        messages = (
            system,
            user("where is my order?"),
            call("look_up", {"order_id": "#W0000"}),
            Message(role="tool", parts=(ToolCallResponsePart(id="t", response=listed),)),
        )
        return example(i, Request(messages=messages, tools=TOOLS), call("look_up", {"order_id": order}))
    city, guest, seats = rng.choice(CITIES), rng.choice(NAMES), rng.randrange(2, 9)
    arguments: dict[str, Any] = {"city": city}
    text = f"{rng.choice(['please book', 'get me'])} a table in {city}"
    if rng.random() < 0.7:
        arguments["guest"] = guest
        text += f" for {guest}"
    words = ["two", "three", "four", "five", "six", "seven", "eight"]
    text += f", {rng.choice([str(seats), words[seats - 2]])} seats"
    arguments["seats"] = seats
    return example(i, Request(messages=(system, user(text)), tools=TOOLS), call("book", arguments))


def trip(i: int, rng: random.Random) -> Example:
    """One call of a Chinese extraction: nullable fields, copied word for word."""
    start, end = rng.sample(PLACES, 2)
    when = rng.choice(["明天", "后天", None])
    text = (
        f"帮我订{when or ''}从{start}到{end}的票"
        if rng.random() < 0.6
        else f"我想{when or ''}去{end},从{start}走"
    )
    fields = {"from": start, "to": end, "when": when}
    schema = {
        "type": "object",
        "properties": {"from": STRING, "to": STRING, "when": {"type": ["string", "null"]}},
        "required": ["from", "to", "when"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "trip", "schema": schema}}
    answer = Message(role="assistant", parts=(TextPart(content=json.dumps(fields, ensure_ascii=False)),))
    return example(i, Request(messages=(user(text),), response_format=form), answer)


def make(kind: Any, n: int, seed: int) -> list[Example]:
    rng = random.Random(seed)
    return [kind(i, rng) for i in range(n)]


@pytest.fixture(scope="module")
def desk_student(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    out = tmp_path_factory.mktemp("desk")
    trained = train_structured(CANDIDATE, TASK, make(desk, 320, 1), out)
    return load_student(out), trained


def same(predicted: Message, teacher: Message) -> bool:
    mine, theirs = predicted.tool_calls[0], teacher.tool_calls[0]
    return mine.name == theirs.name and json.loads(mine.arguments) == json.loads(theirs.arguments)


def test_held_out_calls_are_answered_with_all_arguments(desk_student: tuple[Any, Any]) -> None:
    student, _ = desk_student
    held_out = [e for i, e in enumerate(make(desk, 160, 2)) if i % 8 < 6]
    answers = student.predict([e.prompt for e in held_out])
    right = [
        a.message is not None and same(a.message, e.completion)
        for a, e in zip(answers, held_out, strict=True)
    ]
    assert sum(right) >= 0.95 * len(right)


def test_free_text_is_never_invented_and_replies_stay_with_the_llm(desk_student: tuple[Any, Any]) -> None:
    student, trained = desk_student
    held_out = [e for i, e in enumerate(make(desk, 160, 3)) if i % 8 >= 6]
    answers = student.predict([e.prompt for e in held_out])
    assert all(a.message is None for a in answers)
    reasons = {a.reason for a in answers}
    assert any("summary" in r for r in reasons)
    assert any("reply in free text" in r for r in reasons)
    assert any("summary" in note for note in trained.notes)


def test_the_recipe_shows_each_field(desk_student: tuple[Any, Any]) -> None:
    _, trained = desk_student
    fields = {f["name"]: f for f in trained.recipe["actions"]["tool:book"]["fields"]}
    assert fields["city"]["kind"] == "span"
    assert fields["city"]["span_recall"] == 1.0
    assert fields["city"]["top1"] > 0.9
    (order,) = trained.recipe["actions"]["tool:look_up"]["fields"]
    assert order["kind"] in ("span", "copy")
    assert order["given"] == 80
    assert json.loads(json.dumps(trained.recipe)) == trained.recipe


def test_same_request_same_bytes_same_id(desk_student: tuple[Any, Any]) -> None:
    student, _ = desk_student
    prompt = make(desk, 1, 4)[0].prompt
    first, second = student.predict([prompt, prompt])
    assert first == second
    assert first.message.tool_calls[0].id.startswith("call_")


def test_other_tools_or_another_schema_are_declined(desk_student: tuple[Any, Any]) -> None:
    student, _ = desk_student
    prompt = make(desk, 1, 4)[0].prompt
    fewer = prompt.model_copy(update={"tools": TOOLS[:2]})
    changed = prompt.model_copy(
        update={"tools": (tool("book", {"city": STRING, "smoking": STRING}), *TOOLS[1:])}
    )
    shuffled = prompt.model_copy(update={"tools": TOOLS[::-1]})
    answers = student.predict([fewer, changed, shuffled])
    assert [a.message is None for a in answers] == [True, True, False]
    assert "not in training" in answers[0].reason


def test_training_is_deterministic(tmp_path: Path) -> None:
    rows = make(desk, 120, 5)
    hashes = [train_structured(CANDIDATE, TASK, rows, tmp_path / str(i)).artifact_hash for i in range(2)]
    assert hashes[0] == hashes[1]


def test_chinese_fields_nulls_and_key_order(tmp_path: Path) -> None:
    train_structured(CANDIDATE, TASK, make(trip, 240, 1), tmp_path)
    student = load_student(tmp_path)
    held_out = make(trip, 80, 2)
    answers = student.predict([e.prompt for e in held_out])
    right = [
        a.message is not None and a.message.text == e.completion.text
        for a, e in zip(answers, held_out, strict=True)
    ]
    assert sum(right) >= 0.95 * len(right)


def test_masked_values_are_copied_like_any_other(tmp_path: Path) -> None:
    tools = (tool("find", {"email": STRING}, ["email"]),)
    rng = random.Random(0)

    def one(i: int) -> Example:
        mask = f"<EMAIL_{rng.randrange(1, 4)}>"
        text = rng.choice([f"it is {mask}", f"{mask} please", f"my mail: {mask}."])
        return example(i, Request(messages=(user(text),), tools=tools), call("find", {"email": mask}))

    train_structured(CANDIDATE, TASK, [one(i) for i in range(60)], tmp_path)
    prompt = Request(messages=(user("my mail: <EMAIL_7>."),), tools=tools)
    (answer,) = load_student(tmp_path).predict([prompt])
    assert answer.message is not None
    assert json.loads(answer.message.tool_calls[0].arguments) == {"email": "<EMAIL_7>"}


def test_an_ignored_free_text_field_no_longer_stands_in_the_way(tmp_path: Path) -> None:
    task = TASK.model_copy(update={"policy": TaskPolicy(ignore_fields=("summary",))})
    rows = [desk(6 + 8 * i, random.Random(i)) for i in range(20)]
    train_structured(CANDIDATE, task, rows, tmp_path)
    (answer,) = load_student(tmp_path).predict([rows[0].prompt])
    assert answer.message is not None
    assert answer.message.tool_calls[0].name == "report"
    assert json.loads(answer.message.tool_calls[0].arguments) == {"summary": ""}


def test_other_splits_and_no_examples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training examples"):
        train_structured(CANDIDATE, TASK, [], tmp_path)
    foreign = make(desk, 1, 1)[0].model_copy(update={"split": "test"})
    with pytest.raises(InputError, match="another split"):
        train_structured(CANDIDATE, TASK, [foreign], tmp_path)


@pytest.mark.parametrize("n", [1, 3, 9])
def test_tiny_tasks_train_without_a_crash(tmp_path: Path, n: int) -> None:
    rows = make(desk, n, 6)
    train_structured(CANDIDATE, TASK, rows, tmp_path)
    assert len(load_student(tmp_path).predict([e.prompt for e in rows])) == n


def test_halves_of_emoji_in_a_log_neither_stop_training_nor_serving(tmp_path: Path) -> None:
    tools = (tool("note", {"to": STRING}, ["to"]),)
    rows = [
        example(i, Request(messages=(user(f"\ud83d tell {n} \ud83d"),), tools=tools), call("note", {"to": n}))
        for i, n in enumerate(NAMES * 3)
    ]
    train_structured(CANDIDATE, TASK, rows, tmp_path)
    (answer,) = load_student(tmp_path).predict([rows[0].prompt])
    assert answer.message is not None


def test_endlessly_nested_results_are_borne(desk_student: tuple[Any, Any]) -> None:
    student, _ = desk_student
    for deep in ("[" * 100_000, "[" * 900 + "]" * 900, '{"a":' * 600 + "1" + "}" * 600):
        result = Message(role="tool", parts=(ToolCallResponsePart(id="t", response=deep),))
        messages = (user("where is my order?"), call("look_up", {"order_id": "#W0000"}), result)
        assert len(student.predict([Request(messages=messages, tools=TOOLS)])) == 1


def test_odd_requests_are_declined_not_crashed_on(desk_student: tuple[Any, Any]) -> None:
    student, _ = desk_student
    empty = Request(messages=(), tools=TOOLS)
    blank = Request(messages=(user(""),), tools=TOOLS)
    huge = Request(messages=(user("word " * 20000),), tools=TOOLS)
    assert len(student.predict([empty, blank, huge])) == 3
    assert student.predict([]) == []
