"""The plan: what may be served, what must stay with the LLM, and why."""

from __future__ import annotations

import json
from typing import Any

from rightsizer.training.structured_plan import lexicon_of, plan_actions
from rightsizer.training.structured_rows import Row, read_rows
from rightsizer.types import Example, Message, Request, TextPart, ToolCallPart

TOOL = {
    "type": "function",
    "function": {
        "name": "f",
        "parameters": {"type": "object", "properties": {"mode": {"type": "string", "enum": ["a", "b"]}}},
    },
}


def row(text: str, answer: Message) -> Row:
    prompt = Request(messages=(Message(role="user", parts=(TextPart(content=text),)),), tools=(TOOL,))
    example = Example(call_id="c", session_id="s", group="s", split="train", prompt=prompt, completion=answer)
    return read_rows([example], None)[0]


def call(*arguments: dict[str, Any]) -> Message:
    parts = tuple(ToolCallPart(name="f", arguments=json.dumps(a)) for a in arguments)
    return Message(role="assistant", parts=parts)


def say(text: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=text),))


def test_replies_and_several_calls_without_json_stay_with_the_llm() -> None:
    broken = Message(role="assistant", parts=(*call({}).parts, ToolCallPart(name="f", arguments="[")))
    plans = plan_actions([row("x", say("hello")), row("y", broken)])
    assert "free text" in plans["reply"].reason
    assert "several" in plans["several"].reason


def test_too_few_examples_are_not_served() -> None:
    assert plan_actions([row("x", call({}))])["tool:f"].reason == "only 1 examples of tool:f"


def test_free_text_stops_the_action_unless_it_is_rare_or_ignored() -> None:
    free = [row("t", call({"note": f"words {i} anew"})) for i in range(12)]
    assert "note" in plan_actions(free)["tool:f"].reason
    plan = plan_actions(free, ignored=["note"])["tool:f"]
    assert (plan.reason, plan.fields[0].kind, plan.fields[0].fixed) == ("", "constant", '""')
    rare = [*[row("t", call({})) for _ in range(40)], free[0]]
    plan = plan_actions(rare)["tool:f"]
    assert (plan.reason, plan.fields[0].kind, plan.fields[0].fixed) == ("", "constant", "")


def test_the_schemas_enum_makes_a_class_of_a_word_in_the_text() -> None:
    rows = [row(f"mode {m}", call({"mode": m})) for m in "ab" * 6]
    assert plan_actions(rows)["tool:f"].fields[0].kind == "closed"


def test_the_lexicon_counts_texts_not_mentions() -> None:
    rows = [row(f"go {c}", call({"to": c})) for c in ["Rome", "Rome", "Oslo", "Lima", "Bern", "Riga"]]
    plan_actions(rows)
    assert lexicon_of(rows)["rome"] == {"to": 2}
