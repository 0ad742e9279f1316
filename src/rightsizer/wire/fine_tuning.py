"""OpenAI fine-tuning JSONL: ``{"messages": […], "tools": […]}``.

The last assistant message is the answer; earlier assistant turns are its context. What follows the
answer, if anything does, is kept in ``extra["messages_after"]``.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared

_OF_THE_RECORD = ("id", "session_id", "timestamp", "metadata", "outcome")


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record is a conversation on its own."""
    return isinstance(record.get("messages"), list) and not {"request", "response", "choices"} & record.keys()


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError` (no-messages; no-answer if no message is the assistant's)."""
    messages = record.get("messages")
    if not isinstance(messages, list):
        raise RecordError("no-messages", "the record has no list of messages")
    answers = [n for n, m in enumerate(messages) if isinstance(m, dict) and m.get("role") == "assistant"]
    if not answers:
        raise RecordError("no-answer", "none of the messages is the assistant's")
    last = answers[-1]
    asked = {k: v for k, v in record.items() if k != "messages" and k not in _OF_THE_RECORD}
    translated: dict[str, Any] = {k: record[k] for k in _OF_THE_RECORD if k in record}
    translated |= {
        "request": {**asked, "messages": messages[:last]},
        "response": messages[last],
        "source": {"format": "openai-fine-tuning"},
    }
    if messages[last + 1 :]:
        translated["messages_after"] = messages[last + 1 :]
    return call_from_record(translated, shared, call_id)
