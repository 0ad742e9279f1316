"""Alignment: where in the payload each value was copied from, so that a tagger can be taught."""

from __future__ import annotations

import json
from typing import Any

from rightsizer.training.structured_crf import label_set
from rightsizer.training.structured_rows import (
    Row,
    align,
    labels_of,
    occurrences,
    read_rows,
    rewriting_names,
    rewritten,
    texts_of,
)
from rightsizer.types import Example, Message, Request, TextPart, ToolCallPart


def row(text: str, arguments: dict[str, Any]) -> Row:
    part = ToolCallPart(name="f", arguments=json.dumps(arguments))
    example = Example(
        call_id="c",
        session_id="s",
        group="s",
        split="train",
        prompt=Request(messages=(Message(role="user", parts=(TextPart(content=text),)),)),
        completion=Message(role="assistant", parts=(part,)),
    )
    return read_rows([example], None)[0]


def test_a_value_is_aligned_and_labelled() -> None:
    one = row("from New York to Rome", {"a": "New York", "b": "Rome"})
    assert align(one, "a", ("a",), [])
    assert align(one, "b", ("b",), [])
    labels = label_set(["a", "b"])
    found = [labels[i] for i in labels_of(one, {label: i for i, label in enumerate(labels)})]
    assert found == ["O", "B-a", "I-a", "O", "B-b"]
    assert one.state.own == {"a": {"new york"}, "b": {"rome"}}


def test_two_fields_never_share_a_token() -> None:
    one = row("2 rooms for 2", {"a": "2", "b": "2"})
    align(one, "a", ("a",), [])
    align(one, "b", ("b",), [])
    assert one.spans == {"a": [(0, 1)], "b": [(3, 4)]}


def test_what_is_not_there_is_said_to_be_missing() -> None:
    one = row("to Rome", {"a": ["Rome", "Oslo"]})
    assert not align(one, "a", ("a",), [])
    assert one.spans["a"] == [(1, 2)]


def test_null_and_empty_align_with_nothing() -> None:
    one = row("to Rome", {"a": None, "b": ""})
    assert align(one, "a", ("a",), [])
    assert align(one, "b", ("b",), [])
    assert one.spans == {"a": [], "b": []}


def test_case_is_second_choice() -> None:
    assert occurrences(row("rome and Rome", {}), "Rome") == [(2, 3)]
    assert occurrences(row("rome or rome", {}), "Rome") == [(0, 1), (2, 3)]


def test_rewritten_values_are_found_by_their_transform() -> None:
    one = row("a table for twenty five people", {"n": 25})
    assert rewritten(one, 25, ["words-number"]) == [((3, 5), "words-number")]
    assert align(one, "n", ("n",), ["words-number"])
    assert one.spans["n"] == [(3, 5)]


def test_transforms_that_explain_values_are_named() -> None:
    words = ["two", "three", "four", "five", "six"]
    rows = [row(f"for {w} people", {"n": i}) for i, w in enumerate(words, 2)]
    assert "words-number" in rewriting_names(rows, ("n",))
    assert rewriting_names([row("for us", {"n": 4})] * 5, ("n",)) == []


def test_texts_of_values() -> None:
    assert texts_of(["a", 1, None, True]) == ["a", "1"]
    assert texts_of(None) == []
    assert texts_of({"a": 1}) == []
