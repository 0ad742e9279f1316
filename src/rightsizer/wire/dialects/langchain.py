"""LangChain's messages and results as OpenAI Chat JSON.

A message comes serialised (``{"lc": 1, "id": […, "HumanMessage"], "kwargs": {…}}``), as a dump
(``{"type": "human", "content": …}``), or wrapped (``{"type": "human", "data": {…}}``).
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.names import chat_role, chat_tool_call, text_or_json

_TYPES = ("human", "ai", "system", "tool", "function", "AIMessageChunk", "HumanMessageChunk", "chat")
_DROPPED = ("type", "content", "role", "additional_kwargs", "tool_calls", "tool_call_chunks", "lc_kwargs")


def is_langchain_message(message: dict[str, Any]) -> bool:
    """Whether a message is in one of LangChain's three shapes."""
    if "lc" in message and isinstance(message.get("kwargs"), dict):
        return True
    return (message.get("type") in _TYPES and ("content" in message or "data" in message)) or (
        "additional_kwargs" in message and "content" in message
    )


def message_from_langchain(message: dict[str, Any]) -> dict[str, Any]:
    """The Chat message. Raises `RecordError` (invalid-message) if it has no known role."""
    fields, kind = _unwrap(message)
    role = fields.get("role") if isinstance(fields.get("role"), str) else None
    role = chat_role(role or kind)
    if role not in ("system", "developer", "user", "assistant", "tool", "function"):
        raise RecordError("invalid-message", f"a message is of the unknown type {kind or role!r}")
    chat: dict[str, Any] = {"role": role, "content": fields.get("content")}
    calls = _tool_calls(fields) if role == "assistant" else []
    if calls:
        chat["tool_calls"] = calls
        chat["content"] = _without_tool_use(chat["content"])
    if role == "tool" and not isinstance(chat["content"], list):
        chat["content"] = text_or_json(chat["content"])
    kept = {k: v for k, v in fields.items() if k not in _DROPPED and v not in (None, [], {}, "", False)}
    return {**kept, **chat}


def usage_from_langchain(message: dict[str, Any]) -> dict[str, Any] | None:
    """``usage_metadata`` of an answer: its names are ours, but for the details."""
    usage = _unwrap(message)[0].get("usage_metadata")
    if not isinstance(usage, dict) or not usage:
        return None
    details = usage.get("input_token_details")
    read = details.get("cache_read") if isinstance(details, dict) else None
    return {**usage, **({"cached_input_tokens": read} if isinstance(read, int) else {})}


def finish_reason_from_langchain(message: dict[str, Any]) -> Any:
    """What ``response_metadata`` says of why it stopped."""
    about = _unwrap(message)[0].get("response_metadata")
    if not isinstance(about, dict):
        return None
    return about.get("finish_reason", about.get("stop_reason"))


def _unwrap(message: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The fields of the message, and LangChain's name of its type."""
    if isinstance(message.get("kwargs"), dict):
        named = message.get("id")
        kind = named[-1] if isinstance(named, list) and named else ""
        return message["kwargs"], str(message["kwargs"].get("type") or kind)
    if isinstance(message.get("data"), dict):
        return message["data"], str(message.get("type", ""))
    return message, str(message.get("type", ""))


def _tool_calls(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The provider's own calls where they were kept: they have the arguments as text."""
    more = fields.get("additional_kwargs")
    written = more.get("tool_calls") if isinstance(more, dict) else None
    if isinstance(written, list) and written:
        return written
    calls = fields.get("tool_calls")
    result = []
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, dict) and isinstance(call.get("function"), dict):
            result.append(call)
        elif isinstance(call, dict) and isinstance(call.get("name"), str):
            result.append(chat_tool_call(call["name"], call.get("args"), call.get("id")))
        else:
            raise RecordError("invalid-message", "a tool call has no name")
    return result


def _without_tool_use(content: Any) -> Any:
    """Anthropic models behind LangChain name their calls in the content too."""
    if not isinstance(content, list):
        return content
    shown = [
        b for b in content if not (isinstance(b, dict) and b.get("type") in ("tool_use", "function_call"))
    ]
    return shown or None
