"""Refusals of the model are told from an agent doing its work."""

from __future__ import annotations

import pytest

from rightsizer.curation.refusals import refusal
from rightsizer.types import Message, OtherPart, TextPart


def says(text: str, **fields: object) -> Message:
    return Message(role="assistant", parts=(TextPart(content=text),), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I’m sorry, but I can’t help with that request.",
        "Sorry, I cannot comply with this.",
        "I cannot help with that.",
        "I am unable to provide assistance with this request.",
        "As an AI language model, I cannot give opinions.",
        "I apologize, but I am not able to discuss that.",
        "I must decline to participate in this.",
        "抱歉，我无法提供此类信息。",
        "很抱歉，作为一个人工智能助手，我不能协助完成该请求。",
        "对不起，我无法回答这个问题。",
    ],
)
def test_refusals(text: str) -> None:
    assert refusal(says(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't change the address of a delivered order. I can offer you a return instead.",
        "I'm sorry to hear that. Could you give me your order id?",
        "Unfortunately, the item is out of stock.",
        "I can help with that.",
        "I can't find an order with that number; please check it.",
        "The text says: I cannot help with that.",
        "抱歉让您久等了，您的订单已发货。",
        "很抱歉，该商品暂时无货，您可以选择退款。",
        "我无法找到该订单，请核对订单号。",
        "refusal",
    ],
)
def test_work(text: str) -> None:
    assert refusal(says(text)) is None


def test_a_long_answer_that_opens_with_a_limit_is_an_answer() -> None:
    opening = "I cannot provide guidance on taxes in your country, but here is what is known. "
    assert refusal(says(opening + "The form has three parts. " * 20)) is None
    assert refusal(says(opening + "That would be illegal. " * 20)) is not None


def test_the_providers_own_mark_counts() -> None:
    assert refusal(says("", extra={"refusal": "I can't."})) is not None
    assert refusal(Message(role="assistant", parts=(OtherPart(raw={"type": "refusal", "refusal": "no"}),)))
    assert refusal(says("yes", extra={"refusal": None})) is None
