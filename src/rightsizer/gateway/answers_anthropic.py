"""A student's answer as Anthropic's Messages API would give it."""

from __future__ import annotations

from typing import Any

import orjson

from rightsizer.types import Message

# A student cannot give these; such calls go to the LLM.
_UNSERVED = ("container", "mcp_servers", "context_management")
_USAGE = {
    "input_tokens": 0,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": 0,
}


def unserved_message(body: dict[str, Any]) -> str:
    """Why a student may not answer this body, or ``""``."""
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("type") not in (None, "disabled"):
        return "unsupported: thinking"
    tools = body.get("tools")
    if any(not isinstance(t, dict) or t.get("type", "custom") not in (None, "custom") for t in tools or ()):
        return "unsupported: tools"
    return next((f"unsupported: {name}" for name in _UNSERVED if body.get(name)), "")


def write_message(message: Message, *, call_id: str, model: str) -> bytes:
    """A message object. Raises ValueError if the arguments of a tool are no JSON object."""
    blocks = _blocks(message, call_id)
    return orjson.dumps({**_head(call_id, model), "content": blocks, **_end(blocks), "usage": _USAGE})


def write_message_stream(message: Message, *, call_id: str, model: str) -> bytes:
    """The same as named server-sent events, ending in ``message_stop``. Raises as `write_message`."""
    blocks = _blocks(message, call_id)
    begun = {**_head(call_id, model), "content": [], "stop_reason": None, "stop_sequence": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {**begun, "usage": _USAGE}}]
    for index, block in enumerate(blocks):
        empty: dict[str, Any] = {"type": "text", "text": ""}
        if block["type"] == "text":
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            text = orjson.dumps(block["input"]).decode()
            delta = {"type": "input_json_delta", "partial_json": text}
        events += [
            {"type": "content_block_start", "index": index, "content_block": empty},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    events += [
        {"type": "message_delta", "delta": _end(blocks), "usage": {"output_tokens": 0}},
        {"type": "message_stop"},
    ]
    return b"".join(b"event: %s\ndata: %s\n\n" % (e["type"].encode(), orjson.dumps(e)) for e in events)


def _head(call_id: str, model: str) -> dict[str, Any]:
    return {"id": f"msg_{call_id}", "type": "message", "role": "assistant", "model": model}


def _end(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    calls = any(block["type"] == "tool_use" for block in blocks)
    return {"stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None}


def _blocks(message: Message, call_id: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if message.text or not message.tool_calls:
        blocks.append({"type": "text", "text": message.text})
    for number, call in enumerate(message.tool_calls):
        given = orjson.loads(call.arguments or "{}")
        if not isinstance(given, dict):
            raise ValueError("the arguments of a tool call are no object")
        named = {"type": "tool_use", "id": call.id or f"toolu_{call_id}_{number}", "name": call.name}
        blocks.append({**named, "input": given})
    return blocks
