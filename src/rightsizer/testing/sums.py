"""Made-up calls that need arithmetic: the total of two positions, directly or by way of a tool."""

from __future__ import annotations

import json
import random

from rightsizer.students.inner_tools import schema, use
from rightsizer.types import (
    Example,
    Message,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)


def sum_examples(n: int, *, seed: int) -> list[Example]:
    """`n` calls ``a at p each and b at q each`` → ``{"total": a·p + b·q}``."""
    rng = random.Random(seed)
    made = []
    for i in range(n):
        a, p, b, q = (rng.randrange(2, 100) for _ in range(4))
        made.append(
            Example(
                call_id=f"sum-{seed}-{i}",
                session_id=f"sum-{seed}-{i}",
                group=f"sum-{seed}-{i}",
                split="train",
                prompt=Request(messages=(_say("user", f"{a} at {p} each and {b} at {q} each"),)),
                completion=_say("assistant", json.dumps({"total": a * p + b * q})),
            )
        )
    return made


def tool_steps(example: Example) -> list[Example]:
    """The same call answered in two steps: what to compute, and the total from the tool's result."""
    a, p, b, q = (w for w in example.prompt.messages[0].text.split() if w.isdigit())
    arguments = json.dumps({"expression": f"{a} * {p} + {b} * {q}"})
    call = ToolCallPart(id="inner_0", name="calculate", arguments=arguments)
    result = ToolCallResponsePart(id="inner_0", response=use(call))
    asked = Message(role="assistant", parts=(call,))
    offered = example.prompt.model_copy(update={"tools": (schema("calculate"),)})
    later = offered.model_copy(
        update={"messages": (*offered.messages, asked, Message(role="tool", parts=(result,)))}
    )
    return [
        example.model_copy(update={"prompt": offered, "completion": asked}),
        example.model_copy(update={"prompt": later, "call_id": f"{example.call_id}-then"}),
    ]


def _say(role: str, text: str) -> Message:
    return Message(role=role, parts=(TextPart(content=text),))
