"""OpenPipe's reports: ``{requestedAt, receivedAt, reqPayload, respPayload, statusCode, tags}``.

``tags`` become metadata. The session is taken from the tags, as everywhere.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.requests import read_request, value_of_text
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared
from rightsizer.wire.timestamps import parse_timestamp

_NAMED = (
    "requestedAt",
    "receivedAt",
    "reqPayload",
    "respPayload",
    "statusCode",
    "errorMessage",
    "tags",
    "id",
)


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record has OpenPipe's name for the request."""
    return "reqPayload" in record


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError` as `call_from_record` does, and no-messages."""
    request = value_of_text(record.get("reqPayload"))
    if not isinstance(request, dict):
        raise RecordError("no-request", "reqPayload is not an object")
    response, status = value_of_text(record.get("respPayload")), record.get("statusCode")
    if isinstance(status, str) and status.isascii() and status.isdecimal() and len(status) == 3:
        status = int(status)
    translated: dict[str, Any] = {
        "timestamp": record.get("requestedAt"),
        "request": read_request(request),
        "metadata": _tags(value_of_text(record.get("tags"))),
        "source": {"format": "openpipe"},
        "openpipe": {name: value for name, value in record.items() if name not in _NAMED},
    }
    asked, received = parse_timestamp(record.get("requestedAt")), parse_timestamp(record.get("receivedAt"))
    if asked and received:
        translated["latency_s"] = (received - asked).total_seconds()
    failed = (isinstance(status, int) and status >= 400) or (response is None and record.get("errorMessage"))
    if failed:
        words = record.get("errorMessage")
        translated["error"] = {"status": status, "message": words if isinstance(words, str) else ""}
        translated["response"] = None
        translated["openpipe"]["respPayload"] = response
    else:
        translated["response"] = read_response(response)
    if isinstance(record.get("id"), str):
        translated["id"] = record["id"]
    if not translated["openpipe"]:
        del translated["openpipe"]
    return call_from_record(translated, shared, call_id)


def _tags(tags: Any) -> dict[str, Any]:
    """Tags as an object, from an object or from a list of names and values."""
    if isinstance(tags, dict):
        return tags
    if isinstance(tags, list):
        return {
            tag["name"]: tag.get("value")
            for tag in tags
            if isinstance(tag, dict) and isinstance(tag.get("name"), str)
        }
    return {}
