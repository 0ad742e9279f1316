"""Exchanges with Anthropic's Messages API: ``{"request": {…}, "response": {…}}``.

The other fields of the record are those of a call record. ``metadata.user_id`` of the request becomes
metadata too. What Chat has no name for stays: settings in `Request.params`, fields of the response
(``stop_reason``, ``container`` …) around the message, ``thinking_blocks`` on it.
"""

from __future__ import annotations

from typing import Any

from rightsizer.types import Call
from rightsizer.wire.anthropic_messages import (
    completion_from_anthropic,
    is_anthropic_message,
    is_anthropic_response,
    request_from_anthropic,
)
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared


def sniff(record: dict[str, Any]) -> bool:
    """Whether request or response is in a form only Anthropic's API has."""
    request, response = record.get("request"), record.get("response")
    if not isinstance(request, dict) or not isinstance(request.get("messages"), list):
        return False
    if isinstance(response, dict) and "choices" in response:
        return False
    tools = request.get("tools")
    return (
        is_anthropic_response(response)
        or "system" in request
        or any(isinstance(m, dict) and is_anthropic_message(m) for m in request["messages"])
        or (isinstance(tools, list) and any(isinstance(t, dict) and "input_schema" in t for t in tools))
    )


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError` as `call_from_record` and `request_from_anthropic` do."""
    request, response = record.get("request"), record.get("response")
    translated = dict(record)
    if isinstance(request, dict):
        translated["request"] = request_from_anthropic(request)
        about = request.get("metadata")
        if isinstance(about, dict) and about.get("user_id") and "metadata" not in record:
            translated["metadata"] = {"user_id": about["user_id"]}
    if isinstance(response, dict) and "content" in response:
        translated["response"] = completion_from_anthropic(response)
    return call_from_record(translated, shared, call_id)
