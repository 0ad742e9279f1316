"""Messages as lists of parts: OpenTelemetry's GenAI conventions and Gemini.

OTel (``gen_ai.input.messages``): ``{"role", "parts": [{"type": "text" | "tool_call" | …}]}``.
Gemini: ``{"role", "parts": [{"text"} | {"function_call"} | {"functionResponse"} | …]}``.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.names import chat_role, chat_tool_call, id_text, text_or_json

_CALLS = ("function_call", "functionCall")
_RESPONSES = ("function_response", "functionResponse")
_DATA = ("inline_data", "inlineData")


def messages_from_parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The Chat messages one message is: every tool's response is one of its own.

    A part of a kind that Chat has no place for stays in `content` as it came. Raises `RecordError`
    (invalid-message).
    """
    role = chat_role(message["role"]) if isinstance(message.get("role"), str) else "user"
    others = {
        name: value
        for name, value in message.items()
        if name not in ("role", "parts", "finish_reason") and value is not None
    }
    result: list[dict[str, Any]] = []
    shown: list[Any] = []
    calls: list[dict[str, Any]] = []
    reasoning: list[str] = []
    for part in message["parts"]:
        if not isinstance(part, dict):
            raise RecordError("invalid-message", f"a part is {type(part).__name__}, not an object")
        response = _tool_response(part)
        thought = _thought(part)
        call = _tool_call(part)
        if response is not None:
            result.append(response)
        elif call is not None:
            calls.append(call)
        elif thought is not None:
            reasoning.append(thought)
        else:
            shown.append(_item(part))
    if shown or calls or reasoning or not result:
        chat: dict[str, Any] = {"role": role, "content": _content(shown)}
        if calls:
            chat["tool_calls"] = calls
        if reasoning:
            chat["reasoning_content"] = "\n".join(reasoning)
        result.append(chat)
    result[-1] |= others
    return result


def _content(items: list[Any]) -> Any:
    if not items:
        return None
    is_plain = len(items) == 1 and set(items[0]) == {"type", "text"}
    return items[0]["text"] if is_plain else items


def _tool_call(part: dict[str, Any]) -> dict[str, Any] | None:
    if part.get("type") == "tool_call" and isinstance(part.get("name"), str):
        return chat_tool_call(part["name"], part.get("arguments"), part.get("id"))
    call = next((part[name] for name in _CALLS if isinstance(part.get(name), dict)), None)
    if call is None or not isinstance(call.get("name"), str):
        return None
    return chat_tool_call(call["name"], call.get("args"), call.get("id"))


def _tool_response(part: dict[str, Any]) -> dict[str, Any] | None:
    if part.get("type") == "tool_call_response":
        given = next((part[name] for name in ("response", "result", "content") if name in part), None)
        found, call_id, name = given, part.get("id"), part.get("name")
    else:
        answer = next((part[name] for name in _RESPONSES if isinstance(part.get(name), dict)), None)
        if answer is None:
            return None
        found, call_id, name = answer.get("response"), answer.get("id"), answer.get("name")
    message: dict[str, Any] = {"role": "tool", "content": text_or_json(found)}
    if call_id is not None:
        message["tool_call_id"] = id_text(call_id)
    if isinstance(name, str):
        message["name"] = name
    return message


def _thought(part: dict[str, Any]) -> str | None:
    if part.get("type") in ("reasoning", "thinking") and isinstance(part.get("content"), str):
        return str(part["content"])
    return part["text"] if part.get("thought") is True and isinstance(part.get("text"), str) else None


def _item(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") == "text" and isinstance(part.get("content"), str):
        return {"type": "text", "text": part["content"]}
    if "type" not in part and isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"]}
    url = _image_url(part)
    return part if url is None else {"type": "image_url", "image_url": {"url": url}}


def _image_url(part: dict[str, Any]) -> str | None:
    if part.get("modality") == "image":
        if part.get("type") == "uri" and isinstance(part.get("uri"), str):
            return str(part["uri"])
        if part.get("type") == "blob" and isinstance(part.get("content"), str):
            return f"data:{part.get('mime_type') or 'image/png'};base64,{part['content']}"
    data = next((part[name] for name in _DATA if isinstance(part.get(name), dict)), None)
    kind = None if data is None else data.get("mime_type", data.get("mimeType"))
    if data is None or not isinstance(kind, str) or not kind.startswith("image/"):
        return None
    return f"data:{kind};base64,{data.get('data', '')}"
