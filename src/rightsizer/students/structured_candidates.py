"""Values an argument may be copied from: leaves and keys of tool results, earlier arguments, chunks of text.

Each value is offered once, as an `Option` with the places it was mentioned. A result that is a bare
string is a candidate too: leaving those out once cost a fifth of an agent's calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from rightsizer.students.structured_state import MAX_DEPTH, results_of, tool_of_result
from rightsizer.students.structured_tokens import CJK
from rightsizer.types import Message, Request, TextPart

MAX_OPTIONS = 400
MAX_VALUE_CHARS = 120
MAX_LEAVES_PER_RESULT = 600
LEAST_JSON = 8
_CHUNK = re.compile(rf"<[A-Z][A-Z0-9_]*_\d+>|[^\s{CJK}，。；：！？、（）“”‘’]+|[{CJK}]+")
_STRIP = ".,;:!?()[]{}\"'*`“”‘’"
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Mention:
    """One place of a value. `age` counts messages back from the last one (0); `order` its place there.

    `source` says what kind of place (``user``, ``assistant``, ``args:tool.param``, ``tool:path``),
    `key` the nearest name (last object key, or the word to the left), `record` the words of the object
    that holds it.
    """

    source: str
    key: str
    age: int
    order: int
    record: frozenset[str] = frozenset()


@dataclass
class Option:
    """A value with its JSON form and its mentions, newest first."""

    text: str
    value: Any
    mentions: list[Mention] = field(default_factory=list)


def harvest(request: Request) -> list[Option]:
    """The options of a request, those mentioned last first, at most `MAX_OPTIONS`."""
    options: dict[str, Option] = {}
    names = tool_of_result(request.messages)
    last = len(request.messages) - 1
    for index in range(last, -1, -1):
        message = request.messages[index]
        if message.role in ("system", "developer"):
            continue
        for order, (value, source, key, record) in enumerate(_values_of(message, names)):
            text = str(value)
            if not text or len(text) > MAX_VALUE_CHARS:
                continue
            if text not in options:
                if len(options) >= MAX_OPTIONS:
                    continue
                options[text] = Option(text, value)
            options[text].mentions.append(Mention(source, key, last - index, order, record))
    return list(options.values())


Found = tuple[Any, str, str, frozenset[str]]


def _values_of(message: Message, names: dict[str, str]) -> Iterator[Found]:
    for name, response in results_of(message, names):
        yield from _from_result(name, response)
    for call in message.tool_calls:
        try:
            arguments = json.loads(call.arguments or "{}")
        except (ValueError, RecursionError):
            continue
        yield from _leaves(arguments, f"args:{call.name}", "", frozenset())
    for part in message.parts:
        if isinstance(part, TextPart):
            held = embedded_json(part.content)
            if held is not None:
                found = _leaves(held, f"{message.role}:json", "", frozenset())
                yield from islice(found, MAX_LEAVES_PER_RESULT)
            yield from _from_text(part.content, "user" if message.role == "user" else message.role)


def embedded_json(text: str) -> Any | None:
    """The object or array that stands in a text, from the first bracket to the last; None where none does."""
    starts = [i for i in (text.find("{"), text.find("[")) if i >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    if not starts or end - min(starts) < LEAST_JSON:
        return None
    try:
        value = json.loads(text[min(starts) : end + 1])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _from_result(name: str, response: str) -> Iterator[Found]:
    text = response.strip()
    try:
        value = json.loads(text) if text[:1] in ("{", "[", '"') else None
    except (ValueError, RecursionError):
        value = None
    if value is None:
        if len(text) <= MAX_VALUE_CHARS:
            yield text, f"tool:{name}", "", frozenset()
        yield from _from_text(text[:4000], f"tool:{name}~")
        return
    for count, found in enumerate(_leaves(value, f"tool:{name}", "", frozenset())):
        if count >= MAX_LEAVES_PER_RESULT:
            return
        yield found


def _leaves(
    value: Any, source: str, key: str, record: frozenset[str], depth: int = MAX_DEPTH
) -> Iterator[Found]:
    if depth == 0:
        return
    if isinstance(value, dict):
        words = frozenset(
            w.lower() for v in value.values() if isinstance(v, str) for w in _WORD.findall(v[:80])
        )
        ids = sum(any(c.isdigit() for c in name) for name in value) * 2 > len(value)
        for name, inner in value.items():
            if ids:  # an object keyed by ids: the keys are values, and name no place
                yield name, f"{source}.{{key}}", key, _record_words(inner) or words
            at = f"{source}.{'*' if ids else name}"
            yield from _leaves(inner, at, key if ids else name, words or record, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{source}[]", key, record, depth - 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value, source, key, record


def _record_words(value: Any) -> frozenset[str]:
    if not isinstance(value, dict):
        return frozenset()
    texts = [v if isinstance(v, str) else json.dumps(v) for v in value.values()]
    return frozenset(w.lower() for text in texts for w in _WORD.findall(text[:80]))


def _from_text(text: str, source: str) -> Iterator[Found]:
    left = ""
    for match in _CHUNK.finditer(text):
        chunk = match.group()
        bare = chunk if chunk.startswith("<") else chunk.strip(_STRIP)
        if bare:
            yield bare, source, left, frozenset()
            left = bare.lower()
