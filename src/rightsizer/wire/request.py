"""An OpenAI Chat request body ⇄ `Request`."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Request
from rightsizer.wire.chat import message_to_chat
from rightsizer.wire.shared import Shared

_NAMED = ("messages", "tools", "response_format", "model")


def request_from_chat(body: dict[str, Any], shared: Shared | None = None) -> Request:
    """The request in a body; its `model` is left to the caller, all else is in `params`.

    The older ``functions`` become `tools`; ``params["functions"]`` is then None, which says so.
    `shared` makes equal messages and tool lists one object. Raises `RecordError` (no-messages,
    invalid-message, invalid-content, invalid-tools, invalid-response-format).
    """
    shared = shared or Shared()
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise RecordError("no-messages", "the request has no list of messages", hint=_responses_hint(body))
    params = {name: value for name, value in body.items() if name not in _NAMED}
    tools = body.get("tools")
    functions = body.get("functions")
    if tools:
        _check_tools(tools, "tools")
    elif "tools" in body:
        params["tools"] = tools
    elif functions:
        _check_tools(functions, "functions")
        tools = [{"type": "function", "function": function} for function in functions]
        params["functions"] = None
    response_format = body.get("response_format")
    if response_format is None:
        if "response_format" in body:
            params["response_format"] = None
    elif not isinstance(response_format, dict):
        raise RecordError("invalid-response-format", "response_format is not an object")
    return Request(
        messages=tuple(map(shared.message, messages)),
        tools=shared.tools(tools) if tools else (),
        response_format=shared.response_format(response_format) if response_format is not None else None,
        params=params,
    )


def request_to_chat(request: Request, model: str = "") -> dict[str, Any]:
    """The Chat body of a request; `model` is put in if not empty."""
    body: dict[str, Any] = {"model": model} if model else {}
    params = dict(request.params)
    body["messages"] = [message_to_chat(message) for message in request.messages]
    if request.tools:
        if (
            "functions" in params
            and params["functions"] is None
            and all("function" in t for t in request.tools)
        ):
            del params["functions"]
            body["functions"] = [tool["function"] for tool in request.tools]
        else:
            body["tools"] = list(request.tools)
    if request.response_format is not None:
        body["response_format"] = request.response_format
    return {**body, **params}


def _check_tools(tools: Any, name: str) -> None:
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise RecordError("invalid-tools", f"{name} is not a list of objects")


def _responses_hint(body: dict[str, Any]) -> str:
    if "input" in body or "prompt" in body:
        return "only Chat Completions bodies are read; this looks like another endpoint's"
    return ""
