"""``POST /v1/traces``: an OTLP/HTTP receiver for GenAI spans, JSON and protobuf."""

from __future__ import annotations

from typing import Any

import orjson

from rightsizer.errors import MissingExtra, RecordError
from rightsizer.wire.callers import NameOf, hide_in_spans
from rightsizer.wire.encoding import decode_body
from rightsizer.wire.otlp import sniff
from rightsizer.wire.otlp_protobuf import export_request_from_protobuf

PATH = "/v1/traces"
JSON, PROTOBUF = "application/json", "application/x-protobuf"


def read_traces(body: bytes, content_type: str, encoding: str, max_bytes: int, name_of: NameOf) -> bytes:
    """The export request as OTLP/JSON, `name_of` its users in their place.

    Raises `RecordError`; `status_of` it is the answer.
    """
    plain = decode_body(body, encoding, max_bytes)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == PROTOBUF:
        try:
            request = export_request_from_protobuf(plain)
            hide_in_spans(request, name_of)
            return orjson.dumps(request)
        except MissingExtra as error:
            raise RecordError("unsupported-type", f"{error.message}; send application/json") from error
    if kind != JSON:
        raise RecordError("unsupported-type", f"send {JSON} or {PROTOBUF}")
    try:
        value: Any = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise RecordError("invalid-json", "the body is no JSON") from error
    if not isinstance(value, dict) or (value and not sniff(value)) or not all(map(_is_list, value.items())):
        raise RecordError("invalid-json", "the body is no OTLP export request")
    return orjson.dumps(value) if hide_in_spans(value, name_of) else plain


def _is_list(field: tuple[str, Any]) -> bool:
    """Whether what should be a list of objects is one."""
    name, value = field
    if name not in ("resourceSpans", "resourceLogs"):
        return True
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def status_of(error: RecordError) -> int:
    """The HTTP status that says what was wrong with the spans."""
    return 415 if error.reason in ("unsupported-type", "unreadable-encoding") else 400


def success(content_type: str) -> tuple[bytes, bytes]:
    """(body, content type) of an ExportTraceServiceResponse without complaint, as the sender speaks."""
    is_protobuf = content_type.startswith(PROTOBUF)
    return (b"", PROTOBUF.encode()) if is_protobuf else (b"{}", JSON.encode())
