"""The call record of rightsizer (JSON) ⇄ `Call`.

Fields: ``id, session_id, timestamp, model, request, response, finish_reason, usage, latency_s,
cost_usd, outcome, error, metadata, source``. Only `request` and `response` (or `error`) are required.
`request` is a Chat body; `response` a Chat message, a whole chat.completion, or null for a call that
failed. Every other field goes to `Call.extra` under its own name; how a field was written, where it is
not in the usual way, goes to ``extra["_form"]``, so that export gives back what came in.

The session is ``session_id``, or where that is missing the first found of `SESSION_KEYS` in the record
or its `metadata`; a call without any is its own session. A call that the record's form cannot express
carries itself in the field ``rightsizer_call``.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import ValidationError

from rightsizer.errors import RecordError
from rightsizer.types import Call, CallError, Message
from rightsizer.wire.chat import FORM, message_to_chat
from rightsizer.wire.completion import is_completion, join_completion, split_completion
from rightsizer.wire.jsontext import dump_json, plain
from rightsizer.wire.request import request_from_chat, request_to_chat
from rightsizer.wire.shared import Shared
from rightsizer.wire.timestamps import format_timestamp, parse_timestamp
from rightsizer.wire.usage import usage_from_json, usage_to_json

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
    named |= _answer(record, shared, form)
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
        **_plain_answer(call, form),
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


# ── the answer ──────────────────────────────────────────────────────────────────────────────


def _answer(record: dict[str, Any], shared: Shared, form: dict[str, Any]) -> dict[str, Any]:
    """response, finish_reason, usage and error, wherever in the record they stand."""
    response = record.get("response")
    if response is not None and not isinstance(response, dict):
        raise RecordError("no-response", f"response is {type(response).__name__}, not an object")
    if "response" not in record and record.get("error") is None:
        raise RecordError("no-response", "the record has neither response nor error")
    message: Message | None = None
    envelope: dict[str, Any] | None = None
    error = record.get("error")
    if response is None:
        if "response" not in record:
            form["response"] = "absent"
    elif is_completion(response):
        chat, envelope = split_completion(response)
        message = shared.message(chat)
    elif "role" not in response and response.get("error") is not None:
        form["response"], error = {"error": response}, error or response["error"]
    else:
        message = shared.message(response)
    usage, finish = record.get("usage"), record.get("finish_reason")
    if envelope is not None:
        usage, finish = _take_from_envelope(record, envelope, usage, finish)
        form["response"] = {"completion": envelope}
    if not isinstance(usage, dict):
        _keep_own(record, form, "usage")
        usage = None
    if not isinstance(finish, str):
        _keep_own(record, form, "finish_reason")
        finish = None
    return {
        "response": message,
        "finish_reason": finish,
        "usage": None if usage is None else usage_from_json(usage),
        "error": _error(record, error, form),
    }


def _take_from_envelope(
    record: dict[str, Any], envelope: dict[str, Any], usage: Any, finish: Any
) -> tuple[Any, Any]:
    """Usage and finish reason of the completion, unless the record has its own.

    What is taken leaves a marker in the envelope, which says that the call's goes there.
    """
    first = envelope["choices"][0]
    if "usage" not in record and isinstance(envelope.get("usage"), dict):
        usage = envelope.pop("usage")
        envelope["usage"] = "call"
    if "finish_reason" not in record and isinstance(first.get("finish_reason"), str):
        finish = first["finish_reason"]
        first["finish_reason"] = {"call": True}
    return usage, finish


def _plain_answer(call: Call, form: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"response": None if call.response is None else message_to_chat(call.response)}
    usage = None if call.usage is None else usage_to_json(call.usage)
    finish = call.finish_reason
    how = form.get("response")
    if how == "absent":
        del answer["response"]
    elif isinstance(how, dict) and "error" in how:
        answer["response"] = how["error"]
    elif isinstance(how, dict) and isinstance(how.get("completion"), dict) and call.response is not None:
        envelope = dict(how["completion"])
        first = dict(envelope["choices"][0])
        envelope["choices"] = [first, *envelope["choices"][1:]]
        if envelope.get("usage") == "call":
            envelope["usage"], usage = usage, None
        if first.get("finish_reason") == {"call": True}:
            first["finish_reason"], finish = finish, None
        answer["response"] = join_completion(envelope, answer["response"])
    if usage is not None:
        answer["usage"] = usage
    if finish is not None:
        answer["finish_reason"] = finish
    if call.error is not None and not (isinstance(how, dict) and "error" in how):
        answer["error"] = {"status": call.error.status, "message": call.error.message}
    return answer


def _error(record: dict[str, Any], error: Any, form: dict[str, Any]) -> CallError | None:
    """The error in whatever form: ours, a string, or a provider's error body."""
    if error is None:
        if "error" in record:
            _keep(form, "error", None)
        return None
    if isinstance(error, dict):
        inner = error.get("error")
        body = inner if isinstance(inner, dict) else error
        status = next((error[n] for n in ("status", "status_code", "code") if _is_int(error.get(n))), None)
        words = body.get("message")
        message = words if isinstance(words, str) else dump_json(error).decode("utf-8")
        if set(error) != {"status", "message"} or not isinstance(words, str) or status != error["status"]:
            _keep_own(record, form, "error")
        return CallError(status=status, message=message)
    _keep_own(record, form, "error")
    return CallError(message=error if isinstance(error, str) else dump_json(error).decode("utf-8"))


# ── single fields ───────────────────────────────────────────────────────────────────────────


def _id(record: dict[str, Any], call_id: str, form: dict[str, Any]) -> str:
    value = record.get("id")
    if isinstance(value, str) and value:
        return value
    if _is_int(value):
        return str(value)
    if value is not None and value != "":
        _keep(form, "id", value)
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
            if _is_int(value):
                return str(value)
    return None


def _timestamp(record: dict[str, Any], form: dict[str, Any]) -> Any:
    value = record.get("timestamp")
    moment = parse_timestamp(value)
    if value is not None and (moment is None or format_timestamp(moment) != value):
        _keep(form, "timestamp", value)
    return moment


def _number(record: dict[str, Any], name: str, form: dict[str, Any]) -> float | None:
    value = record.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    if name in record:
        _keep(form, name, value)
    return None


def _as_dict(record: dict[str, Any], name: str, key: str, form: dict[str, Any]) -> dict[str, Any]:
    value = record.get(name)
    if isinstance(value, dict):
        if not value:
            _keep(form, name, value)
        return value
    if name in record:
        _keep(form, name, value)
    return {} if value is None else {key: value}


def _keep(form: dict[str, Any], name: str, value: Any) -> None:
    """Remember how a field was written."""
    form.setdefault("fields", {})[name] = value


def _keep_own(record: dict[str, Any], form: dict[str, Any], name: str) -> None:
    if name in record:
        _keep(form, name, record[name])


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _call_from_native(native: Any) -> Call:
    try:
        return Call.model_validate(native)
    except ValidationError as error:
        raise RecordError("invalid-record", f"`{NATIVE}` is not a call: {error}") from error
