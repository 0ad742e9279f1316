"""Roles, reasons to stop, and tools: other names for the same things."""

from __future__ import annotations

from typing import Any

from rightsizer.wire.jsontext import dump_json

_ROLES = {
    "human": "user",
    "HumanMessage": "user",
    "HumanMessageChunk": "user",
    "ai": "assistant",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "model": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "function",
}
_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "tool_use": "tool_calls",
    "tool_call": "tool_calls",
    "tool-calls": "tool_calls",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "content-filter": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "spii": "content_filter",
}


def chat_role(role: str) -> str:
    """OpenAI's name of a role; an unknown one stays as it is."""
    return _ROLES.get(role, role)


def chat_finish_reason(reason: Any) -> str | None:
    """OpenAI's name of a reason to stop (Anthropic's, Gemini's and OTel's are known), or None."""
    if not isinstance(reason, str) or not reason:
        return None
    return _FINISH_REASONS.get(reason.lower(), reason.lower() if reason.isupper() else reason)


def chat_tool_call(name: str, arguments: Any, call_id: Any = None) -> dict[str, Any]:
    """A Chat tool call; `arguments` may be the JSON text or the value."""
    text = (
        arguments
        if isinstance(arguments, str)
        else dump_json({} if arguments is None else arguments).decode()
    )
    call: dict[str, Any] = {"type": "function", "function": {"name": name, "arguments": text}}
    return call if call_id is None else {"id": id_text(call_id), **call}


def id_text(value: Any) -> str:
    """An id as text; some frameworks use lists."""
    return value if isinstance(value, str) else dump_json(value).decode()


def text_or_json(value: Any) -> str:
    """Text as it is, anything else as JSON text, null as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else dump_json(value).decode()
