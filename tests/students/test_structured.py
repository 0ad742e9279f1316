"""The contract between student and request: same tools, same schema, valid answers only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rightsizer.students.structured import Confidence, contract_of, forbidden, violation
from rightsizer.types import Request


def tool(name: str, schema: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema, **rest}}


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def test_a_contract_is_names_and_schemas_not_order_nor_prose() -> None:
    a, b = tool("a", SCHEMA), tool("b", {"type": "object"})
    same = contract_of(Request(messages=(), tools=(a, b)))
    assert contract_of(Request(messages=(), tools=(b, tool("a", SCHEMA, description="new words")))) == same
    assert contract_of(Request(messages=(), tools=(a,))) != same
    assert contract_of(Request(messages=(), tools=(a, tool("b", SCHEMA)))) != same


def test_the_answer_schema_is_part_of_the_contract() -> None:
    def form(schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    one = contract_of(Request(messages=(), response_format=form(SCHEMA)))
    other = contract_of(Request(messages=(), response_format=form({"type": "object"})))
    assert one != other


@pytest.mark.parametrize(
    ("leaves", "says"),
    [({("n",): 3}, ""), ({("n",): "3"}, "n (type)"), ({}, "required")],
)
def test_arguments_are_checked_against_the_offered_schema(leaves: dict[Any, Any], says: str) -> None:
    found = violation(Request(messages=(), tools=(tool("f", SCHEMA),)), "tool:f", leaves)
    assert (says in found) if says else (found == "")


def test_a_tool_that_is_not_offered_is_a_violation() -> None:
    assert violation(Request(messages=()), "tool:f", {}) == "the tool is not offered"


def test_a_schema_that_is_none_of_json_schema_is_a_violation_not_a_crash() -> None:
    request = Request(messages=(), tools=(tool("f", {"type": "strange"}),))
    assert "schema" in violation(request, "tool:f", {})


def test_a_schema_that_refers_elsewhere_is_not_fetched() -> None:
    remote = {"type": "object", "properties": {"n": {"$ref": "https://example.invalid/schema.json"}}}
    request = Request(messages=(), tools=(tool("f", remote),))
    assert "another document" in violation(request, "tool:f", {("n",): 1})
    local = {"$defs": {"n": {"type": "integer"}}, "properties": {"n": {"$ref": "#/$defs/n"}}}
    assert violation(Request(messages=(), tools=(tool("f", local),)), "tool:f", {("n",): 1}) == ""


@pytest.mark.parametrize(
    ("choice", "action", "allowed"),
    [
        (None, "tool:f", True),
        ("auto", "json", True),
        ("required", "tool:f", True),
        ("required", "json", False),
        ("none", "tool:f", False),
        ({"type": "function", "function": {"name": "f"}}, "tool:f", True),
        ({"type": "function", "function": {"name": "g"}}, "tool:f", False),
        ({"type": "tool", "name": "g"}, "tool:f", False),
    ],
)
def test_the_callers_tool_choice_is_obeyed(choice: Any, action: str, allowed: bool) -> None:
    request = Request(messages=(), params={} if choice is None else {"tool_choice": choice})
    assert (forbidden(request, action) == "") is allowed


def test_confidence_is_a_logistic_of_standardised_signals() -> None:
    confidence = Confidence(
        ["a"], np.array([1.0], np.float32), np.array([2.0], np.float32), np.array([3.0], np.float32), -1.0
    )
    assert confidence.of({"a": 3.0}) == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert confidence.of({}) == pytest.approx(1 / (1 + np.exp(2.5)))
    assert 0.0 <= confidence.of({"a": -1e9}) <= confidence.of({"a": 1e9}) <= 1.0
