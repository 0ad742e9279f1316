"""Made-up logs for `shapes.py`: many forms of one answer, each with as many calls as asked for.

Texts are put together from templates, so they say what the mechanisms can do and nothing about language.
"""
# ruff: noqa: E501  (lists and templates: one row is one line)

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from _domains import DOMAINS  # type: ignore[import-not-found]

Row = tuple[str, dict[str, Any]]  # the user's text, the answer as a chat message
Maker = Callable[[random.Random], Row]

WHO = [
    "Ada Brown",
    "Tom Vega",
    "Lena Fischer",
    "Omar Haddad",
    "Mei Tan",
    "Ivan Petrov",
    "Sara Lind",
    "Juan Cruz",
]
ZH_WHO = ["王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄蓉"]
THINGS = [
    "lamp",
    "blue jacket",
    "coffee grinder",
    "laptop",
    "garden chair",
    "phone case",
    "tent",
    "desk",
    "kettle",
    "backpack",
    "camera",
    "headphones",
    "monitor",
    "keyboard",
    "bicycle pump",
    "rug",
    "water bottle",
    "drill",
    "toaster",
    "office chair",
]
ZH_THINGS = [
    "台灯",
    "外套",
    "咖啡机",
    "笔记本电脑",
    "椅子",
    "手机壳",
    "帐篷",
    "耳机",
    "键盘",
    "水壶",
    "背包",
    "相机",
    "显示器",
    "打气筒",
    "地毯",
]
CITIES = [
    "Lyon",
    "Graz",
    "Porto",
    "Leeds",
    "Turin",
    "Ghent",
    "Basel",
    "Malmo",
    "Krakow",
    "Seville",
    "Bergen",
    "Utrecht",
]
ZH_CITIES = ["北京", "上海", "广州", "成都", "杭州", "武汉", "西安", "南京"]
TAILS = (
    "",
    " please",
    " thanks",
    ", it is for work",
    ", can you help",
    " as soon as you can",
    ", I am waiting",
)
ZH_TAILS = ("", ",谢谢", ",麻烦了", ",比较急", ",请尽快处理", ",在线等")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
TOPICS = {
    "track_parcel": ("where is my {x} order {n}", "has the {x} been shipped yet, order {n}", "when will {x} {n} arrive"),
    "return_item": ("i want to send the {x} back, order {n}", "how do i return a {x} from order {n}", "{x} of {n} goes back to you"),
    "cancel_order": ("cancel order {n} of the {x}", "please stop the order {n} for the {x}", "i no longer want the {x}, {n}"),
    "invoice_copy": ("send me the invoice for the {x}, {n}", "i need a receipt for {n}, the {x}", "email the bill of order {n} ({x})"),
    "warranty": ("is the {x} still under warranty, {n}", "how long is the guarantee of the {x} {n}", "warranty for {x} bought as {n}"),
    "change_address": ("change the address for the {x}, order {n}", "deliver {n} somewhere else, the {x}", "i moved, update {n} with the {x}"),
    "damaged": ("the {x} of order {n} is broken", "{n}: the {x} came with a crack", "my {x} stopped working after a day, {n}"),
    "payment": ("can i pay the {x} in two parts, {n}", "my card was charged twice for {n}, the {x}", "which cards work for the {x} {n}"),
}  # fmt: skip
ZH_TOPICS = {
    "物流查询": ("我的{x}到哪里了,订单{n}", "订单{n}的{x}发货了吗", "{x}什么时候能送到,单号{n}"),
    "退货": ("我想退掉{x},订单{n}", "订单{n}的{x}怎么退货", "把{x}退回给你们,单号{n}"),
    "发票": ("请给我{x}的发票,订单{n}", "订单{n}的{x}能开发票吗", "我需要{x}的收据,{n}"),
    "保修": ("{x}还在保修期吗,订单{n}", "{x}的保修有多久,{n}", "{n}里的{x}坏了能保修吗"),
    "取消订单": ("请取消{x}的订单{n}", "{x}我不想要了,{n}帮我撤单", "订单{n}的{x}还能取消吗"),
    "修改地址": ("{x}的收货地址要改一下,{n}", "我搬家了,{x}请寄到新地址,{n}", "把订单{n}的{x}送到别的地方"),
}
SKILLS = [
    "billing",
    "login",
    "refund",
    "shipping",
    "size",
    "colour",
    "battery",
    "screen",
    "sound",
    "update",
    "privacy",
    "gift",
    "loyalty",
    "store",
]


def topic(rng: random.Random, *, chinese: bool = False) -> tuple[str, str]:
    """(text, label) of a customer's message."""
    label = rng.choice(sorted(ZH_TOPICS if chinese else TOPICS))
    form = rng.choice((ZH_TOPICS if chinese else TOPICS)[label])
    text = form.format(x=rng.choice(ZH_THINGS if chinese else THINGS), n=f"A{rng.randrange(10**5):05d}")
    return text + rng.choice(ZH_TAILS if chinese else TAILS), label


def label(write: Callable[[str], str], *, chinese: bool = False, noise: float = 0.0) -> Maker:
    """Calls answered with a label, written as `write` does; a share `noise` of them at random."""
    names = sorted(ZH_TOPICS if chinese else TOPICS)

    def make(rng: random.Random) -> Row:
        text, name = topic(rng, chinese=chinese)
        return text, said(write(rng.choice(names) if rng.random() < noise else name))

    return make


def skewed(rng: random.Random) -> Row:
    """84 labels, the commonest a thousand times as frequent as the rarest."""
    pairs = [f"{s}_{k}" for s in SKILLS for k in ("ask", "fail", "change", "price", "where", "thanks")]
    name = pairs[min(int(rng.paretovariate(0.7)) - 1, len(pairs) - 1)]
    skill, kind = name.split("_")
    words = {
        "ask": "i have a question about the {} of my {}", "fail": "the {} does not work on the {}", "change": "please change the {} of my {}",
        "price": "what does {} cost for the {}", "where": "where do i find {} for the {}", "thanks": "thanks for solving the {} of the {}",
    }  # fmt: skip
    return words[kind].format(skill, rng.choice(THINGS)) + rng.choice(
        TAILS
    ) + f" {rng.randrange(1000)}", said(name)


def route(rng: random.Random) -> Row:
    """A tool without arguments for each topic."""
    text, name = topic(rng)
    return text, called((f"open_{name}", {}))


def order(rng: random.Random) -> Row:
    """Nested JSON: copied, normalised, closed and optional leaves, an array."""
    n, day, month = rng.randrange(2, 30), rng.randrange(1, 29), rng.randrange(12)
    who, thing, urgent = rng.choice(WHO), rng.choice(THINGS), rng.random() < 0.3
    note = rng.random() < 0.4
    text = f"{who} from {(city := rng.choice(CITIES))} wants {n} x {thing} by {MONTHS[month]} {day}, 2025"
    text += (" - this is urgent" if urgent else "") + (
        f", code {(code := f'K{rng.randrange(10**4):04d}')}" if note else ""
    )
    answer = {
        "customer": {"name": who, "city": city}, "item": {"name": thing, "quantity": n}, "urgent": urgent,
        "priority": "high" if urgent else "normal", "due": f"2025-{month + 1:02d}-{day:02d}", "code": code if note else None,
    }  # fmt: skip
    return text, said(json.dumps(answer))


def items(rng: random.Random) -> Row:
    """An array of strings, and its optional neighbour that is left out when it was not said."""
    chosen = rng.sample(THINGS, rng.randrange(1, 4))
    shop = rng.choice(CITIES) if rng.random() < 0.5 else None
    text = f"put {', '.join(chosen[:-1])}{' and ' if len(chosen) > 1 else ''}{chosen[-1]} on my list" + (
        f" for {shop}" if shop else ""
    )
    return text + rng.choice(TAILS), said(json.dumps({"items": chosen} | ({"shop": shop} if shop else {})))


def chinese_form(rng: random.Random) -> Row:
    """A Chinese ticket as JSON: a name, a city, a thing, an amount, a class."""
    who, city, thing, n = (
        rng.choice(ZH_WHO),
        rng.choice(ZH_CITIES),
        rng.choice(ZH_THINGS),
        rng.randrange(1, 900),
    )
    bad = rng.random() < 0.5
    text = rng.choice(
        ("我是{w},在{c}买了{t},花了{n}元", "{w}({c})反馈:{t}价格{n}元", "{c}的{w}订购了{t},付款{n}元")
    )
    text = (
        text.format(w=who, c=city, t=thing, n=n) + (",但是坏了" if bad else ",很满意") + rng.choice(ZH_TAILS)
    )
    answer = {"姓名": who, "城市": city, "商品": thing, "金额": n, "情绪": "负面" if bad else "正面"}
    return text, said(json.dumps(answer, ensure_ascii=False))


def tools(rng: random.Random) -> Row:
    """One of three tools with arguments, or a fixed sentence when none fits."""
    kind = rng.randrange(4)
    n, city, thing = f"A{rng.randrange(10**5):05d}", rng.choice(CITIES), rng.choice(THINGS)
    if kind == 0:
        return f"where is order {n}" + rng.choice(TAILS), called(("get_order", {"order_id": n}))
    if kind == 1:
        text = f"is the {thing} in stock in {city}" + rng.choice(TAILS)
        return text, called(("check_stock", {"item": thing, "city": city}))
    if kind == 2:
        k = rng.randrange(2, 20)
        text = f"add {k} {thing}s to order {n}" + rng.choice(TAILS)
        return text, called(("add_item", {"order_id": n, "item": thing, "quantity": k}))
    return f"tell me a joke about {city}" + rng.choice(TAILS), said("I can only help with orders.")


def parallel(rng: random.Random) -> Row:
    """One look-up per order that is named, one to three of them at once."""
    orders = [f"A{rng.randrange(10**5):05d}" for _ in range(rng.randrange(1, 4))]
    text = f"what about {' and '.join(orders)}" + rng.choice(TAILS)
    return text, called(*(("get_order", {"order_id": o}) for o in orders))


def judged(rng: random.Random) -> Row:
    """A free reason and a closed score in JSON: the reason cannot be reproduced."""
    good = rng.random() < 0.5
    thing = rng.choice(THINGS)
    text = (
        f"Q: is the {thing} in stock? A: "
        + ("yes, we have it" if good else "the weather is nice")
        + f" [{rng.randrange(999)}]"
    )
    reason = f"The answer about the {thing} {rng.choice(('is', 'seems', 'looks'))} {'fine' if good else 'off'} to me {rng.randrange(99)}"
    return text, said(json.dumps({"reason": reason, "score": int(good)}))


def spoken(name: str) -> str:
    return f"The right queue for this message is {name}."


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def called(*calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    made = [
        {"id": f"c{i}", "type": "function", "function": {"name": n, "arguments": json.dumps(a)}}
        for i, (n, a) in enumerate(calls)
    ]
    return {"role": "assistant", "content": None, "tool_calls": made}


def offered(*specs: tuple[str, dict[str, str]]) -> dict[str, Any]:
    """The part of a request that offers these tools: name → parameter → type."""
    made = [
        {"type": "function", "function": {"name": n, "parameters": {
            "type": "object", "properties": {k: {"type": t} for k, t in p.items()}}}}
        for n, p in specs
    ]  # fmt: skip
    return {"tools": made}


ORDER_TOOLS = offered(
    ("get_order", {"order_id": "string"}),
    ("check_stock", {"item": "string", "city": "string"}),
    ("add_item", {"order_id": "string", "item": "string", "quantity": "integer"}),
)
SCHEMALESS: dict[str, Any] = {}
IGNORED = {"score, reason ignored": ("reason",)}  # what a person declares before the loop runs
MADE: dict[str, tuple[Maker, dict[str, Any]]] = {
    "label, bare": (label(str), SCHEMALESS),
    "label, in a sentence": (label(spoken), SCHEMALESS),
    "label, in JSON": (label(lambda x: json.dumps({"label": x})), SCHEMALESS),
    "label, in a code block": (label(lambda x: f'```json\n{{"label": "{x}"}}\n```'), SCHEMALESS),
    "label, 3 % noise": (label(str, noise=0.03), SCHEMALESS),
    "label, 84 skewed": (skewed, SCHEMALESS),
    "label, Chinese": (label(str, chinese=True), SCHEMALESS),
    "label, as a tool": (route, offered(*((f"open_{t}", {}) for t in sorted(TOPICS)))),
    "fields, nested": (order, SCHEMALESS),
    "fields, array": (items, SCHEMALESS),
    "fields, Chinese": (chinese_form, SCHEMALESS),
    "tool or none": (tools, ORDER_TOOLS),
    "tools at once": (parallel, offered(("get_order", {"order_id": "string"}))),
    "reason and score": (judged, SCHEMALESS),
    "score, reason ignored": (judged, SCHEMALESS),
    **DOMAINS,
}


def made_calls(name: str, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """`n` call records of a case; equal seeds give equal calls."""
    make, request = MADE[name]
    rng = random.Random(f"{name}-{seed}")
    system = f"Case '{name}': read the message and answer as always."
    for i in range(n):
        text, answer = make(rng)
        yield record(f"made-{seed}", i, system, text, answer, request)


def record(
    name: str, i: int, system: str, user: str, answer: dict[str, Any], request: dict[str, Any]
) -> dict[str, Any]:
    """One call in the chat format."""
    body = {
        "model": "teacher-large",
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        **request,
    }
    key = f"{name}-{i}"
    return {"id": key, "session_id": key, "model": "teacher-large", "request": body, "response": answer}
