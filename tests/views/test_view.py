"""What a learner sees of a request: the promises of `views.view` and `views.mask`."""

from __future__ import annotations

import json

import pytest

from rightsizer.types import Message, Request, TextPart, ToolCallPart, ToolCallResponsePart
from rightsizer.views.mask import MIN_TEXTS, fit_text, strip_template
from rightsizer.views.tokens import words
from rightsizer.views.view import CONTEXT_CHARS, PayloadMask, find_step, fit_mask, view


def say(role: str, text: str) -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


def ask(*messages: Message) -> Request:
    return Request(messages=messages)


CALL = Message(role="assistant", parts=(ToolCallPart(id="c1", name="get_order", arguments='{"id": 7}'),))
RESULT = Message(role="tool", parts=(ToolCallResponsePart(id="c1", response='{"state": "sent"}'),))
FRUITS = [
    "apples",
    "a pear or two",
    "plums, ripe",
    "figs",
    "cherries?",
    "melon",
    "grapes!",
    "kiwi fruit",
    "lime",
]


def test_steps_follow_from_the_messages_alone() -> None:
    hello, answer = say("user", "hello"), say("assistant", "hi")
    assert find_step(ask(say("system", "s"), hello)) == "@start"
    assert find_step(ask(hello, answer, hello)) == "@user"
    assert find_step(ask(hello, CALL, RESULT)) == "@tool:get_order"
    assert find_step(ask(hello, answer)) == "@assistant"
    assert find_step(ask()) == "@start"


def test_view_of_a_tool_result() -> None:
    seen = view(ask(say("system", "policy"), say("user", "where is it?"), CALL, RESULT))
    assert seen.payload == '{"state": "sent"}'
    assert (seen.last_role, seen.last_tool, seen.tools_called) == ("tool", "get_order", ("get_order",))
    assert seen.n_turns == 1
    assert seen.context.splitlines() == ["user: where is it?", 'assistant: get_order({"id": 7})']


def test_tool_result_inside_a_user_message_is_a_tool_step() -> None:
    result = Message(role="user", parts=(ToolCallResponsePart(id="c1", response="ok"),))
    assert find_step(ask(say("user", "x"), CALL, result)) == "@tool:get_order"


def test_long_context_is_bounded_and_still_tells_histories_apart() -> None:
    tail = [say("assistant", "a" * 4000), say("user", "b" * 4000), say("user", "now?")]
    one = view(ask(say("user", "first story"), *tail)).context
    two = view(ask(say("user", "other story"), *tail)).context
    assert len(one) <= CONTEXT_CHARS + 2
    assert one != two
    assert one.endswith("b" * 100)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Classify the fruit below.\nFruit: ", "\nAnswer with one word."),
        ("请判断下面的水果属于哪一类。\n水果：", "\n只回答一个词。"),
    ],
)
def test_template_around_the_payload_is_cut(before: str, after: str) -> None:
    mask = fit_mask([ask(say("user", before + f + after)) for f in FRUITS])
    seen = [view(ask(say("user", before + f + after)), mask).payload for f in FRUITS]
    assert [s.rstrip("?!") for s in seen] == [f.rstrip("?!") for f in FRUITS]


def test_an_unseen_payload_is_cut_too_and_other_text_is_left_whole() -> None:
    mask = fit_mask([ask(say("user", f"Fruit: {f}\nOne word only.")) for f in FRUITS])
    assert view(ask(say("user", "Fruit: banana\nOne word only.")), mask).payload == "banana"
    assert view(ask(say("user", "something else")), mask).payload == "something else"


def test_outliers_do_not_spoil_the_mask() -> None:
    requests = [ask(say("user", f"Fruit: number{chr(97 + i)}x\nOne word only.")) for i in range(25)]
    mask = fit_mask([*requests, ask(say("user", "a stray message"))])
    assert view(requests[3], mask).payload == "numberdx"


def test_static_line_between_variable_lines_is_cut() -> None:
    texts = [f"{f} on the left\n--- now the second one ---\n{f[::-1]} there" for f in FRUITS]
    mask = fit_text(texts)
    assert mask is not None
    assert strip_template(texts[0], mask) == "apples on the left\nselppa"


def test_nothing_is_lost_where_the_template_is_incomplete() -> None:
    """Two different messages never become one payload by a half-matching template."""
    mask = fit_mask([ask(say("user", f"Fruit: {f}\nOne word only.")) for f in FRUITS])
    assert view(ask(say("user", "Fruit: lime")), mask).payload == "Fruit: lime"


def test_repeated_payload_is_not_taken_for_template() -> None:
    requests = [ask(say("user", "yes please"))] * 200 + [ask(say("user", f)) for f in FRUITS]
    assert view(requests[0], fit_mask(requests)).payload == "yes please"


def test_few_texts_give_no_mask_and_json_is_never_cut() -> None:
    assert fit_text(["Fruit: a", "Fruit: b"] * MIN_TEXTS) is None
    rows = [ask(say("user", json.dumps({"topic": f}))) for f in FRUITS]
    assert view(rows[0], fit_mask(rows)).payload == '{"topic": "apples"}'


def test_variable_system_lines_reach_the_learner() -> None:
    def request(name: str) -> Request:
        return ask(say("system", f"You sell fruit.\nCustomer tier: {name}"), say("user", "hi"))

    mask = fit_mask([request(f) for f in FRUITS])
    assert view(request("gold"), mask).context == "Customer tier: gold"
    assert "sell" not in view(request("gold"), mask).context


def test_mask_survives_json_and_shows_no_text() -> None:
    mask = fit_mask([ask(say("user", f"Secret recipe: {f}\nOne word only.")) for f in FRUITS])
    text = mask.model_dump_json()
    assert PayloadMask.model_validate_json(text) == mask
    assert "ecret" not in text
    assert "word" not in text


def test_tokens_of_both_scripts() -> None:
    assert words("Order #12: 退款 now_ok") == ["Order", "#", "12", ":", "退", "款", "now", "_", "ok"]
