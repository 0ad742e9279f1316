"""Does a student's answer agree with the teacher's? By kind of output, and strict by default.

- *Tool calls*: the same calls, in any order, each with the same name and the same arguments (numbers
  as numbers, true is not 1, key order and outer white space irrelevant, an argument left out equals
  the default its schema states and nothing else). Text beside a tool call does not count: an agent
  acts on the calls.
- *JSON* objects and arrays, in a code fence or not: field by field.
- *Text*: equal after white-space normalisation, so free text never passes by accident.

`relaxed` compares strings as BFCL does (Patil et al. 2025): case, blanks and ``,./-_*^`` dropped. The
gate never uses it.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rightsizer.scoring.difference import first_difference, show_path
from rightsizer.scoring.values import (
    NotJSONError,
    canonical,
    dump,
    normal_text,
    parse_json,
    unfence,
    with_defaults,
)
from rightsizer.types import ImagePart, Message, OtherPart, TextPart, ToolCallPart

Tools = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Agreement:
    """`loss` 0 = agrees, 1 = does not; `reason` names the first difference, never a value."""

    loss: Literal[0, 1]
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """A message reduced to what counts. Equal `key` = agreement."""

    kind: Literal["tool_call", "json", "text", "empty", "other"]
    value: Any
    key: str


AGREES = Agreement(0)


def agree(
    teacher: Message,
    student: Message,
    *,
    ignore_fields: Sequence[str] = (),
    tools: Tools = (),
    relaxed: bool = False,
) -> Agreement:
    """Judge `student` against `teacher`.

    Args:
        ignore_fields: dotted field or argument names that do not count (``note``, ``items.name``; for one
            tool only, ``tool_name.note``).
        tools: the offered tools as in the request, for the defaults of their arguments.
    """
    t = answer(teacher, ignore_fields=ignore_fields, tools=tools, relaxed=relaxed)
    s = answer(student, ignore_fields=ignore_fields, tools=tools, relaxed=relaxed)
    if t.key == s.key:
        return AGREES
    if "tool_call" in (t.kind, s.kind):
        return Agreement(1, _tool_call_reason(t, s))
    if t.kind == "json":
        return Agreement(1, _json_reason(t, s))
    if t.kind == "empty" or s.kind == "empty":
        return Agreement(1, "answer is empty" if s.kind == "empty" else "answer should be empty")
    return Agreement(1, "text differs" if t.kind == s.kind == "text" else "kind of answer differs")


def answer(
    message: Message,
    *,
    ignore_fields: Sequence[str] = (),
    tools: Tools = (),
    relaxed: bool = False,
) -> Answer:
    """The message reduced to what counts; two messages agree if and only if their `key` is equal."""
    ignore = frozenset(ignore_fields)
    if message.tool_calls:
        calls = [_canonical_call(c, ignore, tools, relaxed) for c in message.tool_calls]
        calls.sort(key=dump)
        return Answer("tool_call", calls, "tool_call:" + dump(calls))
    others = [p.model_dump(mode="json") for p in message.parts if isinstance(p, OtherPart | ImagePart)]
    if others:
        return Answer("other", others, "other:" + dump([others, _text(message)]))
    text = unicodedata.normalize("NFC", _text(message))
    inner = unfence(text).strip()
    if inner[:1] in ("{", "["):
        try:
            value = canonical(parse_json(inner), ignore=ignore, relaxed=relaxed)
            return Answer("json", value, "json:" + dump(value))
        except (NotJSONError, RecursionError):
            pass  # text that merely starts with a bracket, or nested beyond reason
    plain = normal_text(text, relaxed=relaxed)
    return Answer("text" if plain else "empty", plain, "text:" + plain)


def _text(message: Message) -> str:
    return "\n".join(p.content for p in message.parts if isinstance(p, TextPart))


def _canonical_call(
    call: ToolCallPart, ignore: frozenset[str], tools: Tools, relaxed: bool
) -> dict[str, Any]:
    try:
        arguments = parse_json(call.arguments.strip() or "{}")
    except NotJSONError:
        return {"name": call.name, "arguments": call.arguments.strip(), "valid": False}
    arguments = with_defaults(arguments, parameters_of(call.name, tools))
    own = frozenset(i.removeprefix(call.name + ".") for i in ignore)
    return {"name": call.name, "arguments": canonical(arguments, ignore=own, relaxed=relaxed), "valid": True}


def parameters_of(name: str, tools: Tools) -> Any:
    """The JSON schema of a tool's arguments, or None (OpenAI Chat, Responses and Anthropic spelling)."""
    for tool in tools:
        function = tool.get("function", tool)
        if isinstance(function, Mapping) and function.get("name") == name:
            return function.get("parameters", function.get("input_schema"))
    return None


def _tool_call_reason(teacher: Answer, student: Answer) -> str:
    if student.kind != "tool_call":
        return "no tool call"
    if teacher.kind != "tool_call":
        return "unexpected tool call"
    if len(teacher.value) != len(student.value):
        return "number of tool calls differs"
    common = Counter(map(dump, teacher.value)) & Counter(map(dump, student.value))
    wanted, given = _without(teacher.value, common), _without(student.value, common)
    same = next(((w, g) for w in wanted for g in given if w["name"] == g["name"]), None)
    if same is None:
        return "tool name differs"
    if not same[1]["valid"]:
        return "arguments are not valid JSON"
    found = first_difference(same[0]["arguments"], same[1]["arguments"])
    path, what = found if found else ((), "differ")
    return f"argument {show_path(path)} {what}" if path else "arguments differ"


def _without(calls: Sequence[dict[str, Any]], common: Counter[str]) -> list[dict[str, Any]]:
    """The calls that are left when each of `common` is taken away as often as it is counted."""
    left, rest = common.copy(), []
    for call in calls:
        if left[dump(call)] > 0:
            left[dump(call)] -= 1
        else:
            rest.append(call)
    return rest


def _json_reason(teacher: Answer, student: Answer) -> str:
    if student.kind != "json":
        return "not valid JSON"
    found = first_difference(teacher.value, student.value)
    path, what = found if found else ((), "differs")
    return f"field {show_path(path)} {what}" if path else f"JSON value {what}"
