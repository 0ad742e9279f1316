"""OpenAI's Responses API as OpenAI Chat JSON."""

from __future__ import annotations

import re
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.names import chat_tool_call, text_or_json
from rightsizer.wire.dialects.tools import read_tools

_ITEMS = ("function_call", "function_call_output", "reasoning", "message", "item_reference")
# Tools that run on the provider's side: kept whole beside the turn that they belong to.
_PROVIDERS_OWN = re.compile(r"\w+_call(_output)?|mcp_\w+|tool_search_\w+|additional_tools")
_TEXTS = ("input_text", "output_text")


def is_response_item(item: Any) -> bool:
    """Whether an item of a list is one only the Responses API has."""
    return isinstance(item, dict) and item.get("type") in _ITEMS


def request_from_responses(body: dict[str, Any]) -> dict[str, Any]:
    """The Chat body: ``instructions`` first, ``text.format`` as response_format.

    Raises `RecordError` (needs-history) where the conversation is kept by the server and not in it.
    """
    if body.get("previous_response_id") or body.get("conversation"):
        raise RecordError("needs-history", "the earlier turns of this response are not in the log")
    named = ("input", "instructions", "tools", "text")
    chat = {name: value for name, value in body.items() if name not in named}
    given = body.get("input")
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else messages_from_items(given)
    if isinstance(body.get("instructions"), str) and body["instructions"]:
        messages.insert(0, {"role": "system", "content": body["instructions"]})
    chat["messages"] = messages
    if body.get("tools"):
        chat["tools"] = read_tools(body["tools"])
    text = body.get("text")
    shape = text.get("format") if isinstance(text, dict) else None
    if isinstance(shape, dict) and shape.get("type") == "json_schema":
        inside = {name: value for name, value in shape.items() if name != "type"}
        chat["response_format"] = {"type": "json_schema", "json_schema": inside}
    elif isinstance(shape, dict) and shape.get("type") not in (None, "text"):
        chat["response_format"] = shape
    return chat


def messages_from_items(items: Any) -> list[dict[str, Any]]:
    """Chat messages; calls that follow one another, and the text before them, are one turn.

    Items of tools that the provider runs itself are ``provider_items`` of the turn.
    Raises `RecordError` (invalid-message).
    """
    if not isinstance(items, list):
        raise RecordError("invalid-message", "the items are not a list")
    messages: list[dict[str, Any]] = []
    for item in items:
        if not isinstance(item, dict):
            raise RecordError("invalid-message", f"an item is {type(item).__name__}, not an object")
        kind = item.get("type", "message")
        if kind == "function_call_output":
            messages.append(
                {"role": "tool", "tool_call_id": item.get("call_id"), "content": _output(item.get("output"))}
            )
        elif kind == "message" and isinstance(item.get("role"), str):
            message = {"role": item["role"], "content": _content(item.get("content"))}
            if item["role"] == "assistant":
                turn = _turn(messages)
                if turn.get("content") is None and "tool_calls" not in turn:
                    turn["content"] = message["content"]
                    continue
            messages.append(message)
        elif kind == "function_call" and isinstance(item.get("name"), str):
            call_id = item.get("call_id", item.get("id"))
            turn = _turn(messages)
            turn.setdefault("tool_calls", []).append(
                chat_tool_call(item["name"], item.get("arguments"), call_id)
            )
        elif kind == "reasoning":
            _turn(messages).setdefault("reasoning_items", []).append(item)
        elif isinstance(kind, str) and _PROVIDERS_OWN.fullmatch(kind):
            _turn(messages).setdefault("provider_items", []).append(item)
        else:
            raise RecordError("invalid-message", f"an item of the type {kind!r} has no place in a chat")
    return [_with_reasoning(message) for message in messages]


def completion_from_response(response: dict[str, Any]) -> dict[str, Any]:
    """The chat.completion of a response object. Raises `RecordError` (no-choices …)."""
    items = response.get("output")
    messages = messages_from_items(items)
    if len(messages) != 1 or messages[0]["role"] != "assistant":
        raise RecordError("no-choices", "the response does not hold one answer")
    if "provider_items" in messages[0] and messages[0]["content"] is None and "tool_calls" not in messages[0]:
        raise RecordError("no-choices", "the response holds only what a tool of the provider did")
    reason = "tool_calls" if "tool_calls" in messages[0] else "stop"
    incomplete = response.get("incomplete_details")
    if isinstance(incomplete, dict) and incomplete.get("reason"):
        reason = "length" if incomplete["reason"] == "max_output_tokens" else str(incomplete["reason"])
    named = ("output", "usage", "instructions", "tools", "text")
    completion = {name: value for name, value in response.items() if name not in named}
    completion["choices"] = [{"index": 0, "message": messages[0], "finish_reason": reason}]
    if isinstance(response.get("usage"), dict):
        completion["usage"] = response["usage"]
    return completion


def _turn(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The assistant's open turn: the last message, or a new one."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    return messages[-1]


def _with_reasoning(message: dict[str, Any]) -> dict[str, Any]:
    summaries = [
        text["text"]
        for item in message.get("reasoning_items", [])
        for text in (item["summary"] if isinstance(item.get("summary"), list) else [])
        if isinstance(text, dict) and isinstance(text.get("text"), str)
    ]
    return {**message, "reasoning_content": "\n".join(summaries)} if summaries else message


def _content(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    items = [_item(item) for item in content]
    if len(items) == 1 and isinstance(items[0], dict) and set(items[0]) == {"type", "text"}:
        return items[0]["text"]
    return items


def _item(item: Any) -> Any:
    if isinstance(item, dict) and item.get("type") in _TEXTS and isinstance(item.get("text"), str):
        return {"type": "text", "text": item["text"]}
    if (
        isinstance(item, dict)
        and item.get("type") == "input_image"
        and isinstance(item.get("image_url"), str)
    ):
        detail = item.get("detail")
        return {
            "type": "image_url",
            "image_url": {"url": item["image_url"]} | ({"detail": detail} if detail else {}),
        }
    return item


def _output(output: Any) -> Any:
    return _content(output) if isinstance(output, list) else text_or_json(output)
