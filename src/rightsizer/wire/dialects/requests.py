"""What a model was asked, in any dialect, as an OpenAI Chat body."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.anthropic_messages import (
    is_anthropic_message,
    messages_from_anthropic,
    request_from_anthropic,
)
from rightsizer.wire.dialects.gemini import request_from_gemini
from rightsizer.wire.dialects.langchain import is_langchain_message, message_from_langchain
from rightsizer.wire.dialects.names import chat_role, chat_tool_call
from rightsizer.wire.dialects.parts import messages_from_parts
from rightsizer.wire.dialects.responses import is_response_item, messages_from_items, request_from_responses
from rightsizer.wire.dialects.tools import read_tools
from rightsizer.wire.jsontext import parse_json

# What OTel's message events carry beside the message.
_EVENT = ("gen_ai.system", "gen_ai.message.index", "event.name")


def read_request(value: Any) -> dict[str, Any]:
    """The Chat body of a logged input.

    Known: a list of messages in any dialect, a body of Chat, Responses, Anthropic or Gemini, LangChain's
    ``messages`` or ``prompts``, the one argument of a traced function, and plain text (a user's message).
    JSON text is read as what it holds. Raises `RecordError` (no-messages, several-requests,
    invalid-message …).
    """
    value = value_of_text(value)
    if isinstance(value, str) and value:
        return {"messages": [{"role": "user", "content": value}]}
    if isinstance(value, list) and value:
        return _from_list(value)
    if isinstance(value, dict):
        return _from_object(value)
    raise RecordError("no-messages", "the input was not logged")


def value_of_text(value: Any) -> Any:
    """The value of JSON text that holds an object or a list; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return parse_json(value.encode("utf-8", "surrogatepass"))
    except RecordError:
        return value


def read_messages(items: list[Any]) -> list[dict[str, Any]]:
    """Chat messages of a list of messages, each in whatever dialect. Raises `RecordError`."""
    if any(is_response_item(item) for item in items):
        return messages_from_items(items)
    messages: list[dict[str, Any]] = []
    for item in items:
        messages += _message(_with_role_of_tool(item, messages))
    return messages


def _with_role_of_tool(item: Any, before: list[dict[str, Any]]) -> Any:
    """LangChain.js logs a tool's answer under the tool's name as its role."""
    role = item.get("role") if isinstance(item, dict) else None
    if not isinstance(role, str) or "additional_kwargs" not in item:
        return item
    calls = [c for message in before for c in message.get("tool_calls") or [] if isinstance(c, dict)]
    ids = [
        c.get("id")
        for c in calls
        if isinstance(c.get("function"), dict) and c["function"].get("name") == role
    ]
    answered = [message.get("tool_call_id") for message in before]
    waiting = [call_id for call_id in ids if call_id not in answered]
    return {**item, "role": "tool", "name": role, "tool_call_id": waiting[0]} if waiting else item


def _from_list(items: list[Any]) -> dict[str, Any]:
    if items and all(isinstance(item, list) for item in items):
        if len(items) > 1:
            raise RecordError("several-requests", "the input is a batch of requests with one answer")
        return _from_list(items[0])
    # Langfuse's LangChain handler logs bound tools as messages of the role "tool".
    tools = [item["content"] for item in items if _is_tool_definition(item)]
    body: dict[str, Any] = {"messages": read_messages([i for i in items if not _is_tool_definition(i)])}
    return {**body, "tools": read_tools(tools)} if tools else body


def read_vercel_call(call: Any) -> dict[str, Any]:
    """A tool call as the Vercel AI SDK writes it. Raises `RecordError` (invalid-message)."""
    if not isinstance(call, dict) or not isinstance(call.get("toolName"), str):
        raise RecordError("invalid-message", "a tool call has no name")
    return chat_tool_call(call["toolName"], call.get("input", call.get("args")), call.get("toolCallId"))


def _is_tool_definition(item: Any) -> bool:
    content = item.get("content") if isinstance(item, dict) and item.get("role") == "tool" else None
    return isinstance(content, dict) and content.get("type") == "function" and "function" in content


def _from_object(value: dict[str, Any]) -> dict[str, Any]:
    if "contents" in value:
        return request_from_gemini(value)
    if isinstance(value.get("messages"), list):
        return _from_body(value)
    if "input" in value and isinstance(value["input"], str | list) and not isinstance(value.get("role"), str):
        return request_from_responses(value)
    if isinstance(value.get("role"), str) or is_langchain_message(value):
        return {"messages": _message(value)}
    for name in ("prompts", "args"):
        given = value.get(name)
        if isinstance(given, list) and len(given) == 1 and not value.get("kwargs"):
            return read_request(given[0])
    if isinstance(value.get("prompt"), str):
        rest = {name: other for name, other in value.items() if name not in ("prompt", "system")}
        said = (
            [{"role": "system", "content": value["system"]}] if isinstance(value.get("system"), str) else []
        )
        return {**rest, "messages": [*said, {"role": "user", "content": value["prompt"]}]}
    raise RecordError("no-messages", f"the input holds no messages: {', '.join(map(str, value))[:200]}")


def _from_body(body: dict[str, Any]) -> dict[str, Any]:
    given = body["messages"]
    if "system" in body or any(isinstance(m, dict) and is_anthropic_message(m) for m in given):
        return request_from_anthropic(body)
    read = _from_list(given) if given else {"messages": []}
    if body.get("tools"):
        read["tools"] = read_tools(body["tools"])
    return {**{name: value for name, value in body.items() if name != "tools"}, **read}


def _message(item: Any) -> list[dict[str, Any]]:
    if not isinstance(item, dict):
        raise RecordError("invalid-message", f"a message is {type(item).__name__}, not an object")
    if isinstance(item.get("parts"), list):
        return messages_from_parts(item)
    if is_langchain_message(item):
        return [message_from_langchain(item)]
    if is_anthropic_message(item):
        return messages_from_anthropic(item)
    if not isinstance(item.get("role"), str):
        raise RecordError("invalid-message", "a message has no role")
    message = {name: value for name, value in item.items() if name not in _EVENT}
    message["role"] = chat_role(item["role"])
    return [_with_calls_of_content(message)]


def _with_calls_of_content(message: dict[str, Any]) -> dict[str, Any]:
    """Some frameworks write the tool calls where the content should be (also as JSON text)."""
    content = value_of_text(message.get("content")) if message["role"] in ("assistant", "tool") else None
    if {"tool_calls", "tool_call_id"} & message.keys() or not isinstance(content, list) or not content:
        return message
    if all(
        isinstance(c, dict) and c.get("type") == "function" and isinstance(c.get("function"), dict)
        for c in content
    ):
        return {**message, "role": "assistant", "content": None, "tool_calls": content}
    return message
