"""What a student gets right inside an answer: for tables and diagnosis, never for the gate."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rightsizer.scoring.agree import Tools, parameters_of
from rightsizer.scoring.values import NotJSONError, canonical, dump, parse_json, unfence, with_defaults
from rightsizer.types import Message, Request


@dataclass(frozen=True)
class PRF:
    """Precision, recall and F1 over counted items; 0 where nothing was given, or nothing was there."""

    precision: float
    recall: float
    f1: float
    correct: int
    given: int
    wanted: int


def argument_prf(pairs: Iterable[tuple[Message, Message]], *, tools: Tools = ()) -> PRF:
    """Argument-level precision, recall and F1 over (teacher, student) pairs, micro-averaged.

    An item is one leaf of a tool call's arguments or of a JSON answer: (tool, dotted path, value), counted as
    often as it occurs. A call without arguments is one item: its name.
    """
    correct = given = wanted = 0
    for teacher, student in pairs:
        t, s = Counter(leaves(teacher, tools=tools)), Counter(leaves(student, tools=tools))
        correct += (t & s).total()
        given += s.total()
        wanted += t.total()
    precision = correct / given if given else 0.0
    recall = correct / wanted if wanted else 0.0
    f1 = 2 * correct / (given + wanted) if given + wanted else 0.0
    return PRF(precision, recall, f1, correct, given, wanted)


def leaves(message: Message, *, tools: Tools = ()) -> list[str]:
    """The message's argument leaves as canonical texts; empty for plain text and for broken JSON."""
    found: list[str] = []
    try:
        for call in message.tool_calls:
            arguments = with_defaults(
                parse_json(call.arguments.strip() or "{}"), parameters_of(call.name, tools)
            )
            items = [dump([call.name, path, value]) for path, value in _walk(canonical(arguments), "")]
            found += items or [dump([call.name])]
        text = unfence(message.text).strip()
        if not message.tool_calls and text[:1] in ("{", "["):
            found += [dump([path, value]) for path, value in _walk(canonical(parse_json(text)), "")]
    except NotJSONError:
        return []
    return found


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)
    else:
        yield path, value


def schema_errors(message: Message, request: Request) -> list[str]:
    """Why the message could not be executed as it is; empty = valid. No value of it is shown.

    Checks that the caller's ``tool_choice`` allows the answer, each tool call (offered, arguments JSON,
    arguments against the tool's schema), and a text answer against ``response_format`` (JSON object, or its
    JSON schema).
    """
    errors = _choice_errors(message, request)
    for call in message.tool_calls:
        if call.name not in request.tool_names:
            errors.append("tool is not offered")
            continue
        errors += _instance_errors(call.arguments.strip() or "{}", parameters_of(call.name, request.tools))
    wanted = request.response_format or {}
    if not message.tool_calls and wanted.get("type") in ("json_object", "json_schema"):
        errors += _instance_errors(unfence(message.text), _response_schema(wanted))
    return errors


@dataclass(frozen=True)
class ToolChoice:
    """What a request allows: any tool's call, text, one tool only (`name`), several calls at once."""

    calls: bool
    text: bool
    name: str
    several: bool


def tool_choice(request: Request) -> ToolChoice:
    """The caller's ``tool_choice`` and ``parallel_tool_calls``, in the forms of all dialects."""
    choice = request.params.get("tool_choice")
    named = choice.get("function", choice) if isinstance(choice, Mapping) else {}
    name = str(named.get("name") or "") if isinstance(named, Mapping) else ""
    return ToolChoice(
        calls=choice != "none",
        text=not name and choice not in ("required", "any"),
        name=name,
        several=request.params.get("parallel_tool_calls") is not False,
    )


def _choice_errors(message: Message, request: Request) -> list[str]:
    allowed, calls = tool_choice(request), message.tool_calls
    if not calls:
        return [] if allowed.text or not request.tools else ["a tool call is demanded"]
    if not allowed.calls:
        return ["no tool call is allowed"]
    if allowed.name and any(c.name != allowed.name for c in calls):
        return ["another tool is demanded"]
    return [] if allowed.several or len(calls) == 1 else ["one tool call at a time is allowed"]


def _response_schema(response_format: Mapping[str, Any]) -> Any:
    wrapper = response_format.get("json_schema")
    if isinstance(wrapper, Mapping):
        return wrapper.get("schema")
    return response_format.get("schema", {"type": "object"})


def _instance_errors(text: str, schema: Any) -> list[str]:
    try:
        instance = parse_json(text)
    except NotJSONError:
        return ["not valid JSON"]
    if not isinstance(schema, Mapping):
        return []
    validator = _validator(json.dumps(schema))
    found = () if validator is None else validator.iter_errors(instance)
    return sorted({f"violates '{error.validator}'" for error in found})


@lru_cache(256)
def _validator(schema: str) -> Any:
    """None for a schema that is none: it constrains nothing, and curation says so elsewhere."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    plain = json.loads(schema)
    try:
        Draft202012Validator.check_schema(plain)
    except SchemaError:
        return None
    return Draft202012Validator(plain)
