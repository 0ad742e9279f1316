"""An answer taken apart into an action and its leaves, and put together again.

An *action* is ``tool:<name>``, ``each:<argument>:<name>`` (several calls of one tool that differ in one
argument), ``list:<name>`` (several calls of one tool, an array of their arguments), ``calls:<a> + <b>``
(different tools at once, leaves by the number of the call), ``json`` (a JSON object or array as text),
``say:<text>`` (a sentence that recurs), ``several`` (calls whose arguments are no JSON) or ``reply``.
Leaves are addressed by their path of object keys; arrays are leaves. A leaf's value is spoken of by its
*code*: its JSON text with sorted keys, or ``ABSENT``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rightsizer.scoring.values import unfence
from rightsizer.types import Message, TextPart, ToolCallPart

ABSENT = ""
REPLY, SEVERAL, JSON = "reply", "several", "json"
SAY = "say:"
EACH, LIST, CALLS = "each:", "list:", "calls:"
BETWEEN = " + "
ITEMS = ("calls",)  # where the arguments of several calls of one tool stand
Path = tuple[str, ...]

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


def parse_json(text: str) -> Any | None:
    """The object or array a text holds, with or without a code fence; None if it holds neither."""
    inner = unfence(text).strip()
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
    """Calls of one tool as arrays: of the one flat argument in which they differ, else of their arguments.

    Different tools keep their calls apart, in the order of their names: calls at once have none of their own.
    """
    try:
        made = [json.loads(c.arguments or "{}") for c in calls]
    except (ValueError, RecursionError):
        return Answer(SEVERAL, {})
    if any(not isinstance(a, dict) for a in made):
        return Answer(SEVERAL, {})
    if len({c.name for c in calls}) > 1:
        pairs = sorted(zip((c.name for c in calls), made, strict=True), key=lambda pair: pair[0])
        leaves = {(str(i), *p): v for i, (_, a) in enumerate(pairs) if a for p, v in flatten(a).items()}
        return Answer(CALLS + BETWEEN.join(name for name, _ in pairs), leaves)
    first, tool = made[0], calls[0].name
    differ = [key for key in first if len({code(a.get(key)) for a in made}) > 1]
    nested = any(isinstance(v, dict | list) for a in made for v in a.values())
    if len(differ) != 1 or nested or any(a.keys() != first.keys() for a in made):
        return Answer(f"{LIST}{tool}", {ITEMS: made})
    return Answer(
        f"{EACH}{differ[0]}:{tool}", {(k,): [a[k] for a in made] if k in differ else first[k] for k in first}
    )


def as_list(answer: Answer) -> Answer:
    """An ``each:`` answer as the ``list:`` answer of the same calls; others as they are."""
    if not answer.action.startswith(EACH):
        return answer
    made = [arguments for _, arguments in calls_of(answer.action, answer.leaves)]
    return Answer(f"{LIST}{tool_of(answer.action)}", {ITEMS: made})


def tools_of(action: str) -> list[str]:
    """The tools that an action calls: one name a call, or one for any number of calls of one tool."""
    kind, _, rest = action.partition(":")
    if kind == "calls":
        return rest.split(BETWEEN)
    return [rest] if kind in ("tool", "list") else [rest.partition(":")[2]] if kind == "each" else []


def tool_of(action: str) -> str | None:
    """The first tool that an action calls; None where it calls none."""
    return next(iter(tools_of(action)), None)


def calls_of(action: str, leaves: Mapping[Path, Any]) -> list[tuple[str, Any]]:
    """(tool, arguments) of each call of an action that calls tools."""
    tools = tools_of(action)
    if action.startswith(CALLS):
        made = unflatten(leaves)
        return [(tool, made.get(str(i), {})) for i, tool in enumerate(tools)]
    if action.startswith(LIST):
        items = leaves.get(ITEMS)
        return [(tools[0], item) for item in (items if isinstance(items, list) else [])]
    if action.startswith(EACH):
        key = (action.split(":", 2)[1],)
        values = leaves.get(key)
        items = [unflatten({**leaves, key: v}) for v in (values if isinstance(values, list) else [])]
        return [(tools[0], item) for item in items]
    return [(tool, unflatten(leaves)) for tool in tools]


def style_of(texts: Iterable[str]) -> tuple[str, bool]:
    """How the teacher writes JSON: (a name in ``STYLES``, whether inside a code fence); the commonest."""
    counts: dict[tuple[str, bool], int] = {}
    for text in texts:
        inner = unfence(text)
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
    if tools_of(action):
        made = [(tool, json.dumps(a, ensure_ascii=False)) for tool, a in calls_of(action, leaves)]
        return Message(role="assistant", parts=tuple(ToolCallPart(name=t, arguments=a) for t, a in made))
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
