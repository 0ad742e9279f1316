"""What a structured student reads of a request: the payload, where the agent stands, what was said before."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from rightsizer.students.structured_tokens import Token, tokenise
from rightsizer.types import Message, Request, TextPart, ToolCallPart, ToolCallResponsePart
from rightsizer.views.view import PayloadMask, view

MAX_TOKENS = 320
MAX_CONTEXT_WORDS = 10
MAX_DEPTH = 24
_SENTENCE = re.compile(r"[.!?。！？\n]+\s*")


@dataclass(frozen=True)
class State:
    """A request as the student sees it. `payload` is the last message without the template's text.

    `own` is set on training rows only: the folded values of this text by field, which do not count in
    the lexicon (leave one out).
    """

    request: Request
    payload: str
    step: str
    tools_called: tuple[str, ...]
    own: dict[str, set[str]] = field(default_factory=dict)

    @cached_property
    def tokens(self) -> list[Token]:
        """Tokens of the payload, at most `MAX_TOKENS`."""
        return tokenise(self.payload, MAX_TOKENS)

    @cached_property
    def question(self) -> list[str]:
        """Words of the last sentence the assistant said to the user before the payload."""
        return _question_words(self.request.messages)

    @cached_property
    def features(self) -> list[str]:
        """Names of what is true of this state: words, step, history, values of short JSON leaves."""
        return _features(self)


def read_state(request: Request, mask: PayloadMask | None) -> State:
    """The state of a request under the task's payload mask."""
    seen = view(request, mask)
    text = request.messages[-1].text if request.messages else ""
    return State(request, whole_words(seen.payload, text), seen.step, tuple(seen.tools_called))


def whole_words(payload: str, text: str) -> str:
    """The payload with what the template cut off the words at its ends: where all messages begin with an id,
    ``INC`` is template, and ``4104`` is half of a value."""
    first = text.find(payload) if payload else -1
    if first < 0:
        return payload
    last = first + len(payload)
    while first and _glued(text[first - 1], text[first]):
        first -= 1
    while last < len(text) and _glued(text[last - 1], text[last]):
        last += 1
    return text[first:last]


def _glued(left: str, right: str) -> bool:
    return left.isascii() and left.isalnum() and right.isascii() and right.isalnum()


def _question_words(messages: tuple[Message, ...]) -> list[str]:
    for message in reversed(messages[:-1]):
        if message.role != "assistant":
            continue
        text = "".join(p.content for p in message.parts if isinstance(p, TextPart))
        sentences = [s for s in _SENTENCE.split(text) if s.strip()]
        if sentences:
            return [t.text.lower() for t in tokenise(sentences[-1])][-MAX_CONTEXT_WORDS:]
    return []


def _features(state: State) -> list[str]:
    words = [token.text.lower() for token in state.tokens]
    names = [f"w={w}" for w in words]
    names += [f"b={a} {b}" for a, b in pairwise(words)]
    names += [f"first={' '.join(words[:1])}", f"first2={' '.join(words[:2])}"]
    names += [f"q={w}" for w in state.question]
    called = state.tools_called
    names += [f"step={state.step}", f"n_called={min(len(called), 12)}", f"turn={_turn(state.request)}"]
    for back in range(1, 4):
        if len(called) >= back:
            names.append(f"call-{back}={called[-back]}")
    names += [f"called={name}" for name in sorted(set(called))]
    names.append("last2=" + ">".join(called[-2:]))
    names += _json_leaves(state)
    return names


def _turn(request: Request) -> int:
    return min(sum(message.role == "user" for message in request.messages), 8)


def _json_leaves(state: State) -> list[str]:
    """``key=value`` of short leaves, and the keys, when the payload is JSON (a tool's result)."""
    text = state.payload.strip()
    if not text or text[0] not in "{[":
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    names: list[str] = []
    _walk(value, "", names, MAX_DEPTH)
    return names[:200]


def _walk(value: Any, key: str, names: list[str], depth: int) -> None:
    if depth == 0:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            _walk(inner, name, names, depth - 1)
    elif isinstance(value, list):
        names.append(f"j={key}#{min(len(value), 5)}")
        for inner in value[:20]:
            _walk(inner, key, names, depth - 1)
    else:
        text = str(value)
        names.append(f"j={key}={text.lower()}" if len(text) <= 24 else f"j={key}")


def tool_of_result(messages: tuple[Message, ...]) -> dict[str, str]:
    """Tool-call id → tool name, over the conversation."""
    return {p.id: p.name for m in messages for p in m.parts if isinstance(p, ToolCallPart) and p.id}


def results_of(message: Message, names: dict[str, str]) -> list[tuple[str, str]]:
    """The (tool name, text) of every tool result in a message."""
    return [
        (names.get(p.id or "", message.name or "tool"), p.response)
        for p in message.parts
        if isinstance(p, ToolCallResponsePart)
    ]
