"""Names: short, telling, all different, and never from one customer's text."""

from __future__ import annotations

from collections import Counter

import pytest

from rightsizer.tasks.label import MAX_CHARS, Source, name_clusters, name_tasks, shared_sentences


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("You are a financial news classifier. Answer with one word.", "financial news classifier"),
        (
            "You are a helpful assistant. Translate the menu into Greek. Be brief.",
            "Translate the menu into Greek",
        ),
        ("你是一名客服工单分类员。请只输出类别。", "客服工单分类员"),
        ("请判断下面评论的情感。只输出正面或负面。", "请判断下面评论的情感"),
        ("# Returns desk policy\nNever promise money back.", "Returns desk policy"),
    ],
)
def test_the_template_names_the_task(prompt: str, name: str) -> None:
    assert name_tasks([Source(systems=(prompt,) * 5)]) == [name]


def test_what_only_one_prompt_says_is_never_shown() -> None:
    people = ("Ann Berg", "Li Wei", "Omar Haddad", "Eva Roth")
    systems = tuple(f"You are {p}'s secretary. Sort the mail that came in today." for p in people)
    (name,) = name_tasks([Source(systems=systems)])
    assert name == "Sort the mail that came in today"
    assert shared_sentences([f"{p} called.\nWrite it down." for p in people]) == ["Write it down."]


def test_personal_looking_text_is_left_out_even_from_the_template() -> None:
    systems = ("Write to ann@example.com about the bill.\nSort the bills by date, newest first.",) * 4
    assert name_tasks([Source(systems=systems)]) == ["Sort the bills by date, newest first"]


def test_names_are_unique_and_short() -> None:
    source = Source(systems=("You are a clerk who helps. " * 3,), tools=("get", "put"), shapes=("tool:get",))
    names = name_tasks([source] * 4, taken=["clerk"])
    assert len({n.lower() for n in names} | {"clerk"}) == 5
    assert all(n.startswith("clerk") and len(n) <= MAX_CHARS + 24 for n in names)


def test_a_declared_id_is_the_name_and_nothing_is_still_a_name() -> None:
    assert name_tasks([Source(declared="route_ticket"), Source()]) == ["route ticket", "untitled"]


def test_clusters_are_named_by_what_sets_them_apart() -> None:
    bags = [
        Counter({"order": 40, "refund": 30, "my": 40, "want refund": 9}),
        Counter({"order": 40, "delivery": 30, "my": 40}),
        Counter({"的": 9, "退款": 9}),
        Counter(),
        Counter(),
    ]
    names = name_clusters(bags)
    assert names[0].startswith("refund")
    assert names[1].startswith("delivery")
    assert names[2:] == ["退款", "other", "other 2"]
