"""Roles and goals are read from what prompts say, in both languages, never from examples."""

from __future__ import annotations

import pytest

from rightsizer.tasks.output import find_type
from rightsizer.tasks.phrases import find_goal, find_role, split_sentences, tidy
from rightsizer.tasks.policy import load_policy


@pytest.mark.parametrize(
    ("prompt", "role", "goal"),
    [
        ("As a parcel agent, you can help customers track or return parcels.", "parcel agent",
         "help customers track or return parcels"),
        ("This game tests your ability to write\na bash command that lists files.", "",
         "write a bash command that lists files"),
        ("You route guest letters. Be quick.", "", "route guest letters"),
        ("You are a helpful assistant. Your task is to summarise the minutes.", "", "summarise the minutes"),
        ("You must be polite. Just write one line of verse.", "", "write one line of verse"),
        ("你是一名保险理赔员。请提取以下文本中的金额。", "保险理赔员", "请提取以下文本中的金额"),
    ],
)  # fmt: skip
def test_role_and_goal(prompt: str, role: str, goal: str) -> None:
    sentences = split_sentences(prompt)
    assert (find_role(sentences), find_goal(sentences)) == (role, goal)


def test_examples_and_personal_values_name_nothing() -> None:
    assert find_goal(['Find the pupil who has a cat").', "For example, write a poem about spring."]) == ""
    assert tidy("Write to ann@example.com") == ""


def test_a_cut_phrase_ends_where_words_do() -> None:
    long = "Extract the booking details from the message of the guest as they were given"
    assert tidy(long) == "Extract the booking details from the message of the guest"


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("Your task is to write a SQL query.\nIf it fails, fix it.\nRepair errors.\nFix bugs.", "code"),
        ("You are a planner. Your goal is to plan the trip.\nThe summary comes last.", "planning"),
        ("Translate the menu.\nKeep the conversation in mind.", "format"),
        ("你是一名客服，请与用户对话。", "chat"),
    ],
)
def test_the_goal_outweighs_what_is_said_beside_it(template: str, kind: str) -> None:
    assert find_type([], "text", template, load_policy()) == kind
