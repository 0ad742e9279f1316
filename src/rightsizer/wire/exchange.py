"""Exchanges with OpenAI's Responses API or Gemini's generateContent: ``{"request": {…}, "response": {…}}``.

The other fields of the record are those of a call record. A response that refers to earlier turns by id
(``previous_response_id``) lacks what it answers, and is told as needs-history.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.requests import read_request
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared


def sniff(record: dict[str, Any]) -> bool:
    """Whether the request has ``input`` or ``contents`` where Chat has ``messages``."""
    request = record.get("request")
    return (
        isinstance(request, dict)
        and "messages" not in request
        and bool({"input", "contents"} & request.keys())
    )


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError` (not-a-chat for embeddings; no-request, no-messages, no-response …)."""
    request, response = record.get("request"), record.get("response")
    if not isinstance(request, dict):
        raise RecordError("no-request", "the record has no request object")
    if isinstance(response, dict) and isinstance(response.get("data"), list):
        raise RecordError("not-a-chat", "embeddings give nothing to learn from")
    translated = {**record, "request": read_request(request)}
    is_error = isinstance(response, dict) and response.get("error") is not None and not response.get("output")
    if response is not None and not is_error:
        translated["response"] = read_response(response)
    return call_from_record(translated, shared, call_id)
