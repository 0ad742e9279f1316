"""The `content` of a Chat message: a string, null, or a list of typed items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import ImagePart, OtherPart, Part, TextPart
from rightsizer.wire.jsontext import dump_json


def parts_from_content(chat: dict[str, Any], form: dict[str, Any]) -> list[Part]:
    """The parts of ``chat["content"]``; for a list, ``form["content"]`` gets what each item had besides.

    Raises `RecordError` (invalid-content) if it is neither string, null nor a list.
    """
    content = chat.get("content")
    if content is None:
        if "content" not in chat:
            form["content"] = "absent"
        return []
    if isinstance(content, str):
        return [TextPart(content=content)]
    if not isinstance(content, list):
        raise RecordError("invalid-content", f"content is {type(content).__name__}, not a string or a list")
    parts: list[Part] = []
    besides: list[Any] = []
    for item in content:
        part, beside = _part_from_item(item)
        parts.append(part)
        besides.append(beside)
    form["content"] = besides
    return parts


def _part_from_item(item: Any) -> tuple[Part, Any]:
    """A part, and what the item had besides: other fields, or ``"text"`` for a bare string."""
    if isinstance(item, str):
        return TextPart(content=item), "text"
    if not isinstance(item, dict):
        raise RecordError("invalid-content", f"an item of content is {type(item).__name__}, not an object")
    if item.get("type") == "text" and isinstance(item.get("text"), str):
        return TextPart(content=item["text"]), {k: v for k, v in item.items() if k not in ("type", "text")}
    image = item.get("image_url")
    if item.get("type") == "image_url" and isinstance(image, dict):
        detail = image.get("detail")
        plain = {"url": image.get("url")} | ({} if detail is None else {"detail": detail})
        if plain == image and isinstance(image["url"], str) and isinstance(detail, str | None):
            beside = {k: v for k, v in item.items() if k not in ("type", "image_url")}
            return ImagePart(url=image["url"], detail=detail), beside
    return OtherPart(raw=item), {}


def content_from_parts(parts: Sequence[Part], form: dict[str, Any]) -> Any:
    """Inverse of `parts_from_content`: a string where that says it all, else a list, else None."""
    shown = [part for part in parts if isinstance(part, TextPart | ImagePart | OtherPart)]
    besides = form.get("content")
    if not isinstance(besides, list):
        if not shown:
            return None
        if len(shown) == 1 and isinstance(shown[0], TextPart):
            return shown[0].content
        besides = []
    items = []
    for number, part in enumerate(shown):
        beside = besides[number] if number < len(besides) else {}
        items.append(_item_from_part(part, beside))
    return items


def _item_from_part(part: TextPart | ImagePart | OtherPart, beside: Any) -> Any:
    more = beside if isinstance(beside, dict) else {}
    if isinstance(part, TextPart):
        return part.content if beside == "text" else {"type": "text", "text": part.content, **more}
    if isinstance(part, ImagePart):
        image = {"url": part.url} | ({} if part.detail is None else {"detail": part.detail})
        return {"type": "image_url", "image_url": image, **more}
    return part.raw


def text_of_content(content: Any) -> str:
    """All text of a tool's answer; what is not text is shown as JSON."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            item["text"]
            if isinstance(item, dict) and isinstance(item.get("text"), str)
            else text_of_content(item)
            for item in content
        )
    return dump_json(content).decode("utf-8")
