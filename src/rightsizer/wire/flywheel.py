"""The record of NVIDIA's data flywheel: ``{timestamp, workload_id, client_id, request, response}``.

`workload_id` and `client_id` become metadata: they name the step and the deployment, which a learner
may use. Tool calls may have their arguments as an object. Request and response may be of any API that is read
(Chat, Anthropic's Messages, Responses, Gemini).
"""

from __future__ import annotations

from typing import Any

from rightsizer.types import Call
from rightsizer.wire import anthropic_exchange, exchange
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared

_NAMES = ("workload_id", "client_id")


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record names a workload or a client besides its request."""
    return isinstance(record.get("request"), dict) and any(name in record for name in _NAMES)


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError` as `call_from_record` does."""
    metadata = record.get("metadata")
    named = {name: record[name] for name in _NAMES if record.get(name) is not None}
    translated = {name: value for name, value in record.items() if name not in _NAMES}
    translated["metadata"] = {**(metadata if isinstance(metadata, dict) else {}), **named}
    if anthropic_exchange.sniff(translated):
        return anthropic_exchange.read(translated, shared, call_id)
    if exchange.sniff(translated):
        return exchange.read(translated, shared, call_id)
    return call_from_record(translated, shared, call_id)
