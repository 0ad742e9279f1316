"""The `tool_calls` (and the older `function_call`) of a Chat message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import ToolCallPart
from rightsizer.wire.jsontext import dump_json, parse_json

_FUNCTION_CALL = "function_call"


def calls_from_chat(extra: dict[str, Any], form: dict[str, Any]) -> list[ToolCallPart]:
    """Take the calls out of `extra`; how they were written goes to ``form["tool_calls"]``.

    Calls that are not function calls (OpenAI's custom tools), and nulls, stay in `extra` as they came.
    """
    calls = extra.get("tool_calls")
    if isinstance(calls, list) and calls:
        read = [_call_from_chat(call) for call in calls]
        parts = [part for part, _ in (r for r in read if r is not None)]
        if len(parts) == len(calls):
            del extra["tool_calls"]
            besides = [beside for _, beside in (r for r in read if r is not None)]
            if any(besides):
                form["tool_calls"] = besides
            return parts
    elif isinstance(extra.get(_FUNCTION_CALL), dict):
        read_one = _call_from_chat({"type": "function", "function": extra[_FUNCTION_CALL]})
        if read_one is not None:
            del extra[_FUNCTION_CALL]
            form["tool_calls"] = [read_one[1] | {"field": _FUNCTION_CALL}]
            return [read_one[0]]
    return []


def _call_from_chat(call: Any) -> tuple[ToolCallPart, dict[str, Any]] | None:
    """A call and what it had besides the usual, or None if it is not a function call."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return None
    arguments = function.get("arguments")
    call_id = call.get("id")
    beside: dict[str, Any] = {}
    if isinstance(arguments, str):
        text = arguments
    elif isinstance(arguments, dict | list):
        text = dump_json(arguments).decode("utf-8")
        beside["arguments"] = "object"
    else:
        text = "{}"
        beside["arguments"] = "null" if "arguments" in function else "absent"
        if arguments is not None:
            return None
    _note_differences(call, function, beside)
    return ToolCallPart(
        id=call_id if isinstance(call_id, str) else None, name=function["name"], arguments=text
    ), beside


def _note_differences(call: dict[str, Any], function: dict[str, Any], beside: dict[str, Any]) -> None:
    """Fields besides the usual, and usual fields that are missing or odd."""
    more = {k: v for k, v in call.items() if k not in ("id", "type", "function")}
    if "id" in call and not isinstance(call["id"], str):
        more["id"] = call["id"]
    if call.get("type") != "function":
        if "type" in call:
            more["type"] = call["type"]
        else:
            beside["type"] = "absent"
    if more:
        beside["call"] = more
    inside = {k: v for k, v in function.items() if k not in ("name", "arguments")}
    if inside:
        beside["function"] = inside


def calls_to_chat(parts: Sequence[ToolCallPart], form: dict[str, Any]) -> dict[str, Any]:
    """Inverse of `calls_from_chat`: the fields to put into the Chat message."""
    if not parts:
        return {}
    besides = form.get("tool_calls")
    if not isinstance(besides, list) or len(besides) != len(parts):
        besides = [{}] * len(parts)
    calls = [
        _call_to_chat(part, beside if isinstance(beside, dict) else {})
        for part, beside in zip(parts, besides, strict=True)
    ]
    if isinstance(besides[0], dict) and besides[0].get("field") == _FUNCTION_CALL:
        return {_FUNCTION_CALL: calls[0]["function"]}
    return {"tool_calls": calls}


def _parsed(arguments: str) -> Any:
    try:
        return parse_json(arguments.encode("utf-8", "surrogatepass"))
    except RecordError:  # changed since it was read: then it is text
        return arguments


def _call_to_chat(part: ToolCallPart, beside: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = {"name": part.name}
    written = beside.get("arguments")
    if written == "object":
        function["arguments"] = _parsed(part.arguments)
    elif written != "absent":
        function["arguments"] = None if written == "null" else part.arguments
    inside = beside.get("function")
    call: dict[str, Any] = {} if part.id is None else {"id": part.id}
    if beside.get("type") != "absent":
        call["type"] = "function"
    call["function"] = {**function, **(inside if isinstance(inside, dict) else {})}
    more = beside.get("call")
    return {**call, **(more if isinstance(more, dict) else {})}
