"""A student's answer as OpenAI's Responses API would give it."""

from __future__ import annotations

from typing import Any

import orjson

from rightsizer.types import Message

# A student cannot give or keep these; such calls go to the LLM. `store`: it is on unless the caller says
# no, and a later call may then go on from the id of this answer, which the LLM's server would not know.
_UNSERVED = ("background", "include", "top_logprobs", "max_tool_calls", "prompt")
_USAGE = {
    "input_tokens": 0,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 0,
}
# What the API tells back of the request, with its own defaults.
_ECHOED: dict[str, Any] = {
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "max_output_tokens": None,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}},
    "truncation": "disabled",
    "user": None,
}


def unserved_response(body: dict[str, Any]) -> str:
    """Why a student may not answer this body, or ``""``."""
    if body.get("store") is not False:
        return "unsupported: store"
    tools = body.get("tools")
    if any(not isinstance(t, dict) or t.get("type") != "function" for t in tools or ()):
        return "unsupported: tools"
    return next((f"unsupported: {name}" for name in _UNSERVED if body.get(name)), "")


def write_response(message: Message, *, call_id: str, body: dict[str, Any], created: int) -> bytes:
    """A response object. Its usage is zero: no token of a large model was used."""
    return orjson.dumps(_response(body, call_id, created, _items(message, call_id), "completed"))


def write_response_stream(message: Message, *, call_id: str, body: dict[str, Any], created: int) -> bytes:
    """The same as named server-sent events, numbered, ending in ``response.completed``."""
    items = _items(message, call_id)
    begun = _response(body, call_id, created, [], "in_progress")
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(items):
        events += _text_events(index, item) if item["type"] == "message" else _call_events(index, item)
    whole = _response(body, call_id, created, items, "completed")
    events.append({"type": "response.completed", "response": whole})
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (e["type"].encode(), orjson.dumps({**e, "sequence_number": n}))
        for n, e in enumerate(events)
    )


def _response(
    body: dict[str, Any], call_id: str, created: int, items: list[dict[str, Any]], status: str
) -> dict[str, Any]:
    echoed = {name: default if body.get(name) is None else body[name] for name, default in _ECHOED.items()}
    done = status == "completed"
    return {
        "id": f"resp_{call_id}",
        "object": "response",
        "created_at": created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": str(body.get("model", "")),
        "output": items,
        **echoed,
        "store": False,
        "usage": _USAGE if done else None,
    }


def _items(message: Message, call_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if message.text or not message.tool_calls:
        part = {"type": "output_text", "text": message.text, "annotations": [], "logprobs": []}
        named = {"id": f"msg_{call_id}", "type": "message", "role": "assistant", "status": "completed"}
        items.append({**named, "content": [part]})
    for number, call in enumerate(message.tool_calls):
        items.append(
            {
                "id": f"fc_{call_id}_{number}",
                "type": "function_call",
                "status": "completed",
                "call_id": call.id or f"call_{call_id}_{number}",
                "name": call.name,
                "arguments": call.arguments,
            }
        )
    return items


def _text_events(index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    part = item["content"][0]
    at = {"item_id": item["id"], "output_index": index, "content_index": 0}
    empty = {**part, "text": ""}
    begun = {**item, "status": "in_progress", "content": []}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": begun},
        {"type": "response.content_part.added", **at, "part": empty},
        {"type": "response.output_text.delta", **at, "delta": part["text"], "logprobs": []},
        {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _call_events(index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    begun = {**item, "status": "in_progress", "arguments": ""}
    arguments = item["arguments"]
    done = {"name": item["name"], "arguments": arguments}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": begun},
        {"type": "response.function_call_arguments.delta", **at, "delta": arguments},
        {"type": "response.function_call_arguments.done", **at, **done},
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]
