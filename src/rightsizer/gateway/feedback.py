"""``POST /feedback``: what became of a call or a session, said by whoever knows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson

from rightsizer.types import new_id

if TYPE_CHECKING:
    from rightsizer.gateway.recorder import Recorder

_FIELDS = {"call_id", "session_id", "metric_name", "value"}


class FeedbackError(ValueError):
    """The body is no feedback; the message says why."""


def read_feedback(body: bytes) -> dict[str, Any]:
    """``{call_id | session_id, metric_name, value}``. Raises `FeedbackError`."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FeedbackError("feedback is a JSON object") from error
    if not isinstance(value, dict) or set(value) - _FIELDS:
        raise FeedbackError("feedback has the fields call_id or session_id, metric_name, value")
    if ("call_id" in value) == ("session_id" in value):
        raise FeedbackError("feedback names a call_id or a session_id, and not both")
    for name in ("call_id", "session_id", "metric_name"):
        if name in value and (not isinstance(value[name], str) or not value[name]):
            raise FeedbackError(f"{name} is a string")
    if "metric_name" not in value or not isinstance(value.get("value"), bool | int | float | str):
        raise FeedbackError("feedback has a metric_name, and a value that is a number, a string or a boolean")
    return value


def append_feedback(recorder: Recorder, body: bytes) -> str:
    """Record feedback durably; gives its id. Raises `FeedbackError`."""
    value = read_feedback(body)
    feedback_id = new_id("feedback")
    recorder.feedback(feedback_id, {**value, "at": time.time()})
    return feedback_id
