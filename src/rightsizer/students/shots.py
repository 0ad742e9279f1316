"""Earlier inputs with their answers, to retrieve the most similar ones from and to put them into a prompt.

The idea of retrieval-enhanced models (RETRO, Borgeaud et al. 2022) without weights of their own: what is rare
in the task need not be in the model, it can be read. BM25, no encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rightsizer.students.answers import without_ids
from rightsizer.students.neighbours import Neighbours
from rightsizer.types import Example, Frozen, Message, Request, TextPart
from rightsizer.views.answer import plain_text
from rightsizer.views.view import PayloadMask, view

SHOT_CHARS = 2_000
EXAMPLES = "Earlier inputs of this task, and how they were answered:"


class Shot(Frozen):
    """One example: an input as a learner sees it, and its answer. `group` is its session's."""

    text: str
    answer: Message
    group: str = ""


@dataclass(frozen=True)
class ShotBook:
    """The examples of a task; `mask` is what all its inputs have in common."""

    shots: tuple[Shot, ...]
    mask: PayloadMask | None

    def nearest(self, request: Request, k: int, skip: Callable[[Shot], bool] | None = None) -> list[Shot]:
        """The `k` most similar ones, the most similar last: nearest to the question that follows."""
        if k < 1 or not self.shots:
            return []
        # Some of the nearest may be skipped: look further then.
        found = self._index.nearest(seen_text(request, self.mask), k if skip is None else 4 * k + 8)
        kept = [s for s in map(self.shots.__getitem__, found) if skip is None or not skip(s)]
        return kept[:k][::-1]

    def prompt(self, request: Request, k: int, skip: Callable[[Shot], bool] | None = None) -> Request:
        """The request with its examples, where `with_examples` puts them in a Chat body."""
        found = self.nearest(request, k, skip)
        if not found:
            return request
        told, messages = f"{EXAMPLES}\n\n{written(found)}", request.messages
        if messages and messages[0].role in ("system", "developer"):
            told, messages = f"{messages[0].text}\n\n{told}", messages[1:]
        first = Message(role="system", parts=(TextPart(content=told),))
        return request.model_copy(update={"messages": (first, *messages)})

    def to_json(self) -> dict[str, Any]:
        return {
            "mask": self.mask.model_dump(mode="json") if self.mask is not None else None,
            "shots": [s.model_dump(mode="json") for s in self.shots],
        }

    @cached_property
    def _index(self) -> Neighbours:
        return Neighbours([s.text for s in self.shots])


def book_of(examples: Sequence[Example], mask: PayloadMask | None) -> ShotBook:
    """A book of these examples."""
    shots = (
        Shot(text=seen_text(e.prompt, mask), answer=without_ids(e.completion), group=e.group)
        for e in examples
    )
    return ShotBook(tuple(shots), mask)


def book_from(params: Any) -> ShotBook:
    """The book that `to_json` wrote."""
    mask = PayloadMask.model_validate(params["mask"]) if params["mask"] is not None else None
    return ShotBook(tuple(Shot.model_validate(s) for s in params["shots"]), mask)


def seen_text(request: Request, mask: PayloadMask | None) -> str:
    """What of a request is compared with examples and shown as one: its payload, cut to a length."""
    return view(request, mask).payload[:SHOT_CHARS]


def written(shots: Sequence[Shot]) -> str:
    """Examples as a prompt shows them."""
    return "\n\n".join(f"Input: {s.text}\nAnswer: {as_text(s.answer)}" for s in shots)


def as_text(message: Message) -> str:
    """An answer with its tool calls as text."""
    calls = [f"{c.name}({c.arguments})" for c in message.tool_calls]
    return "\n".join([t for t in (plain_text(message), *calls) if t])


def with_examples(messages: list[dict[str, Any]], shots: Sequence[Shot]) -> list[dict[str, Any]]:
    """Chat messages with the examples at the end of the first system message, or in one of their own."""
    if not shots:
        return messages
    told = f"{EXAMPLES}\n\n{written(shots)}"
    first = messages[0] if messages else {}
    if first.get("role") in ("system", "developer") and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{told}"}, *messages[1:]]
    return [{"role": "system", "content": told}, *messages]
