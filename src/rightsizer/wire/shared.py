"""Equal messages and tool lists of a log as one object.

A log of agent loops repeats the whole conversation in every call. Sharing makes reading it about as
cheap as reading each message once: in time, in memory, and in the store, which knows by identity
what it has seen.
"""

from __future__ import annotations

from typing import Any

import orjson

from rightsizer.types import Message
from rightsizer.wire.chat import message_from_chat


class Shared:
    """Remembers what was read, up to `capacity_bytes` of JSON, then starts again.

    Only for values without NaN, which would be taken for null (`parse_json_telling` says so).
    """

    def __init__(self, capacity_bytes: int = 32 << 20) -> None:
        self._capacity_bytes = capacity_bytes
        self._messages: dict[bytes, Message] = {}
        self._values: dict[bytes, Any] = {}
        self._bytes = 0

    def message(self, chat: Any) -> Message:
        """`message_from_chat`, once per distinct JSON."""
        key = _key(chat)
        if key is None:
            return message_from_chat(chat)
        message = self._messages.get(key)
        if message is None:
            message = message_from_chat(chat)
            self._make_room(key)
            self._messages[b"%b" % key] = message  # a copy: what orjson gives takes up to 4 kB
        return message

    def tools(self, tools: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
        """The tool list as a tuple, one object per distinct JSON."""
        value: tuple[dict[str, Any], ...] = self._value(b"t", tools, tuple)
        return value

    def response_format(self, value: dict[str, Any]) -> dict[str, Any]:
        """The response format, one object per distinct JSON."""
        shared: dict[str, Any] = self._value(b"r", value, dict)
        return shared

    def _value(self, kind: bytes, value: Any, make: Any) -> Any:
        key = _key(value)
        if key is None:
            return make(value)
        found = self._values.get(kind + key)
        if found is None:
            found = make(value)
            self._make_room(key)
            self._values[kind + key] = found
        return found

    def _make_room(self, key: bytes) -> None:
        self._bytes += len(key)
        if self._bytes > self._capacity_bytes:
            self._messages.clear()
            self._values.clear()
            self._bytes = len(key)


def _key(value: Any) -> bytes | None:
    """Bytes equal only for equal JSON, or None where orjson cannot write it."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return None
