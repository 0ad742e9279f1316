"""Features of options tell apart what an agent tells apart: new or used, near or far, named alike."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rightsizer.students.structured_candidates import harvest
from rightsizer.students.structured_ranker import Ranker, admissible, option_features
from rightsizer.students.structured_state import State, read_state
from rightsizer.types import Message, Request, TextPart, ToolCallPart, ToolCallResponsePart


def state() -> State:
    looked = ToolCallPart(id="1", name="look", arguments='{"order_id": "W1"}')
    messages = (
        Message(role="user", parts=(TextPart(content="orders W1 and W2, the blue lamp"),)),
        Message(role="assistant", parts=(looked,)),
        Message(
            role="tool",
            parts=(
                ToolCallResponsePart(
                    id="1",
                    response=json.dumps(
                        [{"item_id": "77", "name": "blue lamp"}, {"item_id": "88", "name": "chair"}]
                    ),
                ),
            ),
        ),
        Message(role="user", parts=(TextPart(content="return the blue one"),)),
    )
    return read_state(Request(messages=messages), None)


def features(parameter: str) -> dict[str, set[str]]:
    seen = state()
    options = harvest(seen.request)
    names = option_features(seen, options, "look", parameter)
    return {o.text: set(n) for o, n in zip(options, names, strict=True)}


def test_a_value_this_tool_had_for_this_parameter_is_used() -> None:
    found = features("order_id")
    assert "used=True" in found["W1"]
    assert "used=False" in found["W2"]
    assert "used=False" in features("other")["W1"]


def test_the_record_that_shares_words_with_the_payload_stands_out() -> None:
    found = features("item_id")
    assert "overlap=1" in found["77"]
    assert "overlap=0" in found["88"]


def test_names_alike_match() -> None:
    found = features("item_id")
    assert "name-match=2" in found["77"]
    assert "name-match=0" in found["W2"]


def test_forms_limit_the_options() -> None:
    options = harvest(state().request)
    assert {o.text for o in admissible(options, frozenset({"A9"}))} == {"W1", "W2"}
    assert len(admissible(options, frozenset())) == len(options)


def test_ranking_gives_probabilities() -> None:
    ranker = Ranker({"a": 0, "b": 1}, np.array([2.0, 0.0], np.float32), frozenset(), False)
    best, log_p, second = ranker.rank([["b"], ["a", "?"], ["b"]])
    assert best == 1
    assert log_p == pytest.approx(2 - np.log(np.exp(2) + 2), abs=1e-5)
    assert second == pytest.approx(0 - np.log(np.exp(2) + 2), abs=1e-5)
