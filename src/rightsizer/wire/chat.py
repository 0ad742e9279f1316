"""OpenAI Chat JSON ⇄ our types, losing nothing.

What a field has no name for goes to `Message.extra` under its own name. *How* something was written,
where there is more than one way (content as a list, arguments as an object, `reasoning` instead of
`reasoning_content`), goes to ``extra["_form"]``, so that most messages have an empty `extra`, and
export gives back the JSON that came in. A message of ours that Chat JSON cannot express carries itself
in the field ``rightsizer_message``.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from rightsizer.errors import RecordError
from rightsizer.types import (
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallResponsePart,
)
from rightsizer.wire.content import content_from_parts, parts_from_content, text_of_content
from rightsizer.wire.jsontext import plain
from rightsizer.wire.tool_calls import calls_from_chat, calls_to_chat

FORM = "_form"
NATIVE = "rightsizer_message"
_REASONING_FIELDS = ("reasoning_content", "reasoning")
_TOOL_ROLES = ("tool", "function")


def message_from_chat(chat: dict[str, Any]) -> Message:
    """One Chat message. Raises `RecordError` (invalid-message) if it is not one."""
    if not isinstance(chat, dict):
        raise RecordError("invalid-message", f"a message is {type(chat).__name__}, not an object")
    if NATIVE in chat:
        return _message_from_native(chat[NATIVE])
    role = chat.get("role")
    if not isinstance(role, str):
        raise RecordError("invalid-message", "a message has no role")
    extra = {name: value for name, value in chat.items() if name not in ("role", "content")}
    form: dict[str, Any] = {}
    if FORM in extra:
        form["was"] = extra.pop(FORM)
    name = extra.pop("name") if isinstance(extra.get("name"), str) else None
    parts: list[Part] = []
    if role in _TOOL_ROLES:
        parts.append(_tool_response(chat, extra, form))
    else:
        parts += _reasoning(extra, form)
        parts += parts_from_content(chat, form)
        parts += calls_from_chat(extra, form)
    if form:
        extra[FORM] = form
    return Message(role=role, parts=tuple(parts), name=name, extra=extra)


def message_to_chat(message: Message) -> dict[str, Any]:
    """The Chat JSON of a message; `message_from_chat` gives an equal message back."""
    chat = _message_to_plain_chat(message)
    try:
        if message_from_chat(chat) == message:
            return chat
    except (RecordError, ValidationError):
        pass
    chat[NATIVE] = plain(message.model_dump())
    return chat


def _message_to_plain_chat(message: Message) -> dict[str, Any]:
    """Best effort: exact for what came from Chat JSON, near enough for people otherwise."""
    extra = dict(message.extra)
    form = extra.pop(FORM, None)
    form = form if isinstance(form, dict) else {}
    chat: dict[str, Any] = {"role": message.role}
    if message.role in _TOOL_ROLES:
        _tool_response_to_chat(message, chat, form)
    else:
        content = content_from_parts(message.parts, form)
        calls = calls_to_chat(message.tool_calls, form)
        if form.get("content") != "absent":
            chat["content"] = content
        chat.update(calls)
        reasoning = [part.content for part in message.parts if isinstance(part, ReasoningPart)]
        if reasoning:
            chat[str(form.get("reasoning", _REASONING_FIELDS[0]))] = "\n".join(reasoning)
    if message.name is not None:
        chat["name"] = message.name
    if "was" in form:
        chat[FORM] = form["was"]
    return {**chat, **extra}


def _reasoning(extra: dict[str, Any], form: dict[str, Any]) -> list[Part]:
    for field in _REASONING_FIELDS:
        if isinstance(extra.get(field), str):
            if field != _REASONING_FIELDS[0]:
                form["reasoning"] = field
            return [ReasoningPart(content=extra.pop(field))]
    return []


def _tool_response(chat: dict[str, Any], extra: dict[str, Any], form: dict[str, Any]) -> Part:
    call_id = extra.pop("tool_call_id") if isinstance(extra.get("tool_call_id"), str) else None
    content = chat.get("content")
    if "content" not in chat:
        form["content"] = "absent"
    elif not isinstance(content, str):
        form["content"] = [content]
    return ToolCallResponsePart(id=call_id, response=text_of_content(content))


def _tool_response_to_chat(message: Message, chat: dict[str, Any], form: dict[str, Any]) -> None:
    for part in message.parts:
        if isinstance(part, ToolCallResponsePart):
            if part.id is not None:
                chat["tool_call_id"] = part.id
            chat["content"] = part.response
    if form.get("content") == "absent":
        chat.pop("content", None)
    elif isinstance(form.get("content"), list) and form["content"]:
        chat["content"] = form["content"][0]
    elif "content" not in chat:
        chat["content"] = message.text


def _message_from_native(native: Any) -> Message:
    try:
        return Message.model_validate(native)
    except ValidationError as error:
        raise RecordError("invalid-message", f"`{NATIVE}` is not a message: {error}") from error


def text_message(role: str, text: str) -> Message:
    """A message that is just text."""
    return Message(role=role, parts=(TextPart(content=text),))
