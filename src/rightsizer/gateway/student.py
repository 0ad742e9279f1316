"""A student's answer in the form that the caller asked for, or the reason why it cannot be given."""

from __future__ import annotations

import time
from typing import Any

import orjson

from rightsizer.gateway.answers import unserved_reason, write_completion, write_stream
from rightsizer.gateway.routing import attempt
from rightsizer.types import Message


def student_answer(
    message: Message, call_id: str, request: bytes
) -> tuple[list[tuple[bytes, bytes]], bytes] | str:
    """(headers, body) of the answer to a Chat request, or a slug of what stands against it."""
    body, _ = attempt(orjson.loads, request)
    reason = unserved_reason(body) if isinstance(body, dict) else "error"
    if reason:
        return reason
    answer, failed = attempt(_written, message, call_id, body)
    return "error" if failed or answer is None else answer


def _written(message: Message, call_id: str, body: dict[str, Any]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    model, created = str(body.get("model", "")), int(time.time())
    if not body.get("stream"):
        whole = write_completion(message, call_id=call_id, model=model, created=created)
        return _headers(b"application/json", whole), whole
    options = body.get("stream_options")
    with_usage = bool(isinstance(options, dict) and options.get("include_usage"))
    events = write_stream(message, call_id=call_id, model=model, created=created, with_usage=with_usage)
    return [*_headers(b"text/event-stream; charset=utf-8", events), (b"cache-control", b"no-cache")], events


def _headers(content_type: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
