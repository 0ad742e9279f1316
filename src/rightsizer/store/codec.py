"""Messages and calls as compact JSON values, and back.

Positional and short-named because every byte is kept for each call; defaults are left out. Reading
does not validate again (`model_construct`): only this module writes what it reads, under a seal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rightsizer.types import (
    Call,
    CallError,
    ImagePart,
    Message,
    OtherPart,
    Part,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
    Usage,
)


def encode_message(message: Message) -> list[Any]:
    """``[role, parts, name?, extra?]``; a lone text part is just its text."""
    parts = message.parts
    body: Any = (
        parts[0].content
        if len(parts) == 1 and isinstance(parts[0], TextPart)
        else [_encode_part(part) for part in parts]
    )
    if message.extra:
        return [message.role, body, message.name, message.extra]
    return [message.role, body, message.name] if message.name is not None else [message.role, body]


def has_free_form(message: Message) -> bool:
    """Whether the encoding holds dicts, whose key order must not count in the content address."""
    return bool(message.extra) or any(isinstance(part, OtherPart) for part in message.parts)


def _encode_part(part: Part) -> list[Any]:
    if isinstance(part, TextPart):
        return ["t", part.content]
    if isinstance(part, ToolCallPart):
        return ["c", part.id, part.name, part.arguments]
    if isinstance(part, ToolCallResponsePart):
        return ["r", part.id, part.response]
    if isinstance(part, ReasoningPart):
        return ["g", part.content]
    if isinstance(part, ImagePart):
        return ["i", part.url, part.detail]
    return ["o", part.raw]


_PARTS: dict[str, Callable[[list[Any]], Part]] = {
    "t": lambda p: TextPart.model_construct(content=p[1]),
    "c": lambda p: ToolCallPart.model_construct(id=p[1], name=p[2], arguments=p[3]),
    "r": lambda p: ToolCallResponsePart.model_construct(id=p[1], response=p[2]),
    "g": lambda p: ReasoningPart.model_construct(content=p[1]),
    "i": lambda p: ImagePart.model_construct(url=p[1], detail=p[2]),
    "o": lambda p: OtherPart.model_construct(raw=p[1]),
}


def decode_message(value: list[Any]) -> Message:
    """Inverse of `encode_message`."""
    body = value[1]
    parts: tuple[Part, ...] = (
        (TextPart.model_construct(content=body),)
        if isinstance(body, str)
        else tuple(_PARTS[part[0]](part) for part in body)
    )
    return Message.model_construct(
        role=value[0],
        parts=parts,
        name=value[2] if len(value) > 2 else None,
        extra=value[3] if len(value) > 3 else {},
    )


_FREE_FORM = (("o", "outcome"), ("d", "metadata"), ("b", "source"), ("x", "extra"))


def encode_call(call: Call) -> dict[str, Any]:
    """Everything of a call but what is stored once (messages, tools, response format, answer)."""
    body: dict[str, Any] = {"i": call.id}
    if call.session_id != call.id:
        body["s"] = call.session_id
    if call.timestamp is not None:
        body["t"] = call.timestamp.isoformat()
    if call.model:
        body["m"] = call.model
    if call.request.params:
        body["p"] = call.request.params
    if call.usage is not None:
        usage = call.usage
        body["u"] = [usage.input_tokens, usage.output_tokens, usage.cached_input_tokens, usage.extra]
    if call.error is not None:
        body["e"] = [call.error.status, call.error.message]
    for short, value in (("f", call.finish_reason), ("l", call.latency_s), ("c", call.cost_usd)):
        if value is not None:
            body[short] = value
    for short, name in _FREE_FORM:
        value = getattr(call, name)
        if value:
            body[short] = value
    return body


def decode_call(body: dict[str, Any], request: Request, response: Message | None) -> Call:
    """Inverse of `encode_call`, with the request and the answer already looked up."""
    usage = body.get("u")
    error = body.get("e")
    return Call.model_construct(
        id=body["i"],
        session_id=body.get("s", body["i"]),
        timestamp=datetime.fromisoformat(body["t"]) if "t" in body else None,
        model=body.get("m", ""),
        request=request,
        response=response,
        finish_reason=body.get("f"),
        usage=None
        if usage is None
        else Usage.model_construct(
            input_tokens=usage[0], output_tokens=usage[1], cached_input_tokens=usage[2], extra=usage[3]
        ),
        latency_s=body.get("l"),
        cost_usd=body.get("c"),
        outcome=body.get("o", {}),
        error=None if error is None else CallError.model_construct(status=error[0], message=error[1]),
        metadata=body.get("d", {}),
        source=body.get("b", {}),
        extra=body.get("x", {}),
    )
