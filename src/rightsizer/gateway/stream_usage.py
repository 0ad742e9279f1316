"""Token counts of Chat streams whose callers did not ask for them: asked for by us, and kept from the caller.

A policy (`gateway.stream_usage`), off unless set. What a caller says about ``stream_options`` is not changed.
"""

from __future__ import annotations

import re

import orjson

from rightsizer.gateway.asked import Asked, read_asked

_ASK = b',"stream_options":{"include_usage":true}}'
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_MAX_HELD = 1 << 20


def ask_for_usage(body: bytes, asked: Asked | None = None) -> bytes | None:
    """The body with ``include_usage`` put in at its end, the rest byte for byte; None: leave it as it is.

    `asked`: what is in the body, if that is read already.
    """
    if b'"stream"' not in body or not (asked or read_asked(body)).may_ask_usage:
        return None
    return body.rstrip()[:-1] + _ASK


class UsageStripper:
    """Takes the event that the caller did not ask for out of a stream; what is no whole event yet waits."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What of it may go on now."""
        held = self._held + data
        out: list[bytes] = []
        start = 0
        for end in _EVENT_END.finditer(held):
            event = held[start : end.end()]
            start = end.end()
            if not _is_usage_alone(event):
                out.append(event)
        self._held = held[start:]
        if len(self._held) > _MAX_HELD:  # no chunk of counts is so long
            out.append(self.rest())
        return b"".join(out)

    def rest(self) -> bytes:
        """At the end of the stream: what was no whole event."""
        held, self._held = self._held, b""
        return held


def _is_usage_alone(event: bytes) -> bool:
    """Whether the event is a chunk with counts and without any choice."""
    if b'"usage"' not in event or b"data:" not in event:
        return False
    data = b"\n".join(line[5:] for line in event.splitlines() if line.startswith(b"data:"))
    try:
        chunk = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return isinstance(chunk, dict) and isinstance(chunk.get("usage"), dict) and not chunk.get("choices")
