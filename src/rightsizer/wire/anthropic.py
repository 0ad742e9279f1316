"""The events of a streamed Anthropic message, put together to the message they are."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.jsontext import parse_json

# delta type → (field of the block, field of the delta)
_TEXTS = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
}


def message_from_events(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer as it would have come unstreamed; blocks in the order of their indexes.

    A tool's input that is not whole JSON (the stream was cut in it) stays the text that came.
    Counts of ``message_delta`` are cumulative and replace those of ``message_start``.
    """
    message: dict[str, Any] = {"type": "message", "role": "assistant"}
    blocks: dict[int, dict[str, Any]] = {}
    inputs: dict[int, str] = {}
    for event in events:
        kind, index = event.get("type"), event.get("index")
        index = index if isinstance(index, int) else 0
        if kind == "message_start" and isinstance(event.get("message"), dict):
            message = dict(event["message"])
        elif kind == "content_block_start" and isinstance(event.get("content_block"), dict):
            blocks[index] = dict(event["content_block"])
        elif kind == "content_block_delta" and isinstance(event.get("delta"), dict):
            _add_delta(blocks.setdefault(index, {"type": "text"}), inputs, index, event["delta"])
        elif kind == "message_delta":
            message |= _given(event.get("delta"))
            message["usage"] = {**_given(message.get("usage")), **_given(event.get("usage"))}
    for index, text in inputs.items():
        blocks[index]["input"] = _parsed(text)
    message["content"] = [blocks[index] for index in sorted(blocks)]
    return message


def is_closed(events: list[dict[str, Any]]) -> bool:
    """Whether the stream came to its own end."""
    return any(event.get("type") == "message_stop" for event in events)


def _add_delta(block: dict[str, Any], inputs: dict[int, str], index: int, delta: dict[str, Any]) -> None:
    kind = delta.get("type")
    if kind == "input_json_delta":
        inputs[index] = inputs.get(index, "") + str(delta.get("partial_json", ""))
    elif kind == "citations_delta":
        before = block.get("citations")
        block["citations"] = [*(before if isinstance(before, list) else []), delta.get("citation")]
    elif isinstance(kind, str) and kind in _TEXTS:
        field, name = _TEXTS[kind]
        block[field] = str(block.get(field) or "") + str(delta.get(name, ""))


def _given(value: Any) -> dict[str, Any]:
    """The fields of an object that say something."""
    return {n: v for n, v in value.items() if v is not None} if isinstance(value, dict) else {}


def _parsed(text: str) -> Any:
    if not text.strip():
        return {}
    try:
        return parse_json(text.encode("utf-8"))
    except RecordError:
        return text
