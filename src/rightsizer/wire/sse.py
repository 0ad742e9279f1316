"""Server-sent events (WHATWG HTML §9.2.6) of a whole recorded stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rightsizer.wire.jsontext import parse_json

DONE = "[DONE]"
_LINE_END = re.compile("\r\n|\r|\n")


def read_events(stream: bytes) -> Iterator[tuple[str, str]]:
    """(event, data) of every complete event. Comments, ids and retry times are left out.

    An event without its closing blank line is not complete: the stream was cut in it.
    """
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    event = ""
    data: list[str] = []
    lines = _LINE_END.split(text)
    for line in lines[:-1]:  # what follows the last line end is a cut line, or nothing
        if not line:
            if data:
                yield event, "\n".join(data)
            event, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            event = value


def read_json_events(stream: bytes) -> tuple[list[dict[str, Any]], bool]:
    """(the events that are JSON objects, whether ``[DONE]`` closed the stream).

    Raises `RecordError` (invalid-json) for a complete event that is not JSON.
    """
    events: list[dict[str, Any]] = []
    for event, data in read_events(stream):
        if data.strip() == DONE:
            return events, True
        value = parse_json(data.encode("utf-8"))
        if isinstance(value, dict):
            events.append({"type": event, **value} if event else value)
    return events, False
