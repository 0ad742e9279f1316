"""Inner tools compute and nothing else; a student uses them on its way and answers."""

from __future__ import annotations

import json

import pytest

from rightsizer.students.chat_server import Server
from rightsizer.students.inner_tools import calculate, schema, shift_date, use, weekday
from rightsizer.students.prompted import Prompting
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion
from rightsizer.testing.sums import sum_examples, tool_steps
from rightsizer.training.prompted import build
from rightsizer.types import ToolCallPart


@pytest.mark.parametrize(
    ("expression", "value"),
    [("3 * 14.50 + 2 * 7.25", "58"), ("-(2 - 5)", "3"), ("1 / 4", "0.25"), ("0.1 + 0.2", "0.3")],
)
def test_arithmetic_is_exact(expression: str, value: str) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize(
    "expression", ["__import__('os')", "2 ** 99999", "a + 1", "1 / 0", "(" * 300, "True + 1"]
)
def test_nothing_but_arithmetic_is_evaluated(expression: str) -> None:
    call = ToolCallPart(name="calculate", arguments=json.dumps({"expression": expression}))
    assert use(call).startswith("error")


def test_dates() -> None:
    assert shift_date("2026-02-27", 2) == "2026-03-01"
    assert weekday("2026-11-30") == "Monday"
    assert use(ToolCallPart(name="weekday", arguments="{")).startswith("error")


def test_a_student_computes_on_its_way_and_the_caller_sees_the_answer_only() -> None:
    (example,) = sum_examples(1, seed=3)
    first, _ = tool_steps(example)
    call = first.completion.tool_calls[0]

    def reply(received: Received) -> Reply:
        messages = json.loads(received.body)["messages"]
        if messages[-1]["role"] != "tool":
            text = f'<tool_call>{{"name": "calculate", "arguments": {call.arguments}}}</tool_call>'
            return Reply((completion(text),))
        return Reply((completion(json.dumps({"total": int(messages[-1]["content"])})),))

    with FakeLLM(reply) as llm:
        how = Prompting(tools=("calculate",), repair=False)
        student = build([], Server(base_url=llm.url, model="small"), how, output="fields")
        (found,) = student.predict([example.prompt])
        assert json.loads(llm.received[0].body)["tools"] == [schema("calculate")]
    assert len(llm.received) == 2
    assert found.message is not None
    assert json.loads(found.message.text) == json.loads(example.completion.text)


def test_a_student_that_never_comes_to_an_answer_abstains() -> None:
    text = '<tool_call>{"name": "calculate", "arguments": {"expression": "1 + 1"}}</tool_call>'
    (example,) = sum_examples(1, seed=3)
    with FakeLLM(lambda _: Reply((completion(text),))) as llm:
        how = Prompting(tools=("calculate",), repair=False, steps=3)
        student = build([], Server(base_url=llm.url, model="small"), how, output="fields")
        (found,) = student.predict([example.prompt])
    assert found.message is None
    assert len(llm.received) == 4  # three steps and the last
