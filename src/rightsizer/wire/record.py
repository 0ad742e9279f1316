"""The call record of rightsizer (JSON) ⇄ `Call`.

Fields: ``id, session_id, timestamp, model, request, response, finish_reason, usage, latency_s,
cost_usd, outcome, error, metadata, source``. Only `request` and `response` (or `error`) are required.
`request` is a Chat body; `response` a Chat message (or just its text), a whole chat.completion, or null
for a call that failed. Every other field goes to `Call.extra` under its own name; how a field was
written, where it is not in the usual way, goes to ``extra["_form"]``, so that export gives back what
came in.

The session is ``session_id``, or where that is missing the first found of `SESSION_KEYS` in the record
or its `metadata`; a call without any is its own session. A call that the record's form cannot express
carries itself in the field ``rightsizer_call``.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.answer import is_int, keep, read_answer, write_answer
from rightsizer.wire.chat import FORM
from rightsizer.wire.jsontext import dump_json, plain
from rightsizer.wire.request import request_from_chat, request_to_chat
from rightsizer.wire.shared import Shared
from rightsizer.wire.timestamps import format_timestamp, parse_timestamp

NATIVE = "rightsizer_call"
SESSION_KEYS = ("session_id", "episode_id", "conversation_id", "thread_id", "trace_id")
_ABOUT = ("id", "session_id", "timestamp", "model", "latency_s", "cost_usd", "outcome", "metadata", "source")
_FIELDS = frozenset((*_ABOUT, "request", "response", "finish_reason", "usage", "error"))


def content_id(record: dict[str, Any]) -> str:
    """An id made of the record's content: the same record has the same id in every import."""
    return "call_" + hashlib.blake2b(dump_json(record), digest_size=12).hexdigest()


def call_from_record(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call of a record; without an ``id`` it is `call_id`, or one made of the content.

    Raises `RecordError` (invalid-record, no-request, no-response, and those of the request, the
    messages and the completion).
    """
    if NATIVE in record:
        return _call_from_native(record[NATIVE])
    request = record.get("request")
    if not isinstance(request, dict):
        raise RecordError("no-request", "the record has no request object")
    shared = shared or Shared()
    form: dict[str, Any] = {}
    extra = {name: value for name, value in record.items() if name not in _FIELDS}
    if FORM in extra:
        form["was"] = extra.pop(FORM)
    named: dict[str, Any] = {"id": _id(record, call_id, form)}
    named |= read_answer(record, shared, form)
    named["model"] = _model(record, request, form)
    metadata = _as_dict(record, "metadata", "value", form)
    named["session_id"] = _session(record, metadata) or named["id"]
    named["timestamp"] = _timestamp(record, form)
    for name in ("latency_s", "cost_usd"):
        named[name] = _number(record, name, form)
    try:
        return Call(
            request=request_from_chat(request, shared),
            outcome=_as_dict(record, "outcome", "value", form),
            source=_as_dict(record, "source", "name", form),
            metadata=metadata,
            extra={**extra, FORM: form} if form else extra,
            **named,
        )
    except ValidationError as error:
        raise RecordError("invalid-record", f"not a call record: {error}") from error


def record_from_call(call: Call) -> dict[str, Any]:
    """The record of a call; `call_from_record` gives an equal call back."""
    record = _plain_record(call)
    try:
        if call_from_record(record) == call:
            return record
    except RecordError:
        pass
    record[NATIVE] = plain(call.model_dump())
    return record


def _plain_record(call: Call) -> dict[str, Any]:
    form = call.extra.get(FORM)
    form = form if isinstance(form, dict) else {}
    written = form.get("fields")
    written = written if isinstance(written, dict) else {}
    request = request_to_chat(call.request, form.get("request_model", call.model))
    if form.get("request_model", "") is None:
        request["model"] = None
    record: dict[str, Any] = {
        "id": call.id,
        "session_id": call.session_id,
        "timestamp": None if call.timestamp is None else format_timestamp(call.timestamp),
        "model": call.model,
        "request": request,
        **write_answer(call, form),
    }
    for name, value in (("latency_s", call.latency_s), ("cost_usd", call.cost_usd)):
        if value is not None:
            record[name] = value
    for name, fields in (("outcome", call.outcome), ("metadata", call.metadata), ("source", call.source)):
        if fields:
            record[name] = fields
    record |= written
    record |= {name: value for name, value in call.extra.items() if name != FORM}
    if "was" in form:
        record[FORM] = form["was"]
    return record


# ── single fields ───────────────────────────────────────────────────────────────────────────


def _id(record: dict[str, Any], call_id: str, form: dict[str, Any]) -> str:
    value = record.get("id")
    if isinstance(value, str) and value:
        return value
    if is_int(value):
        return str(value)
    if value is not None and value != "":
        keep(form, "id", value)
    return call_id or content_id(record)


def _model(record: dict[str, Any], request: dict[str, Any], form: dict[str, Any]) -> str:
    response = record.get("response")
    answered_by = response.get("model") if isinstance(response, dict) else None
    found = [
        name for name in (record.get("model"), request.get("model"), answered_by) if isinstance(name, str)
    ]
    model = next((name for name in found if name), "")
    if request.get("model", "") != model:
        form["request_model"] = request.get("model", "")
    return model


def _session(record: dict[str, Any], metadata: dict[str, Any]) -> str | None:
    for place in (record, metadata):
        for key in SESSION_KEYS:
            value = place.get(key)
            if isinstance(value, str) and value:
                return value
            if is_int(value):
                return str(value)
    return None


def _timestamp(record: dict[str, Any], form: dict[str, Any]) -> Any:
    value = record.get("timestamp")
    moment = parse_timestamp(value)
    if value is not None and (moment is None or format_timestamp(moment) != value):
        keep(form, "timestamp", value)
    return moment


def _number(record: dict[str, Any], name: str, form: dict[str, Any]) -> float | None:
    value = record.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    if name in record:
        keep(form, name, value)
    return None


def _as_dict(record: dict[str, Any], name: str, key: str, form: dict[str, Any]) -> dict[str, Any]:
    value = record.get(name)
    if isinstance(value, dict):
        if not value:
            keep(form, name, value)
        return value
    if name in record:
        keep(form, name, value)
    return {} if value is None else {key: value}


def _call_from_native(native: Any) -> Call:
    try:
        if isinstance(native, dict) and isinstance(native.get("timestamp"), str):
            native = {**native, "timestamp": datetime.fromisoformat(native["timestamp"])}
        return Call.model_validate(native)
    except ValueError as error:
        raise RecordError("invalid-record", f"`{NATIVE}` is not a call: {error}") from error
