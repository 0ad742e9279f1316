"""Google's generateContent as OpenAI Chat JSON, in the REST API's or the SDKs' spelling."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.names import chat_finish_reason
from rightsizer.wire.dialects.parts import messages_from_parts
from rightsizer.wire.dialects.tools import read_tools

_SYSTEM = ("system_instruction", "systemInstruction")
_USAGE = ("usage_metadata", "usageMetadata")
_COUNTS = {
    "input_tokens": ("prompt_token_count", "promptTokenCount"),
    "cached_input_tokens": ("cached_content_token_count", "cachedContentTokenCount"),
}
_OUTPUT = ("candidates_token_count", "candidatesTokenCount", "thoughts_token_count", "thoughtsTokenCount")


def request_from_gemini(body: dict[str, Any]) -> dict[str, Any]:
    """The Chat body; settings stay under their own names. Raises `RecordError` (invalid-message …)."""
    given = body.get("config")
    config = given if isinstance(given, dict) else {}
    system = next((p[name] for p in (body, config) for name in _SYSTEM if p.get(name)), None)
    tools = body.get("tools") or config.get("tools")
    messages = [] if system is None else _contents(system, "system")
    messages += _contents(body["contents"], "user")
    chat = {k: v for k, v in body.items() if k not in ("contents", "tools", "config", *_SYSTEM)}
    rest = {k: v for k, v in config.items() if k not in ("tools", "http_options", *_SYSTEM)}
    chat |= {"messages": messages, **({"config": rest} if rest else {})}
    return {**chat, "tools": read_tools(tools)} if tools else chat


def _contents(value: Any, role: str) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    messages = []
    for item in items:
        if isinstance(item, str):
            messages.append({"role": role, "content": item})
        elif isinstance(item, dict) and isinstance(item.get("parts"), list):
            messages += messages_from_parts(
                {"role": role, **item} if role != "system" else {**item, "role": role}
            )
        elif isinstance(item, dict) and isinstance(item.get("text"), str):
            messages.append({"role": role, "content": item["text"]})
        else:
            raise RecordError("invalid-message", "a content is neither text nor a list of parts")
    return messages


def is_gemini_response(response: dict[str, Any]) -> bool:
    """Whether this is an answer of generateContent, or one candidate of it."""
    content = response.get("content")
    return isinstance(response.get("candidates"), list) or (
        isinstance(content, dict) and isinstance(content.get("parts"), list)
    )


def completion_from_gemini(response: dict[str, Any]) -> dict[str, Any]:
    """The chat.completion of the first candidate. Raises `RecordError` (no-choices)."""
    candidates = response.get("candidates", [response])
    first = candidates[0] if candidates else None
    content = first.get("content") if isinstance(first, dict) else None
    if (
        not isinstance(first, dict)
        or not isinstance(content, dict)
        or not isinstance(content.get("parts"), list)
    ):
        raise RecordError("no-choices", "the response has no candidate with content")
    message = messages_from_parts({"role": "model", "parts": content["parts"]})[0]
    reason = chat_finish_reason(first.get("finish_reason", first.get("finishReason")))
    if message.get("tool_calls") and reason == "stop":
        reason = "tool_calls"
    completion: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    model = response.get("model_version", response.get("modelVersion"))
    if isinstance(model, str):
        completion["model"] = model
    usage = next((response[name] for name in _USAGE if isinstance(response.get(name), dict)), None)
    if usage is not None:
        completion["usage"] = _usage(usage)
    return completion


def _usage(usage: dict[str, Any]) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for name, spellings in _COUNTS.items():
        found = next((usage[s] for s in spellings if isinstance(usage.get(s), int)), None)
        if found is not None:
            counts[name] = found
    written = [usage[name] for name in _OUTPUT if isinstance(usage.get(name), int)]
    return {**usage, **counts, **({"output_tokens": sum(written)} if written else {})}
