"""What a learner may see of an answer: its kind, and one text per distinct answer."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from rightsizer.types import Message, OutputKind, Request, TextPart

LABEL_CHARS = 64
LABEL_WORDS = 6
_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*)```\s*", re.S)


def output_kind(message: Message, request: Request) -> OutputKind:
    """The kind of this one answer: tool call, JSON with one short value or a short line (``label``),
    other JSON (``fields``), or ``text``. Whether short lines really are labels only a task's answers
    together can tell (`tasks/output.py`)."""
    if message.tool_calls:
        return "tool_call"
    text = plain_text(message)
    value = parse_object(text)
    if value is not None:
        return "label" if _one_short_value(value, request) else "fields"
    short = len(text) <= LABEL_CHARS and "\n" not in text and len(text.split()) <= LABEL_WORDS
    return "label" if text and short else "text"


def canonical_answer(message: Message) -> str:
    """One text per distinct answer: equal strings are the same answer to whoever acts on it.

    Tool calls: names and arguments in canonical JSON, in any order; text beside them does not count.
    JSON, fenced or not: sorted keys, 1.0 as 1, strings stripped. Other text: NFC, white space as one
    blank.
    """
    if message.tool_calls:
        calls = [_canonical_call(c.name, c.arguments) for c in message.tool_calls]
        return "tool_call:" + _dump(sorted(calls, key=_dump))
    text = plain_text(message)
    value = parse_object(text)
    if value is not None:
        return "json:" + _dump(_canonical(value))
    return "text:" + " ".join(unicodedata.normalize("NFC", text).split())


def plain_text(message: Message) -> str:
    """The words of the answer: its text parts, stripped."""
    return "\n".join(p.content for p in message.parts if isinstance(p, TextPart)).strip()


def parse_object(text: str) -> Any:
    """The JSON object or array that the text is, fenced or not; None if it is neither."""
    match = _FENCE.fullmatch(text)
    inner = (match.group(1) if match else text).strip()
    if inner[:1] not in ("{", "["):
        return None
    try:
        return json.loads(inner, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _one_short_value(value: Any, request: Request) -> bool:
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (name, only), *_ = value.items()
    if isinstance(only, str):
        enum = _declared_enum(request, name)
        return only in enum if enum else len(only) <= LABEL_CHARS and len(only.split()) <= LABEL_WORDS
    return isinstance(only, int | float) or only is None


def _declared_enum(request: Request, name: str) -> list[Any]:
    """The closed list of values which the response format states for a field, if it does."""
    schema: Any = request.response_format or {}
    for key in ("json_schema", "schema", "properties", name, "enum"):
        schema = schema.get(key) if isinstance(schema, Mapping) else None
    return schema if isinstance(schema, list) else []


def _canonical_call(name: str, arguments: str) -> dict[str, Any]:
    try:
        value = json.loads(arguments.strip() or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return {"name": name, "arguments": arguments.strip(), "valid": False}
    return {"name": name, "arguments": _canonical(value), "valid": True}


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
