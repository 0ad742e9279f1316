"""Small made-up logs of agents for the tests of tasks: our own text, English and Chinese."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any

import pytest

from rightsizer.types import Call, Message, Request, TextPart, ToolCallPart

ROUTER = (
    "You are a ticket router for a bicycle shop. Read what the customer wrote and answer with the one team "
    "that should handle it. Teams are sales, repairs, returns and billing. Answer with JSON only."
)
CLERK = (
    "You are an order clerk. Look up orders with the tools you have, never guess an order number, and "
    "confirm every change with the customer before you make it. Today is {date}. Their tier is {tier}."
)
CHINESE = (
    "你是一名客服工单分类员。请阅读用户的留言，从以下类别中选择最合适的一个："
    "退款、物流、维修、其他。只输出类别名称。"
)
NOUNS = ["saddle", "wheel", "brake", "chain", "pedal", "bell", "frame", "light", "pump", "lock"]
VERBS = ["squeaks", "broke", "arrived late", "is too big", "was charged twice", "looks great", "is missing"]
TEAMS = ["sales", "repairs", "returns", "billing"]


def message(role: str, text: str) -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}


def make_call(number: int, messages: list[Message], answer: Message | None, **fields: Any) -> Call:
    request_fields = {k: fields.pop(k) for k in ("tools", "response_format", "params") if k in fields}
    return Call(
        id=f"call-{number}",
        session_id=fields.pop("session_id", f"session-{number}"),
        request=Request(messages=tuple(messages), **request_fields),
        response=answer,
        **fields,
    )


def complaint(rng: random.Random) -> str:
    return f"My {rng.choice(NOUNS)} {rng.choice(VERBS)} and the {rng.choice(NOUNS)} {rng.choice(VERBS)} too."


def router_calls(n: int, start: int = 0, system: str = ROUTER) -> list[Call]:
    """Single-turn classification, each call its own session."""
    rng = random.Random(start)
    texts = [complaint(rng) for _ in range(n)]
    return [
        make_call(
            start + i,
            [message("system", system), message("user", text)],
            message("assistant", json.dumps({"team": TEAMS[NOUNS.index(text.split()[1]) % 4]})),
        )
        for i, text in enumerate(texts)
    ]


def clerk_calls(
    sessions: int, start: int = 0, tools: tuple[str, ...] = ("get", "change", "cancel")
) -> list[Call]:
    """An agent with tools and per-session variables in its system prompt: three calls a session."""
    rng = random.Random(start)
    calls = []
    for s in range(sessions):
        tier = rng.choice(["gold", "silver", "new", "staff"])
        head = [message("system", CLERK.format(date=f"2026-03-{s % 28 + 1:02d}", tier=tier))]
        head.append(message("user", complaint(rng)))
        ask = Message(role="assistant", parts=(ToolCallPart(id="c", name="get", arguments=f'{{"id": {s}}}'),))
        result = Message(
            role="tool", parts=(TextPart(content=json.dumps({"id": s, "state": "sent"})),), name="get"
        )
        end = message("assistant", f"Your order {s} {rng.choice(VERBS)}, shall I {rng.choice(VERBS)} it?")
        turns = [(head, ask), ([*head, ask, result], end), ([*head, ask, result, end, head[1]], ask)]
        for k, (messages, answer) in enumerate(turns):
            calls.append(
                make_call(
                    start + 3 * s + k,
                    messages,
                    answer,
                    session_id=f"clerk-{start}-{s}",
                    tools=tuple(map(tool, tools)),
                )
            )
    return calls


def chinese_calls(n: int, start: int = 0) -> list[Call]:
    rng = random.Random(start)
    things, faults = (
        ["车座", "刹车", "链条", "车灯", "打气筒"],
        ["坏了", "还没到", "想退掉", "声音很大", "尺寸不对"],
    )
    return [
        make_call(
            start + i,
            [
                message("system", CHINESE),
                message("user", f"我的{rng.choice(things)}{rng.choice(faults)}，第{i}次了"),
            ],
            message("assistant", rng.choice(["退款", "物流", "维修", "其他"])),
        )
        for i in range(n)
    ]


def opening_calls(n: int, template: str, start: int = 0) -> list[Call]:
    """A template in the user's message under a system prompt that says nothing."""
    rng = random.Random(start)
    return [
        make_call(
            start + i,
            [
                message("system", "You are a helpful assistant."),
                message("user", template.format(complaint(rng))),
            ],
            message("assistant", complaint(rng)),
        )
        for i in range(n)
    ]


@pytest.fixture(scope="session")
def logs() -> SimpleNamespace:
    """The builders above, by name."""
    return SimpleNamespace(
        message=message,
        make_call=make_call,
        router=router_calls,
        clerk=clerk_calls,
        chinese=chinese_calls,
        opening=opening_calls,
        router_prompt=ROUTER,
    )
