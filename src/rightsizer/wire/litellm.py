"""LiteLLM's logs: the StandardLoggingPayload of its callbacks, and rows of the proxy's spend log.

The caller's own metadata (``metadata.requester_metadata``) and the request tags become metadata; the
session is the caller's, else LiteLLM's ``trace_id``, which holds the calls of one request together.
Keys, users and all else that LiteLLM adds stay in ``extra["litellm"]``.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.requests import read_request, value_of_text
from rightsizer.wire.numbers import read_number
from rightsizer.wire.record import SESSION_KEYS, call_from_record
from rightsizer.wire.shared import Shared
from rightsizer.wire.timestamps import parse_timestamp

_CALLS = ("completion", "acompletion", "anthropic_messages", "responses", "aresponses", "")
_NAMED = ("id", "request_id", "messages", "response", "model_parameters", "model", "startTime", "endTime")
_COSTS = ("response_cost", "spend")
_REDACTED = "redacted-by-litellm"


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record has LiteLLM's call type beside its cost."""
    return "call_type" in record and any(name in record for name in (*_COSTS, "model_parameters"))


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError`: not-a-chat for embeddings, images and the like, no-messages, or
    no-content where LiteLLM has logged that there was a call and not its text."""
    kind = str(record.get("call_type") or "")
    if kind not in _CALLS:
        raise RecordError("not-a-chat", f"a call of the type {kind!r} gives nothing to learn from")
    given = _input(record)
    if _is_redacted(given) or _is_redacted(value_of_text(record.get("response"))):
        raise RecordError("no-content", "LiteLLM's message logging was off")
    request = read_request(given)
    settings = value_of_text(record.get("model_parameters"))
    if isinstance(settings, dict):
        request = read_request({**settings, **request, "messages": request["messages"]})
    metadata = _metadata(record)
    translated: dict[str, Any] = {
        "timestamp": record.get("startTime"),
        "model": record.get("model"),
        "request": request,
        "metadata": metadata,
        "source": {"format": "litellm"},
        "litellm": {name: value for name, value in record.items() if name not in _NAMED},
    }
    if not any(metadata.get(key) for key in SESSION_KEYS):
        translated["session_id"] = record.get("session_id") or record.get("trace_id")
    call = record.get("id", record.get("request_id"))
    if isinstance(call, str):
        translated["id"] = call
    cost = next((n for name in _COSTS if (n := read_number(record.get(name))) is not None), None)
    if cost is not None:
        translated["cost_usd"] = cost
    started, ended = parse_timestamp(record.get("startTime")), parse_timestamp(record.get("endTime"))
    if started and ended:
        translated["latency_s"] = (ended - started).total_seconds()
    return call_from_record({**translated, **_answer(record)}, shared, call_id)


def _input(record: dict[str, Any]) -> Any:
    """The messages; the spend log may hold them only in the request as it came."""
    given = value_of_text(record.get("messages"))
    body = value_of_text(record.get("proxy_server_request"))
    if not given and isinstance(body, dict):
        inside = body.get("body")
        return inside if isinstance(inside, dict) else body
    return given


def _is_redacted(value: Any) -> bool:
    """Whether a text in it is the word that LiteLLM puts in place of texts."""
    if isinstance(value, dict):
        return any(
            _is_redacted(value.get(name)) for name in ("text", "content", "message", "choices", "output")
        )
    return value == _REDACTED or (isinstance(value, list) and any(map(_is_redacted, value)))


def _metadata(record: dict[str, Any]) -> dict[str, Any]:
    asked = _about(record).get("requester_metadata")
    metadata = dict(asked) if isinstance(asked, dict) else {}
    tags = value_of_text(record.get("request_tags"))
    return {**metadata, "tags": tags} if isinstance(tags, list) and tags else metadata


def _about(record: dict[str, Any]) -> dict[str, Any]:
    """What LiteLLM says of the call; the spend log has it as text."""
    given = value_of_text(record.get("metadata"))
    return given if isinstance(given, dict) else {}


def _answer(record: dict[str, Any]) -> dict[str, Any]:
    metadata = _about(record)
    if "failure" in (record.get("status"), metadata.get("status")):
        about = value_of_text(record.get("error_information")) or metadata.get("error_information")
        about = about if isinstance(about, dict) else {}
        code = str(about.get("error_code") or "")
        words = about.get("error_message") or record.get("error_str") or "failure"
        return {
            "response": None,
            "error": {
                "status": int(code) if code.isdecimal() and len(code) == 3 else None,
                "message": str(words),
            },
        }
    if value_of_text(record.get("response")) in ({}, []):
        raise RecordError("no-response", "the answer was not logged (store_prompts_in_spend_logs)")
    response = read_response(record.get("response"))
    answer: dict[str, Any] = {"response": response}
    if "usage" not in response and record.get("prompt_tokens"):
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        answer["usage"] = {name: record[name] for name in names if isinstance(record.get(name), int)}
    return answer
