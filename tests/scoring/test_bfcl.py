"""BFCL's AST rules on cases of our own, and on the gold calls of BFCL v4 where they are present."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import zstandard

from rightsizer.scoring.bfcl import bfcl_matches
from rightsizer.types import Message, TextPart, ToolCallPart

PROPERTIES = {
    "day": {"type": "string"},
    "n": {"type": "integer"},
    "x": {"type": "number"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "who": {"type": "object"},
    "rows": {"type": "array", "items": {"type": "object"}},
}
TOOLS = tuple(
    {
        "type": "function",
        "function": {"name": name, "parameters": {"properties": PROPERTIES, "required": ["day"]}},
    }
    for name in ("plan", "lib_plan")
)
GOLD = {"day": ["April 1, 2024", "the first"], "n": [3, ""], "x": [2.0, ""], "tags": [["A", "b"], ""]}
GOLD |= {"who": [{"name": ["Ann"], "age": [4, ""]}, ""], "rows": [[{"id": [1]}, {"id": [2]}], ""]}


def call(arguments: object, name: str = "plan") -> Message:
    return Message(role="assistant", parts=(ToolCallPart(name=name, arguments=json.dumps(arguments)),))


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        ({"day": "april 1 2024"}, True),
        ({"day": "THE FIRST", "n": 3}, True),
        ({"day": "May 1"}, False),
        ({"n": 3}, False),
        ({"day": "the first", "n": "3"}, False),
        ({"day": "the first", "n": 3.0}, False),
        ({"day": "the first", "x": 2}, True),
        ({"day": "the first", "x": 2.5}, False),
        ({"day": "the first", "tags": ["a", "B"]}, True),
        ({"day": "the first", "tags": ["B", "a"]}, False),
        ({"day": "the first", "tags": ["a", 1]}, False),
        ({"day": "the first", "who": {"name": "ann"}}, True),
        ({"day": "the first", "who": {"name": "ann", "age": 5}}, False),
        ({"day": "the first", "who": {"age": 4}}, False),
        ({"day": "the first", "rows": [{"id": 1}, {"id": 2}]}, True),
        ({"day": "the first", "rows": [{"id": 2}, {"id": 1}]}, False),
        ({"day": "the first", "rows": [{"id": 1}]}, False),
        ({"day": "the first", "other": 1}, False),
        (["the first"], False),
    ],
)
def test_arguments_follow_the_ast_rules(arguments, fits):
    assert bfcl_matches([{"plan": GOLD}], call(arguments), TOOLS) is fits


def test_dots_in_names_may_be_underscores():
    assert bfcl_matches([{"lib.plan": GOLD}], call({"day": "the first"}, "lib_plan"), TOOLS)
    assert not bfcl_matches([{"lib.plan": GOLD}], call({"day": "the first"}), TOOLS)


def test_parallel_calls_match_in_any_order_and_number():
    gold = [{"plan": {"day": ["a"]}}, {"plan": {"day": ["b"]}}]
    a, b = call({"day": "a"}).parts, call({"day": "b"}).parts
    assert bfcl_matches(gold, Message(role="assistant", parts=b + a), TOOLS)
    assert not bfcl_matches(gold, Message(role="assistant", parts=a + a), TOOLS)
    assert not bfcl_matches(gold, Message(role="assistant", parts=a), TOOLS)


def test_no_call_is_right_where_none_fits():
    words = Message(role="assistant", parts=(TextPart(content="I cannot."),))
    assert bfcl_matches(None, words, TOOLS)
    assert not bfcl_matches(None, call({"day": "a"}), TOOLS)
    broken = Message(role="assistant", parts=(ToolCallPart(name="plan", arguments="{"),))
    assert not bfcl_matches([{"plan": GOLD}], broken, TOOLS)


@pytest.mark.shared
def test_gold_calls_of_bfcl_match_themselves_and_no_other_tool(shared_data: Path):
    path = shared_data / "eval" / "bfcl_single_turn.jsonl.zst"
    checked = 0
    with path.open("rb") as raw:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(raw), "utf-8"):
            case = json.loads(line)
            if not case["gold"] or "java" in case["category"]:
                continue
            parts = []
            for gold in case["gold"]:
                ((name, accepted),) = gold.items()
                if any(isinstance(v[0], dict | list) for v in accepted.values()):
                    break
                arguments = {k: v[0] for k, v in accepted.items() if v[0] != "" or len(v) == 1}
                parts.append(ToolCallPart(name=name.replace(".", "_"), arguments=json.dumps(arguments)))
            else:
                tools = case["request"]["tools"]
                right = Message(role="assistant", parts=tuple(parts))
                wrong = Message(role="assistant", parts=(*parts[1:], ToolCallPart(name="no_such_tool")))
                assert not bfcl_matches(case["gold"], wrong, tools), case["id"]
                checked += bfcl_matches(case["gold"], right, tools)
    assert checked > 700
