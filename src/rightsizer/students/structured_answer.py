"""An answer taken apart into an action and its leaves, and put together again.

An *action* is ``tool:<name>``, ``each:<argument>:<name>`` (several calls of one tool that differ in one
argument), ``json`` (a JSON object or array as text), ``say:<text>`` (a sentence that recurs), ``several``
(other tool calls at once) or ``reply`` (anything else). Leaves are addressed by their path of object
keys; arrays are leaves. A leaf's value is spoken of by its *code*: its JSON text with sorted keys, or
``ABSENT``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rightsizer.types import Message, TextPart, ToolCallPart

ABSENT = ""
REPLY, SEVERAL, JSON = "reply", "several", "json"
SAY = "say:"
Path = tuple[str, ...]

_FENCE = re.compile(r"\A\s*```[A-Za-z]*\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
STYLES: dict[str, dict[str, Any]] = {
    "default": {},
    "compact": {"separators": (",", ":")},
    "indent-2": {"indent": 2},
    "indent-4": {"indent": 4},
}


class Answer(NamedTuple):
    """What the teacher did: the action, and its leaves in the order they were written."""

    action: str
    leaves: dict[Path, Any]


def code(value: Any) -> str:
    """The JSON text that stands for a value: equal values have equal codes (``1`` and ``1.0`` too)."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return json.dumps(value, sort_keys=True)


def decode(text: str) -> Any:
    """The value of a code. Not for ``ABSENT``."""
    return json.loads(text)


def flatten(value: Any, path: Path = ()) -> dict[Path, Any]:
    """Leaves of nested objects by path; arrays, scalars and empty objects are leaves."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    leaves: dict[Path, Any] = {}
    for key, inner in value.items():
        leaves.update(flatten(inner, (*path, key)))
    return leaves


def unflatten(leaves: Mapping[Path, Any]) -> Any:
    """The inverse of `flatten`; an empty mapping gives an empty object."""
    if () in leaves:
        return leaves[()]
    root: dict[str, Any] = {}
    for path, value in leaves.items():
        node = root
        for key in path[:-1]:
            inner = node.setdefault(key, {})
            node = inner if isinstance(inner, dict) else {}
        node[path[-1]] = value
    return root


def strip_fence(text: str) -> str:
    """The inside of a text that is one Markdown code block; other texts as they are."""
    match = _FENCE.match(text)
    return match.group(1) if match else text


def parse_json(text: str) -> Any | None:
    """The object or array a text holds, with or without a code fence; None if it holds neither."""
    inner = strip_fence(text).strip()
    if not inner or inner[0] not in "{[":
        return None
    try:
        return json.loads(inner)
    except (ValueError, RecursionError):
        return None


def read_answer(message: Message) -> Answer:
    """Take a teacher's message apart. Arguments that are no JSON object make it a ``reply``."""
    calls = message.tool_calls
    if len(calls) > 1:
        return _read_several(calls)
    if calls:
        try:
            arguments = json.loads(calls[0].arguments or "{}")
        except (ValueError, RecursionError):
            return Answer(REPLY, {})
        if not isinstance(arguments, dict):
            return Answer(REPLY, {})
        return Answer(f"tool:{calls[0].name}", flatten(arguments) if arguments else {})
    value = parse_json(message.text)
    if value is None:
        return Answer(REPLY, {})
    return Answer(JSON, flatten(value) if value != {} else {})


def _read_several(calls: Sequence[ToolCallPart]) -> Answer:
    """Calls of one tool that differ in one flat argument, which becomes an array; else ``several``."""
    try:
        made = [json.loads(c.arguments or "{}") for c in calls]
    except (ValueError, RecursionError):
        return Answer(SEVERAL, {})
    first, alike = made[0], len({c.name for c in calls}) == 1
    if not alike or any(not isinstance(a, dict) or a.keys() != first.keys() for a in made):
        return Answer(SEVERAL, {})
    differ = [key for key in first if len({code(a[key]) for a in made}) > 1]
    if len(differ) != 1 or any(isinstance(v, dict | list) for a in made for v in a.values()):
        return Answer(SEVERAL, {})
    leaves: dict[Path, Any] = {(k,): [a[k] for a in made] if k in differ else first[k] for k in first}
    return Answer(f"each:{differ[0]}:{calls[0].name}", leaves)


def tool_of(action: str) -> str | None:
    """The tool that an action calls, once or several times; None where it calls none."""
    kind, _, rest = action.partition(":")
    return rest if kind == "tool" else rest.partition(":")[2] if kind == "each" else None


def arguments_of(action: str, leaves: Mapping[Path, Any]) -> list[Any]:
    """The arguments of each call of an action that calls a tool."""
    if not action.startswith("each:"):
        return [unflatten(leaves)]
    key = (action.split(":", 2)[1],)
    values = leaves.get(key)
    return [unflatten({**leaves, key: v}) for v in (values if isinstance(values, list) else [])]


def style_of(texts: Iterable[str]) -> tuple[str, bool]:
    """How the teacher writes JSON: (a name in ``STYLES``, whether inside a code fence); the commonest."""
    counts: dict[tuple[str, bool], int] = {}
    for text in texts:
        inner = strip_fence(text)
        value = parse_json(text)
        for name, options in STYLES.items():
            if json.dumps(value, ensure_ascii=False, **options) == inner.strip():
                key = (name, inner is not text)
                counts[key] = counts.get(key, 0) + 1
                break
    return max(sorted(counts), key=lambda key: counts[key]) if counts else ("default", False)


def write_answer(
    action: str, leaves: Mapping[Path, Any], style: tuple[str, bool] = ("default", False)
) -> Message:
    """The assistant message for an action with its leaves; a tool call has no id yet."""
    if tool := tool_of(action):
        made = [json.dumps(a, ensure_ascii=False) for a in arguments_of(action, leaves)]
        return Message(role="assistant", parts=tuple(ToolCallPart(name=tool, arguments=a) for a in made))
    if action.startswith(SAY):
        return Message(role="assistant", parts=(TextPart(content=action.removeprefix(SAY)),))
    text = json.dumps(unflatten(leaves), ensure_ascii=False, **STYLES[style[0]])
    if style[1]:
        text = f"```json\n{text}\n```"
    return Message(role="assistant", parts=(TextPart(content=text),))


def key_order(answers: Sequence[Answer]) -> list[Path]:
    """Paths in the order the teacher writes them: by mean relative position, then by name."""
    places: dict[Path, list[float]] = {}
    for answer in answers:
        width = max(1, len(answer.leaves) - 1)
        for i, path in enumerate(answer.leaves):
            places.setdefault(path, []).append(i / width)
    return sorted(places, key=lambda path: (sum(places[path]) / len(places[path]), path))
