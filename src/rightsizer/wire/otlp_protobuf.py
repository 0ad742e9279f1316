"""OTLP's protobuf form of an export request, as the OTLP/JSON that `otlp` reads. Needs the extra ``otel``."""

from __future__ import annotations

import base64
from typing import Any

from rightsizer.errors import MissingExtra, RecordError

_IDS = ("traceId", "spanId", "parentSpanId")


def export_request_from_protobuf(body: bytes) -> dict[str, Any]:
    """An ``ExportTraceServiceRequest``. Raises `RecordError` (invalid-protobuf), `MissingExtra` (otel)."""
    try:
        from google.protobuf.json_format import MessageToDict
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError:
        raise MissingExtra("otel", "OTLP as protobuf") from None
    try:
        message = ExportTraceServiceRequest.FromString(body)
        request: dict[str, Any] = MessageToDict(message, use_integers_for_enums=True)
    except (DecodeError, UnicodeDecodeError, ValueError) as error:
        raise RecordError("invalid-protobuf", "the body is no OTLP export request of spans") from error
    for resource in request.get("resourceSpans", []):
        for scope in resource.get("scopeSpans", []):
            for span in scope.get("spans", []):
                _write_ids(span)
                for link in span.get("links", []):
                    _write_ids(link)
    return request


def _write_ids(item: dict[str, Any]) -> None:
    """Ids are hex in OTLP/JSON, where protobuf's own JSON has base64."""
    for name in _IDS:
        if name in item:
            item[name] = base64.b64decode(item[name]).hex()
