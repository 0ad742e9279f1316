"""OpenAI stored completions: a chat.completion that also carries what it was asked.

The list endpoint gives completions with their request settings; the messages come from a second
endpoint, and exporters put them into ``messages`` (or ``input``), as a list or as the list object
``{"object": "list", "data": […]}`` of that endpoint.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared

# Fields of a stored completion that describe the answer; `metadata` is the caller's; the rest was asked.
_ANSWER = ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier")
_INPUT = ("messages", "input", "input_messages")


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record is a chat.completion on its own."""
    return isinstance(record.get("choices"), list) and "request" not in record


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError` (no-messages) if the input messages were not exported with it."""
    messages = next((found for name in _INPUT if (found := _messages(record.get(name))) is not None), None)
    if messages is None:
        raise RecordError(
            "no-messages",
            "the stored completion comes without the messages it answers",
            hint="fetch GET /v1/chat/completions/{id}/messages and put its data in `messages`",
        )
    asked = {
        name: value
        for name, value in record.items()
        if name not in (*_ANSWER, *_INPUT, "metadata", "request_id") and value is not None
    }
    completion = {name: record[name] for name in _ANSWER if name in record}
    translated = {
        "timestamp": record.get("created"),
        "request": {"model": record.get("model"), "messages": messages, **asked},
        "response": completion,
        "metadata": record.get("metadata") or {},
        "source": {"format": "openai-stored-completion", "request_id": record.get("request_id")},
    }
    if isinstance(record.get("id"), str):
        translated["id"] = record["id"]
    return call_from_record(translated, shared, call_id)


def _messages(value: Any) -> list[dict[str, Any]] | None:
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    if not isinstance(value, list):
        return None
    return [_message(item) for item in value]


def _message(item: Any) -> Any:
    """The messages endpoint adds ids and null fields, and gives list content in `content_parts`."""
    if not isinstance(item, dict):
        return item
    message = {
        name: value
        for name, value in item.items()
        if name not in ("id", "content_parts") and (value is not None or name == "content")
    }
    if isinstance(item.get("content_parts"), list):
        message["content"] = item["content_parts"]
    return message
