"""JSON read as a tree: each leaf with its key, the key above, and the keys beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from rightsizer.curation.json_text import is_json
from rightsizer.curation.text_cache import remembered
from rightsizer.types import Message, OtherPart, ReasoningPart, TextPart, ToolCallPart, ToolCallResponsePart

_DEEPEST = 64


class Leaf(NamedTuple):
    """A string or number of JSON; `path` is dotted, without positions in arrays. A dict key has no `key`."""

    value: str | int | float
    key: str
    parent: str = ""
    path: str = ""
    siblings: tuple[str, ...] = ()
    is_key: bool = False


def parsed(text: str) -> Any:
    """The value of a JSON text, or None."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def leaves_of(text: str) -> Iterator[Leaf]:
    """Leaves of a JSON object or array, JSON in its strings included; nothing for any other text."""
    return iter(_leaves(text) if is_json(text) else ())


@remembered(2_000_000)
def _leaves(text: str) -> tuple[Leaf, ...]:
    return tuple(walk(parsed(text)))


def walk(
    value: Any,
    key: str = "",
    parent: str = "",
    path: str = "",
    siblings: tuple[str, ...] = (),
    depth: int = 0,
) -> Iterator[Leaf]:
    """Leaves of a parsed value, depth first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        names = tuple(k for k in value if isinstance(k, str))
        for name, inner in value.items():
            yield Leaf(name, "", key, path, is_key=True)
            yield from walk(inner, name, key, f"{path}.{name}" if path else name, names, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from walk(inner, key, parent, path, siblings, depth + 1)
    elif isinstance(value, str):
        if is_json(value):
            yield from walk(parsed(value), key, parent, path, siblings, depth + 1)
        else:
            yield Leaf(value, key, parent, path, siblings)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield Leaf(value, key, parent, path, siblings)


def texts_of_message(message: Message) -> list[str]:
    """Every text of a message: prose, reasoning, arguments, results."""
    texts: list[str] = []
    for part in message.parts:
        match part:
            case TextPart() | ReasoningPart():
                texts.append(part.content)
            case ToolCallPart():
                texts.append(part.arguments)
            case ToolCallResponsePart():
                texts.append(part.response)
            case OtherPart():
                texts += [str(leaf.value) for leaf in walk(part.raw)]
            case _:
                pass
    return texts + [str(leaf.value) for leaf in walk(message.extra)] if message.extra else texts
