"""Classifiers and rankers learn from choices; the same data gives the same weights."""

from __future__ import annotations

import json

import numpy as np

from rightsizer.students.structured_fields import Field, ranked_options
from rightsizer.training.structured_heads import fit_ranker, fit_softmax
from rightsizer.training.structured_rows import Row, read_rows
from rightsizer.types import Example, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart


def test_two_and_more_classes_are_learned() -> None:
    two = fit_softmax([["w=yes"], ["w=no"]] * 6, ["a", "b"] * 6)
    assert two.classes[int(two.log_probabilities(["w=yes"]).argmax())] == "a"
    three = fit_softmax([["x"], ["y"], ["z"]] * 6, ["a", "b", "c"] * 6)
    assert [three.classes[int(three.log_probabilities([f]).argmax())] for f in "xyz"] == ["a", "b", "c"]


def test_one_class_needs_no_model() -> None:
    assert fit_softmax([["x"], ["y"]], ["a", "a"]).log_probabilities(["x"]).tolist() == [0.0]


def test_embeddings_are_used_beside_names() -> None:
    rng = np.random.default_rng(0)
    found = rng.normal(size=(40, 3)).astype(np.float32)
    model = fit_softmax([["w"]] * 40, [str(v[0] > 0) for v in found], embeddings=found)
    assert model.classes[int(model.log_probabilities(["w"], np.array([2.0, 0, 0])).argmax())] == "True"


def agent_row(i: int, *, cancelled: bool = False) -> Row:
    """A user lists two orders of which the second is the one to look at; the first was looked at."""
    first, second = f"W{i}001", f"W{i}002"
    said = "never mind" if cancelled else "and the next?"
    listing = ToolCallPart(id="0", name="list", arguments="{}")
    look = ToolCallPart(id="1", name="look", arguments=json.dumps({"id": first}))
    messages = (
        Message(role="assistant", parts=(listing,)),
        Message(role="tool", parts=(ToolCallResponsePart(id="0", response=json.dumps([first, second])),)),
        Message(role="assistant", parts=(look,)),
        Message(role="tool", parts=(ToolCallResponsePart(id="1", response='{"state": "sent"}'),)),
        Message(role="user", parts=(TextPart(content=said),)),
    )
    arguments = {} if cancelled else {"id": second}
    answer = Message(role="assistant", parts=(ToolCallPart(name="look", arguments=json.dumps(arguments)),))
    example = Example(
        call_id=str(i), session_id=str(i), group=str(i), split="train",
        prompt=Request(messages=messages), completion=answer,
    )  # fmt: skip
    return read_rows([example], None)[0]


FIELD = Field("id", ("id",), "copy")


def test_a_ranker_learns_the_next_one_not_used_yet() -> None:
    ranker = fit_ranker([agent_row(i) for i in range(1, 8)], "tool:look", FIELD)
    new = agent_row(9)
    able, features = ranked_options(FIELD, ranker, "tool:look", new.state, new.options)
    best, log_p, _ = ranker.rank(features)
    assert able[best].text == "W9002"
    assert log_p > np.log(0.6)


def test_leaving_the_field_out_is_an_option_where_the_teacher_did() -> None:
    rows = [agent_row(i, cancelled=i % 2 == 0) for i in range(1, 15)]
    ranker = fit_ranker(rows, "tool:look", FIELD)
    assert ranker.optional
    new = agent_row(20, cancelled=True)
    able, features = ranked_options(FIELD, ranker, "tool:look", new.state, new.options)
    assert ranker.rank(features)[0] == len(able)


def test_only_forms_seen_are_options() -> None:
    ranker = fit_ranker([agent_row(i) for i in range(1, 8)], "tool:look", FIELD)
    new = agent_row(9)
    able, _ = ranked_options(FIELD, ranker, "tool:look", new.state, new.options)
    assert {o.text for o in able} == {"W9001", "W9002"}


def test_nothing_at_hand_ranks_as_nothing() -> None:
    ranker = fit_ranker([agent_row(1), agent_row(2)], "tool:look", FIELD)
    assert ranker.rank([]) == (-1, float("-inf"), 0.0)
