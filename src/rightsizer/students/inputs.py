"""What a label student reads of a request: the payload, what came before it, and the state of the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rightsizer.types import Request
from rightsizer.views.view import PayloadMask, View, view

# Enough for any payload a label depends on; a few long ones must not cost as much as all the others.
HEAD_CHARS = 3000
TAIL_CHARS = 1000
CONTEXT_CHARS = 1500


@dataclass(frozen=True)
class Input:
    """`payload` is the last message without its template, `context` what was said before, newest last;
    `state` are categorical facts of the loop (which tool just answered, which were called …)."""

    payload: str
    context: str
    state: tuple[str, ...]


def read_inputs(requests: Sequence[Request], mask: PayloadMask | None) -> list[Input]:
    """One `Input` per request, in order."""
    return [_input(view(r, mask)) for r in requests]


def _input(seen: View) -> Input:
    return Input(
        payload=clip(seen.payload, HEAD_CHARS, TAIL_CHARS),
        context=seen.context[-CONTEXT_CHARS:],
        state=tuple(_state(seen)),
    )


def clip(text: str, head: int, tail: int) -> str:
    """The first `head` and the last `tail` characters of a text that is longer than both."""
    return text if len(text) <= head + tail else f"{text[:head]}\n{text[-tail:]}"


def _state(seen: View) -> list[str]:
    called = list(seen.tools_called)
    facts = [f"role={seen.last_role}", f"step={seen.step}", f"turns={min(seen.n_turns, 64).bit_length()}"]
    facts += [f"called={name}" for name in sorted(set(called))]
    facts += [f"previous{i}={name}" for i, name in enumerate(reversed(called[-3:]), 1)]
    if len(called) > 1:
        facts.append(f"previous={called[-2]}>{called[-1]}")
    return facts
