"""How an answer can be put together from what the model was given: its frame, and where its values come from.

Two answers with the same frame ("call `get_order` with an id that stands in the input") are the same thing
to decide, though no value in them is the same. What is left is to copy the values; some are named by a key
or have a form of their own (``#W123``), others only reading can find.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rightsizer.types import Message
from rightsizer.views.answer import canonical_answer, parse_object, plain_text
from rightsizer.views.tokens import digest

MAX_LEAVES = 40
KEY_BEFORE = re.compile(r"[\"']?(\w{1,40})[\"']?\s*[:=]\s*[\"']?$")
RUN = re.compile(r"[A-Z]+|[a-z]+|\d+|[^A-Za-z0-9]")
MOST_RANK = 3  # a value further back among its like is found by reading only


@dataclass(frozen=True)
class Recipe:
    """`frame` names the answer without the values that are copied. Of its `leaves` values `copied` stand in
    the input, `spans` of which only reading can find."""

    frame: str
    leaves: int
    copied: int
    spans: int


UNANSWERED = Recipe("", 0, 0, 0)


def find_recipe(reply: Message, given: str) -> Recipe:
    """The recipe of an answer to an input; `given` is what the model saw, newest last."""
    parts = list(_parts(reply))
    if not parts:
        return Recipe(digest(canonical_answer(reply)), 0, 0, 0)
    lower = given.lower()
    leaves = copied = spans = 0
    lines = []
    for path, value in parts:
        if value is None:
            continue
        if not isinstance(value, str):
            lines.append(f"{path}={value}")
            continue
        leaves += 1
        origin = _origin(value, given, lower) if leaves <= MAX_LEAVES else None
        copied += origin is not None
        spans += origin == "span"
        if origin is None:
            lines.append(f"{path}={digest(value)}")
    return Recipe(digest("\n".join(sorted(lines))), leaves, copied, spans)


def _parts(reply: Message) -> Iterator[tuple[str, Any]]:
    """(path, value) of everything in a structured answer: texts and numbers as text, lists also by their
    length, nothing for plain text."""
    for call in reply.tool_calls:
        yield f"{call.name}()", True
        yield from _walk(_load(call.arguments), call.name)
    if not reply.tool_calls:
        value = parse_object(plain_text(reply))
        if value is not None:
            yield from _walk(value, "$")


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from _walk(value[name], f"{path}.{name}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _walk(item, f"{path}[{i}]")
        yield f"{path}[]", len(value)
    elif isinstance(value, bool) or value is None or value == "":
        yield path, None if value == "" else value
    else:
        yield path, str(value)


def _origin(value: str, given: str, lower: str) -> str | None:
    """How a value can be found: ``key`` or ``form`` where few others of that key or form stand nearer,
    ``span`` where only reading helps, None where it does not stand in what was given."""
    at = lower.rfind(value.lower())
    if not value or at < 0:
        return None
    rest = given[at:]
    key = KEY_BEFORE.search(given[max(0, at - 60) : at])
    if key:
        nearer = set(_valued(key.group(1)).findall(rest)) - {value}
        if len(nearer) < MOST_RANK:
            return "key"
    pattern = _form(value)
    if pattern is not None:
        nearer = set(pattern.findall(rest)) - {value}
        if len(nearer) < MOST_RANK:
            return "form"
    return "span"


@lru_cache(maxsize=512)
def _valued(key: str) -> re.Pattern[str]:
    return re.compile(rf"[\"']?{re.escape(key)}[\"']?\s*[:=]\s*[\"']?([^\"',}}\]\n]{{1,80}})")


@lru_cache(maxsize=4096)
def _form(value: str) -> re.Pattern[str] | None:
    """The pattern of values that look like this one; None for words, which look like any other."""
    if len(value) > 60 or not (re.search(r"\d", value) or re.search(r"\w[_@/-]\w", value)):
        return None
    classes = []
    for run in RUN.findall(value):
        kind = "[A-Z]+" if run.isupper() else "[a-z]+" if run.islower() else r"\d+" if run.isdigit() else None
        classes.append(kind or re.escape(run))
    return re.compile(rf"(?<![A-Za-z0-9]){''.join(classes)}(?![A-Za-z0-9])")


def _load(text: str) -> Any:
    try:
        return json.loads(text.strip() or "{}")
    except (ValueError, RecursionError):
        return text
