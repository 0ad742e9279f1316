"""The answer of a call record: response, finish reason, usage and error, wherever they stand.

What a record says in another way than export would is noted in `form`, which ends in
``Call.extra["_form"]``.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call, CallError, Message
from rightsizer.wire.chat import message_to_chat
from rightsizer.wire.completion import is_completion, join_completion, split_completion
from rightsizer.wire.jsontext import dump_json
from rightsizer.wire.shared import Shared
from rightsizer.wire.usage import usage_from_json, usage_to_json


def read_answer(record: dict[str, Any], shared: Shared, form: dict[str, Any]) -> dict[str, Any]:
    """response, finish_reason, usage and error, wherever in the record they stand."""
    response = record.get("response")
    if response is not None and not isinstance(response, dict | str):
        raise RecordError("no-response", f"response is {type(response).__name__}, not an object")
    if "response" not in record and record.get("error") is None:
        raise RecordError("no-response", "the record has neither response nor error")
    message: Message | None = None
    envelope: dict[str, Any] | None = None
    error = record.get("error")
    if response is None:
        if "response" not in record:
            form["response"] = "absent"
    elif isinstance(response, str):
        form["response"] = "text"
        message = shared.message({"role": "assistant", "content": response})
    elif is_completion(response) and (response["choices"] or response.get("error") is None):
        chat, envelope = split_completion(response)
        message = shared.message(chat)
    elif "role" not in response and response.get("error") is not None:
        form["response"], error = {"error": response}, error or response["error"]
    else:
        if "role" not in response and ("content" in response or "tool_calls" in response):
            form["response"] = "no role"
            response = {"role": "assistant", **response}
        message = shared.message(response)
    usage, finish = record.get("usage"), record.get("finish_reason")
    if envelope is not None:
        usage, finish = _take_from_envelope(record, envelope, usage, finish)
        form["response"] = {"completion": envelope}
    if not isinstance(usage, dict):
        keep_own(record, form, "usage")
        usage = None
    if not isinstance(finish, str):
        keep_own(record, form, "finish_reason")
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


def write_answer(call: Call, form: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"response": None if call.response is None else message_to_chat(call.response)}
    usage = None if call.usage is None else usage_to_json(call.usage)
    finish = call.finish_reason
    how = form.get("response")
    if how == "absent":
        del answer["response"]
    elif how == "text" and call.response is not None:
        answer["response"] = call.response.text
    elif how == "no role" and call.response is not None:
        del answer["response"]["role"]
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
            keep(form, "error", None)
        return None
    if isinstance(error, dict):
        inner = error.get("error")
        body = inner if isinstance(inner, dict) else error
        status = next((error[n] for n in ("status", "status_code", "code") if is_int(error.get(n))), None)
        words = body.get("message")
        message = words if isinstance(words, str) else dump_json(error).decode("utf-8")
        if set(error) != {"status", "message"} or not isinstance(words, str) or status != error["status"]:
            keep_own(record, form, "error")
        return CallError(status=status, message=message)
    keep_own(record, form, "error")
    return CallError(message=error if isinstance(error, str) else dump_json(error).decode("utf-8"))


def keep(form: dict[str, Any], name: str, value: Any) -> None:
    """Remember how a field was written."""
    form.setdefault("fields", {})[name] = value


def keep_own(record: dict[str, Any], form: dict[str, Any], name: str) -> None:
    if name in record:
        keep(form, name, record[name])


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
