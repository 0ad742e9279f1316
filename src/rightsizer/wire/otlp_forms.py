"""OTLP/JSON in the other forms that files have: Tempo's API, snake case, and scopes under their old name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rightsizer.types import Call
from rightsizer.wire import otlp
from rightsizer.wire.shared import Shared
from rightsizer.wire.unread import Unread

_SNAKE = (
    "resource_spans", "scope_spans", "resource_logs", "scope_logs", "log_records", "trace_id", "span_id",
    "parent_span_id", "start_time_unix_nano", "end_time_unix_nano", "time_unix_nano",
    "observed_time_unix_nano", "string_value", "int_value", "bool_value", "double_value", "bytes_value",
    "array_value", "kvlist_value",
)  # fmt: skip
_OLD = {
    "batches": "resourceSpans",
    "instrumentationLibrarySpans": "scopeSpans",
    "instrumentation_library_spans": "scopeSpans",
    "instrumentationLibrary": "scope",
    "instrumentation_library": "scope",
}
# Names of the structure alone: an attribute's name is a value in OTLP, and no field.
_NAMES = {name: _camel for name in _SNAKE if (_camel := name[0] + name.title().replace("_", "")[1:])} | _OLD


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record is an export request of spans or of log records, in any of the forms."""
    if otlp.sniff(record) or "resource_spans" in record or "resource_logs" in record:
        return True
    inside = record.get("trace")
    if isinstance(inside, dict) and otlp.sniff(inside):
        return True
    batches = record.get("batches")
    scopes = ("scopeSpans", "instrumentationLibrarySpans")
    return isinstance(batches, list) and any(
        isinstance(b, dict) and any(s in b for s in scopes) for b in batches
    )


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Iterator[Call | Unread]:
    """See `rightsizer.wire.otlp.read`."""
    inside = record.get("trace")
    if not otlp.sniff(record) and isinstance(inside, dict):
        record = inside
    if not otlp.sniff(record) or _is_old(record):
        record = _renamed(record)
    return otlp.read(record, shared, call_id)


def _is_old(record: dict[str, Any]) -> bool:
    resources = record.get("resourceSpans")
    return isinstance(resources, list) and any(
        isinstance(resource, dict) and "instrumentationLibrarySpans" in resource for resource in resources
    )


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_NAMES.get(name, name): _renamed(inside) for name, inside in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, list) else value
