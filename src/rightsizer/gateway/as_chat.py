"""Requests of the other APIs as the Chat body that tasks and students know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from rightsizer.errors import RecordError
from rightsizer.wire.anthropic_messages import request_from_anthropic
from rightsizer.wire.dialects.responses import request_from_responses
from rightsizer.wire.embeddings import EMBEDDINGS
from rightsizer.wire.jsontext import parse_json

CHAT, RESPONSES, MESSAGES = b"/v1/chat/completions", b"/v1/responses", b"/v1/messages"
ROUTED = (CHAT, RESPONSES, MESSAGES)
RECORDED = (*ROUTED, EMBEDDINGS.encode())
_READERS: dict[bytes, Callable[[dict[str, Any]], dict[str, Any]]] = {
    RESPONSES: request_from_responses,
    MESSAGES: request_from_anthropic,
}


def as_chat(path: bytes, body: bytes) -> bytes | None:
    """The Chat body of a request to `path`; None if it has none: that is the LLM's to answer."""
    reader = _READERS.get(path)
    if reader is None:
        return body
    try:
        given = parse_json(body)
        return orjson.dumps(reader(given)) if isinstance(given, dict) else None
    except (RecordError, orjson.JSONEncodeError):
        return None
