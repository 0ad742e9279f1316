"""Made-up calls of a narrow labelling task, in English and Chinese, for tests of students."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from rightsizer.types import Example, Message, Request, Split, TextPart

# intent → ways to say it; {} takes one of the things below.
ENGLISH: dict[str, tuple[str, ...]] = {
    "track_parcel": (
        "where is my {}",
        "has the {} been shipped yet",
        "when will the {} arrive",
        "track my {}",
    ),
    "return_item": ("i want to send the {} back", "how do i return a {}", "the {} should go back to you"),
    "cancel_order": (
        "cancel my order of the {}",
        "please stop the order for the {}",
        "i no longer want the {}",
    ),
    "invoice_copy": (
        "send me the invoice for the {}",
        "i need a receipt for the {}",
        "email the bill of the {}",
    ),
    "opening_hours": ("when do you open on {}", "are you open on {}", "what time does the shop close on {}"),
    "talk_to_human": (
        "let me talk to a person about the {}",
        "i want a human agent for the {}",
        "connect me",
    ),
    "warranty": (
        "is the {} still under warranty",
        "how long is the guarantee of the {}",
        "warranty for my {}",
    ),
    "change_address": (
        "change the address for the {}",
        "deliver the {} somewhere else",
        "i moved, update the {}",
    ),
}
CHINESE: dict[str, tuple[str, ...]] = {
    "track_parcel": ("我的{}到哪里了", "{}发货了吗", "{}什么时候能送到"),
    "return_item": ("我想退掉{}", "{}怎么退货", "把{}退回给你们"),
    "invoice_copy": ("请给我{}的发票", "{}能开发票吗", "我需要{}的收据"),
    "warranty": ("{}还在保修期吗", "{}的保修有多久", "{}坏了能保修吗"),
    "cancel_order": ("请取消{}的订单", "{}我不想要了，帮我撤单", "那个{}的订单还能取消吗"),
    "change_address": ("{}的收货地址要改一下", "我搬家了，{}请寄到新地址", "把{}送到别的地方"),
    "talk_to_human": ("关于{}，请转人工客服", "我要找真人谈谈{}的事", "{}的问题让客服给我打电话"),
    "payment": ("{}可以分期付款吗", "{}能用微信支付吗", "买{}怎么付款"),
}
THINGS = (
    "lamp",
    "blue jacket",
    "coffee grinder",
    "laptop",
    "garden chair",
    "phone",
    "tent",
    "monday",
    "sunday",
)
ZH_THINGS = ("台灯", "外套", "咖啡机", "笔记本电脑", "椅子", "手机", "帐篷", "耳机")
OPENERS = ("", "hello, ", "hi there, ", "quick question: ", "sorry to bother you but ")
FOREIGN = (
    "write a poem about the sea in autumn",
    "what is the square root of nine thousand",
    "who won the world cup in nineteen ninety",
    "translate good evening into portuguese",
    "explain how volcanoes form under the ocean",
    "recommend a recipe with lentils and spinach",
)
ZH_FOREIGN = (
    "写一首关于秋天大海的诗",
    "九千的平方根是多少",
    "一九九零年世界杯冠军是谁",
    "把晚上好翻译成葡萄牙语",
    "解释一下海底火山是怎么形成的",
    "推荐一道扁豆菠菜的家常菜",
)
SYSTEM = 'You sort messages of a shop\'s customers. Answer with JSON: {"intent": …}.'


def label_examples(
    n: int, *, seed: int = 0, split: Split = "train", chinese: bool = False, per_session: int = 1
) -> list[Example]:
    """`n` calls of the labelling task, each answered with ``{"intent": …}``; equal seeds give equal calls."""
    rng = random.Random(seed)
    says, things = (CHINESE, ZH_THINGS) if chinese else (ENGLISH, THINGS)
    examples = []
    for i in range(n):
        intent = sorted(says)[i % len(says)]
        text = rng.choice(says[intent]).format(rng.choice(things))
        if not chinese:
            text = rng.choice(OPENERS) + text
        examples.append(
            labelled(text, intent, name=f"{split}-{seed}-{i}", split=split, group=i // per_session)
        )
    return examples


def labelled(text: str, intent: str, *, name: str, split: Split = "train", group: int = 0) -> Example:
    """One example: the user says `text`, the teacher answers with the intent."""
    session = f"session-{split}-{name.rsplit('-', 1)[0]}-{group}"
    return Example(
        call_id=f"call-{name}",
        session_id=session,
        group=session,
        split=split,
        prompt=request(text),
        completion=answer(json.dumps({"intent": intent})),
    )


def request(text: str) -> Request:
    """The task's request with `text` as the user's words."""
    return Request(messages=(say("system", SYSTEM), say("user", text)))


def requests(texts: Sequence[str]) -> list[Request]:
    """One request per text."""
    return [request(text) for text in texts]


def answer(text: str) -> Message:
    """The teacher's message with this text."""
    return say("assistant", text)


def say(role: str, text: str) -> Message:
    """A message of one text part."""
    return Message(role=role, parts=(TextPart(content=text),))
