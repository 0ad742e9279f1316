"""Tool calls that failed and were never put right: no example to learn from.

Whether a tool call failed stands in a later call of the session, whose context holds the result. It was put
right if the same tool gave a result without an error afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rightsizer.types import Call, ToolCallResponsePart

_ERROR_TEXT = re.compile(
    r"\s*(?:\W{0,4}(?:error|exception|failed|failure)\b\W|traceback \(most recent call last\)"
    r"|\w{1,60}(?:Error|Exception):"
    r"|(?:错误|出错|失败|异常)\s*[:：])",
    re.IGNORECASE,
)
_ERROR_KEYS = ("error", "errors", "exception", "错误")


def tool_error(result: str) -> str | None:
    """How a tool's result says that it failed; None if it does not.

    JSON with a non-empty ``error`` (or ``isError``, ``success: false``, ``status: "error"``), or text that
    begins with an error's name. A result that only mentions errors further on is none.
    """
    if result.lstrip()[:1] == "{":
        try:
            value = json.loads(result)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return _stated(value)
    found = _ERROR_TEXT.match(result[:200])
    return found[0].strip() if found else None


def _stated(value: dict[str, Any]) -> str | None:
    for key in _ERROR_KEYS:
        if value.get(key) not in (None, "", False, [], {}, 0):
            return f"field '{key}'"
    if value.get("isError") is True or value.get("is_error") is True:
        return "field 'isError'"
    if value.get("success") is False or value.get("ok") is False:
        return "success is false"
    return (
        "status is error" if str(value.get("status", "")).lower() in ("error", "failed", "failure") else None
    )


@dataclass
class _Session:
    """One session: who made which tool call, and which of a tool's calls have failed since it last worked."""

    made_by: dict[str, tuple[str, str]] = field(default_factory=dict)
    failed: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


class ToolErrors:
    """Looks at calls in log order; `unrecovered` then names those whose tool call failed for good."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}

    def see(self, call: Call) -> None:
        """Take note of what the call asked for, and of the results that it brings."""
        session = self._sessions.setdefault(call.session_id, _Session())
        for message in call.request.messages:
            for part in message.parts:
                if isinstance(part, ToolCallResponsePart) and part.id and part.id not in session.seen:
                    session.seen.add(part.id)
                    self._result(session, part.id, part.response)
        for made in call.response.tool_calls if call.response is not None else ():
            if made.id:
                session.made_by.setdefault(made.id, (call.id, made.name))

    @staticmethod
    def _result(session: _Session, tool_call_id: str, response: str) -> None:
        call_id, name = session.made_by.get(tool_call_id, ("", ""))
        if not call_id:
            return
        error = tool_error(response)
        if error is None:
            session.failed.pop(name, None)
        else:
            session.failed.setdefault(name, {})[call_id] = f"{name}: {error}"

    def unrecovered(self) -> Iterator[tuple[str, str]]:
        """(call id, detail) of each call whose tool call failed and whose tool never worked afterwards."""
        for session in self._sessions.values():
            for calls in session.failed.values():
                yield from calls.items()
