"""The fixed answers a label-like student chooses from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from rightsizer.types import Message, Request, ToolCallPart
from rightsizer.views.answer import canonical_answer


def most_written(messages: Sequence[Message]) -> dict[str, Message]:
    """Canonical answer → the message by which it was most often given (the first of equals).

    Tool calls carry no id: `stamp` gives them one when the answer is used.
    """
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for message in messages:
        forms[canonical_answer(message)][json.dumps(without_ids(message).model_dump())] += 1
    return {answer: Message.model_validate(json.loads(c.most_common(1)[0][0])) for answer, c in forms.items()}


def without_ids(message: Message) -> Message:
    """The message as any call could have it: no tool-call ids, nothing of the provider's extras."""
    parts = tuple(
        p.model_copy(update={"id": None}) if isinstance(p, ToolCallPart) else p for p in message.parts
    )
    return Message(role=message.role, parts=parts)


def stamp(answer: Message, request: Request) -> Message:
    """The answer to this request: its tool calls get ids that follow from the conversation so far."""
    if not answer.tool_calls:
        return answer
    said = [
        [m.role, m.text, [(c.id, c.name, c.arguments) for c in m.tool_calls]] for m in request.messages[-2:]
    ]
    # ASCII, since a log may hold lone surrogates, which no encoding takes.
    seed = hashlib.sha256(json.dumps([len(request.messages), said]).encode())
    parts: list[Any] = []
    for i, part in enumerate(answer.parts):
        if isinstance(part, ToolCallPart):
            seed.update(f"\n{i}".encode())
            part = part.model_copy(update={"id": f"call_{seed.hexdigest()[:24]}"})
        parts.append(part)
    return answer.model_copy(update={"parts": tuple(parts)})
