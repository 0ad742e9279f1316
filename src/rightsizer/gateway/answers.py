"""A student's answer as the LLM's API would give it: one JSON document, or a stream of events."""

from __future__ import annotations

from typing import Any

import orjson

from rightsizer.types import Message
from rightsizer.wire.chat import message_to_chat

# A student cannot give these; such calls go to the LLM.
_UNSERVED = ("logprobs", "top_logprobs", "audio", "modalities", "prediction", "web_search_options", "store")


def unserved_reason(body: dict[str, Any]) -> str:
    """Why a student may not answer this Chat body, or ``""``."""
    if body.get("n") not in (None, 1):
        return "unsupported: n"
    return next((f"unsupported: {name}" for name in _UNSERVED if body.get(name)), "")


def write_completion(message: Message, *, call_id: str, model: str, created: int) -> bytes:
    """A chat.completion. Its usage is zero: no token of a large model was used."""
    chat = message_to_chat(message)
    chat = {"role": "assistant", "content": chat.get("content"), "refusal": None, **_calls(chat)}
    return orjson.dumps(
        {
            "id": f"chatcmpl-{call_id}",
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": [{"index": 0, "message": chat, "logprobs": None, "finish_reason": _finish(chat)}],
            "usage": _USAGE,
        }
    )


def write_stream(message: Message, *, call_id: str, model: str, created: int, with_usage: bool) -> bytes:
    """The same as server-sent events, ending in ``[DONE]``; `with_usage` as ``include_usage`` asks."""
    chat = message_to_chat(message)
    calls = _calls(chat).get("tool_calls", [])
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": "" if not calls else None, "refusal": None}
    ]
    if isinstance(chat.get("content"), str) and chat["content"]:
        deltas.append({"content": chat["content"]})
    for index, call in enumerate(calls):
        function = call.get("function", {})
        named = {"name": function.get("name", ""), "arguments": ""}
        deltas.append({"tool_calls": [{"index": index, **call, "function": named}]})
        arguments = {"index": index, "function": {"arguments": function.get("arguments", "")}}
        deltas.append({"tool_calls": [arguments]})
    choices: list[list[dict[str, Any]]] = [
        [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}] for delta in deltas
    ]
    choices.append([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish(chat)}])
    if with_usage:
        choices.append([])
    head = {
        "id": f"chatcmpl-{call_id}",
        "object": "chat.completion.chunk",
        "created": created,
        "model": model,
    }
    events = []
    for choice in choices:
        usage = {"usage": None if choice else _USAGE} if with_usage else {}
        events.append(b"data: " + orjson.dumps({**head, "choices": choice, **usage}) + b"\n\n")
    return b"".join([*events, b"data: [DONE]\n\n"])


_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _calls(chat: dict[str, Any]) -> dict[str, Any]:
    """Tool calls, each with an id: a client needs one to give the result back."""
    calls = chat.get("tool_calls")
    if not isinstance(calls, list) or not calls:
        return {}
    return {
        "tool_calls": [
            {**call, "id": call.get("id") or f"call_{number}", "type": "function"}
            for number, call in enumerate(calls)
        ]
    }


def _finish(chat: dict[str, Any]) -> str:
    return "tool_calls" if chat.get("tool_calls") else "stop"
