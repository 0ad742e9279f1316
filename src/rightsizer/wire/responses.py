"""The events of a streamed OpenAI response, put together to the response object they are."""

from __future__ import annotations

from typing import Any

_LAST = ("response.completed", "response.incomplete", "response.failed")


def response_from_events(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The response object: the one of the closing event, or what of it had come when it was cut.

    Of a cut stream only finished items count; a half one is left out.
    """
    response: dict[str, Any] = {"object": "response"}
    items: dict[int, dict[str, Any]] = {}
    for event in events:
        kind, whole = event.get("type"), event.get("response")
        if kind in _LAST and isinstance(whole, dict):
            return whole
        if kind in ("response.created", "response.in_progress") and isinstance(whole, dict):
            response = dict(whole)
        elif kind == "response.output_item.done" and isinstance(event.get("item"), dict):
            index = event.get("output_index")
            items[index if isinstance(index, int) else len(items)] = event["item"]
    return {**response, "output": [items[index] for index in sorted(items)]}


def is_closed(events: list[dict[str, Any]]) -> bool:
    """Whether the stream came to its own end."""
    return any(event.get("type") in _LAST for event in events)
