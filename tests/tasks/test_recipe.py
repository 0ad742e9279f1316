"""A recipe says what of an answer must be decided, and what is only copied."""

from __future__ import annotations

import json

import pytest

from rightsizer.tasks.recipe import find_recipe
from rightsizer.types import Message, TextPart, ToolCallPart


def calls(name: str, **arguments: object) -> Message:
    return Message(role="assistant", parts=(ToolCallPart(name=name, arguments=json.dumps(arguments)),))


def says(text: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=text),))


def test_copied_values_do_not_change_the_frame_but_chosen_ones_do() -> None:
    one = find_recipe(calls("get", id="#W12"), "Where is #W12?")
    other = find_recipe(calls("get", id="#W77"), "Where is #W77?")
    assert one.frame == other.frame
    assert find_recipe(calls("get", id="#W12", all=True), "Where is #W12?").frame != one.frame
    assert find_recipe(calls("drop", id="#W12"), "Where is #W12?").frame != one.frame
    assert find_recipe(calls("get", id="#W99"), "Where is #W12?").frame != one.frame


@pytest.mark.parametrize(
    ("value", "given", "spans"),
    [
        ("u_31", '{"user_id": "u_31", "name": "Eve"}', 0),  # named by a key
        ("#W12", "My order #W12 is late", 0),  # has a form of its own
        ("Eve", "please call Eve back", 1),  # a word like any other
        ("李雷", "请联系李雷", 1),
        ("12", "one of 11, 12, 13, 14 and 15", 1),  # too many of its like stand nearer
    ],
)
def test_where_a_value_comes_from(value: str, given: str, spans: int) -> None:
    made = find_recipe(calls("get", x=value), given)
    assert (made.leaves, made.copied, made.spans) == (1, 1, spans)


def test_values_of_their_own_are_not_copied() -> None:
    made = find_recipe(says('{"mood": "glad", "seats": 4, "none": null}'), "a table for 4")
    assert (made.leaves, made.copied) == (2, 1)


def test_plain_text_is_its_own_frame() -> None:
    assert find_recipe(says("Yes."), "?").frame == find_recipe(says("Yes. "), "?").frame
    assert find_recipe(says("Yes."), "?").frame != find_recipe(says("No."), "?").frame


def test_broken_arguments_are_a_value_not_an_error() -> None:
    broken = Message(role="assistant", parts=(ToolCallPart(name="get", arguments='{"id": '),))
    assert find_recipe(broken, "").leaves == 1
