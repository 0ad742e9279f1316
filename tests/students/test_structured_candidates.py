"""Everything an argument may be copied from is offered: what is not offered can never be right."""

from __future__ import annotations

import json

from rightsizer.students.structured_candidates import MAX_OPTIONS, Option, harvest
from rightsizer.types import Message, Request, TextPart, ToolCallPart, ToolCallResponsePart


def user(text: str) -> Message:
    return Message(role="user", parts=(TextPart(content=text),))


def turn(name: str, arguments: object, result: str) -> tuple[Message, Message]:
    part = ToolCallPart(id=f"c-{name}", name=name, arguments=json.dumps(arguments))
    back = ToolCallResponsePart(id=f"c-{name}", response=result)
    return Message(role="assistant", parts=(part,)), Message(role="tool", parts=(back,))


def options(*messages: Message) -> dict[str, Option]:
    return {o.text: o for o in harvest(Request(messages=messages))}


def test_leaves_keys_of_id_objects_and_earlier_arguments_are_offered() -> None:
    result = json.dumps(
        {"orders": ["#W1", "#W2"], "pay": {"card_77": {"last_four": 12}, "paypal_8": {}}, "n": 3}
    )
    found = options(user("hi"), *turn("get_user", {"user_id": "mia_9"}, result))
    assert {"#W1", "#W2", "card_77", "paypal_8", "12", "3", "mia_9"} <= found.keys()
    assert found["#W1"].mentions[0].source == "tool:get_user.orders[]"
    assert found["card_77"].mentions[0].source == "tool:get_user.pay.{key}"
    assert found["mia_9"].mentions[0].source == "args:get_user.user_id"
    assert found["3"].value == 3


def test_a_bare_string_result_is_offered() -> None:
    assert "mia_9" in options(user("find me"), *turn("find_user", {}, "mia_9"))
    assert "mia_9" in options(user("find me"), *turn("find_user", {}, '"mia_9"'))


def test_text_is_offered_without_the_punctuation_around_it_and_with_its_left_word() -> None:
    found = options(user("My order is #W49. Zip: 19122, mail <EMAIL_1>!"))
    assert {"#W49", "19122", "<EMAIL_1>"} <= found.keys()
    assert found["19122"].mentions[0].key == "zip"


def test_chinese_text_is_offered_in_runs() -> None:
    assert {"我要去", "北京"} <= options(user("我要去，北京。")).keys()


def test_mentions_are_newest_first_and_the_system_prompt_is_no_source() -> None:
    found = options(
        Message(role="system", parts=(TextPart(content="example #W0"),)),
        user("order #W1"),
        user("again #W1"),
    )
    assert "#W0" not in found
    assert [m.age for m in found["#W1"].mentions] == [0, 1]


def test_the_number_of_options_is_bounded() -> None:
    text = " ".join(f"x{i}" for i in range(5000))
    assert len(harvest(Request(messages=(user(text),)))) == MAX_OPTIONS


def test_booleans_and_long_texts_are_no_candidates() -> None:
    found = options(user("x"), *turn("f", {}, json.dumps({"ok": True, "essay": "y" * 500})))
    assert "True" not in found
    assert all(len(text) <= 120 for text in found)


def test_broken_arguments_in_the_history_do_no_harm() -> None:
    bad = Message(role="assistant", parts=(ToolCallPart(id="1", name="f", arguments="{oops"),))
    assert "hello" in options(user("hello"), bad)
