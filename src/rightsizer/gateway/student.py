"""A student's answer in the form that the caller asked for, or the reason why it cannot be given."""

from __future__ import annotations

import time
from typing import Any

import orjson

from rightsizer.gateway.answers import unserved_reason, write_completion, write_stream
from rightsizer.gateway.answers_anthropic import unserved_message, write_message, write_message_stream
from rightsizer.gateway.answers_responses import unserved_response, write_response, write_response_stream
from rightsizer.gateway.as_chat import CHAT, MESSAGES, RESPONSES
from rightsizer.gateway.routing import attempt
from rightsizer.types import Message


def student_answer(
    message: Message, call_id: str, request: bytes, path: bytes = CHAT
) -> tuple[list[tuple[bytes, bytes]], bytes] | str:
    """(headers, body) of the answer to a request to `path`, or a slug of what stands against it."""
    body, _ = attempt(orjson.loads, request)
    reason = _unserved(path, body) if isinstance(body, dict) else "error"
    if reason:
        return reason
    answer, failed = attempt(_written, message, call_id, body, path)
    return "error" if failed or answer is None else answer


def _unserved(path: bytes, body: dict[str, Any]) -> str:
    if path == RESPONSES:
        return unserved_response(body)
    return unserved_message(body) if path == MESSAGES else unserved_reason(body)


def _written(
    message: Message, call_id: str, body: dict[str, Any], path: bytes
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    streamed = bool(body.get("stream"))
    text = _text(message, call_id, body, path, streamed)
    if not streamed:
        return _headers(b"application/json", text), text
    return [*_headers(b"text/event-stream; charset=utf-8", text), (b"cache-control", b"no-cache")], text


def _text(message: Message, call_id: str, body: dict[str, Any], path: bytes, streamed: bool) -> bytes:
    model, created = str(body.get("model", "")), int(time.time())
    if path == RESPONSES:
        respond = write_response_stream if streamed else write_response
        return respond(message, call_id=call_id, body=body, created=created)
    if path == MESSAGES:
        return (write_message_stream if streamed else write_message)(message, call_id=call_id, model=model)
    if not streamed:
        return write_completion(message, call_id=call_id, model=model, created=created)
    options = body.get("stream_options")
    with_usage = bool(isinstance(options, dict) and options.get("include_usage"))
    return write_stream(message, call_id=call_id, model=model, created=created, with_usage=with_usage)


def _headers(content_type: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
