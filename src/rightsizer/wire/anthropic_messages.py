"""Anthropic's Messages API as OpenAI Chat JSON: requests, messages and responses.

``system`` becomes the first message, ``tool_use`` blocks tool calls, each ``tool_result`` a message of
the role ``tool``, base64 images data URLs, ``thinking`` reasoning (the blocks, with their signatures,
stay in ``thinking_blocks``). A block without a counterpart (document, server_tool_use …) stays in
`content` as it came. Text blocks keep their other fields (``cache_control``); a single plain one is
written as a string.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.names import chat_finish_reason, chat_tool_call
from rightsizer.wire.dialects.tools import read_tools

_REASONING = ("thinking", "redacted_thinking")
_OWN_BLOCKS = ("tool_use", "tool_result", *_REASONING)
_CACHE = ("cache_read_input_tokens", "cache_creation_input_tokens")


def is_anthropic_message(message: dict[str, Any]) -> bool:
    """Whether the content holds blocks only Anthropic has."""
    content = message.get("content")
    return isinstance(content, list) and any(
        isinstance(b, dict)
        and (b.get("type") in _OWN_BLOCKS or (b.get("type") == "image" and isinstance(b.get("source"), dict)))
        for b in content
    )


def is_anthropic_response(response: Any) -> bool:
    """Whether this is a whole answer of the Messages API."""
    return (
        isinstance(response, dict)
        and isinstance(response.get("content"), list)
        and (response.get("type") == "message" or "stop_reason" in response)
    )


def request_from_anthropic(body: dict[str, Any]) -> dict[str, Any]:
    """The Chat body of a Messages body; fields without a counterpart (``thinking``, ``top_k`` …) stay.

    Raises `RecordError` (no-messages, invalid-message, invalid-tools).
    """
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise RecordError("no-messages", "the request has no list of messages")
    chat = {k: v for k, v in body.items() if k not in ("messages", "system", "tools", "tool_choice")}
    chat["messages"] = [m for message in messages for m in messages_from_anthropic(message)]
    if body.get("system"):
        chat["messages"].insert(0, {"role": "system", "content": _content(body["system"])})
    if body.get("tools"):
        chat["tools"] = read_tools(body["tools"])
    if isinstance(body.get("tool_choice"), dict):
        chat |= _tool_choice(body["tool_choice"])
    if "stop_sequences" in chat:
        chat["stop"] = chat.pop("stop_sequences")
    shape = chat.get("output_format")
    if isinstance(shape, dict) and shape.get("type") == "json_schema" and "schema" in shape:
        del chat["output_format"]
        chat["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "response", "schema": shape["schema"]},
        }
    return chat


def messages_from_anthropic(message: Any) -> list[dict[str, Any]]:
    """The Chat messages one message is: several where tool results and text stand together.

    Raises `RecordError` (invalid-message).
    """
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise RecordError("invalid-message", "a message is not an object with a role")
    content = message.get("content")
    if not isinstance(content, list):
        return [message]
    others = {name: value for name, value in message.items() if name not in ("role", "content")}
    if message["role"] == "assistant":
        return [{**_assistant(content), **others}]
    result: list[dict[str, Any]] = []
    waiting: list[Any] = []
    for block in content:
        if isinstance(block, dict) and block.get("type") == "tool_result":
            if waiting:
                result.append({"role": message["role"], "content": _content(waiting)})
                waiting = []
            result.append(_tool_result(block))
        else:
            waiting.append(block)
    if waiting or not result:
        result.append({"role": message["role"], "content": _content(waiting)})
    result[-1] |= others
    return result


def completion_from_anthropic(response: dict[str, Any]) -> dict[str, Any]:
    """The chat.completion of a response. Fields Chat has no name for stay in it under their own.

    Raises `RecordError` (no-response) if it holds no content.
    """
    content = response.get("content")
    if not isinstance(content, list | str):
        raise RecordError("no-response", "the response has no content")
    message = _assistant(content) if isinstance(content, list) else {"role": "assistant", "content": content}
    named = ("type", "role", "content", "stop_reason", "usage")
    completion = {name: value for name, value in response.items() if name not in named}
    choice: dict[str, Any] = {"index": 0, "message": message}
    reason = response.get("stop_reason")
    if reason is not None:
        choice["finish_reason"] = chat_finish_reason(reason)
        completion["stop_reason"] = reason
    completion = {"object": "chat.completion", **completion, "choices": [choice]}
    if isinstance(response.get("usage"), dict):
        completion["usage"] = usage_from_anthropic(response["usage"])
    return completion


def usage_from_anthropic(usage: dict[str, Any]) -> dict[str, Any]:
    """Usage whose ``input_tokens`` counts the cached tokens too, which Anthropic counts beside it."""
    counts = [usage.get(name) for name in ("input_tokens", *_CACHE)]
    if not any(isinstance(count, int) and count for count in counts[1:]):
        return usage
    total = sum(count for count in counts if isinstance(count, int))
    read = usage.get(_CACHE[0])
    return {
        **usage,
        "input_tokens": total,
        **({"cached_input_tokens": read} if isinstance(read, int) else {}),
    }


def _assistant(content: list[Any]) -> dict[str, Any]:
    blocks = [{"type": "text", "text": b} if isinstance(b, str) else b for b in content]
    if not all(isinstance(block, dict) for block in blocks):
        raise RecordError("invalid-message", "a block of content is not an object")
    calls = [
        chat_tool_call(b["name"], b.get("input"), b.get("id"))
        for b in blocks
        if b.get("type") == "tool_use" and isinstance(b.get("name"), str)
    ]
    shown = [b for b in blocks if b.get("type") not in ("tool_use", *_REASONING)]
    message: dict[str, Any] = {"role": "assistant", "content": _content(shown) if shown else None}
    if calls:
        message["tool_calls"] = calls
    thinking = [b for b in blocks if b.get("type") in _REASONING]
    if thinking:
        message["reasoning_content"] = "\n".join(str(b["thinking"]) for b in thinking if "thinking" in b)
        message["thinking_blocks"] = thinking
    return message


def _tool_result(block: dict[str, Any]) -> dict[str, Any]:
    result = {"role": "tool", "content": _content(block.get("content"))}
    if isinstance(block.get("tool_use_id"), str):
        result["tool_call_id"] = block["tool_use_id"]
    return result | {k: v for k, v in block.items() if k not in ("type", "tool_use_id", "content")}


def _content(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    items = [_item(block) for block in content]
    if len(items) == 1 and isinstance(items[0], dict) and set(items[0]) == {"type", "text"}:
        return items[0]["text"]
    return items


def _item(block: Any) -> Any:
    source = block.get("source") if isinstance(block, dict) else None
    if not isinstance(source, dict) or block.get("type") != "image":
        return block
    if source.get("type") == "base64" and "data" in source:
        url = f"data:{source.get('media_type', 'image/png')};base64,{source['data']}"
    elif isinstance(source.get("url"), str):
        url = source["url"]
    else:
        return block
    others = {name: value for name, value in block.items() if name not in ("type", "source")}
    return {"type": "image_url", "image_url": {"url": url}, **others}


def _tool_choice(choice: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = {"auto": "auto", "any": "required", "none": "none"}
    chosen = kinds.get(str(choice.get("type")), choice)
    if choice.get("type") == "tool" and "name" in choice:
        chosen = {"type": "function", "function": {"name": choice["name"]}}
    if choice.get("disable_parallel_tool_use"):
        return {"tool_choice": chosen, "parallel_tool_calls": False}
    return {"tool_choice": chosen}
