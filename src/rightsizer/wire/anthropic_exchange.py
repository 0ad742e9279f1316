"""Exchanges with Anthropic's Messages API: ``{"request": {…}, "response": {…}}``.

The other fields of the record are those of a call record. ``metadata.user_id`` of the request becomes
metadata too. A result of a batch is an exchange too, if its request was joined to it by ``custom_id``:
``{"custom_id", "params", "result"}``. What Chat has no name for stays: settings in `Request.params`,
fields of the response (``stop_reason``, ``container`` …) around the message, ``thinking_blocks`` on it.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
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
    if _is_of_batch(record):
        return True
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
    if _is_of_batch(record):
        record = _exchange_of(record)
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


def _is_of_batch(record: dict[str, Any]) -> bool:
    result = record.get("result")
    return "custom_id" in record and isinstance(result, dict) and isinstance(result.get("type"), str)


def _exchange_of(record: dict[str, Any]) -> dict[str, Any]:
    """The exchange of a batch's result with its request beside it. Raises `RecordError` without one."""
    result = record["result"]
    if not isinstance(record.get("params"), dict):
        raise RecordError(
            "no-request", "a batch's results hold no requests: join them by custom_id, as params"
        )
    kept = {name: value for name, value in record.items() if name not in ("params", "result")}
    exchange = {**kept, "request": record["params"], "response": result.get("message")}
    if result["type"] != "succeeded":
        about = result.get("error")
        inside = about.get("error", about) if isinstance(about, dict) else None
        words = inside.get("message") if isinstance(inside, dict) else None
        exchange |= {"response": None, "error": {"message": str(words or result["type"])}}
    return exchange
