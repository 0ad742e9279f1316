"""The parts of a request that say which task it is: system text, opening message, tools, response format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rightsizer.types import Request
from rightsizer.views.tokens import digest
from rightsizer.views.view import SYSTEM_ROLES

HEAD_CHARS = 4000
TAIL_CHARS = 2000
DECLARED = ("workload_id", "task", "task_name", "prompt_id", "prompt_name", "function_name", "operation")


@dataclass(frozen=True)
class Zones:
    """`system` is the whole system text, `opening` the first message after it (head and tail of a long
    one), `tools` the offered names, `format` a key of the response format (empty: none),
    `declared` the caller's own name for the task (empty: none)."""

    system: str
    opening: str
    tools: frozenset[str]
    format: str
    declared: str


def read_zones(request: Request, metadata: Mapping[str, Any] | None = None) -> Zones:
    """The zones of a request; they stay the same over all turns of a conversation."""
    system = [m.text for m in request.messages if m.role in SYSTEM_ROLES]
    opening = next((m.text for m in request.messages if m.role not in SYSTEM_ROLES), "")
    return Zones(
        system="\n".join(system),
        opening=clip(opening),
        tools=frozenset(request.tool_names),
        format=format_key(request.response_format),
        declared=declared_task(request, metadata),
    )


def clip(text: str) -> str:
    """Head and tail of a long text."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return text[:HEAD_CHARS] + "\n" + text[-TAIL_CHARS:]


def declared_task(request: Request, metadata: Mapping[str, Any] | None) -> str:
    """The id under which the caller itself files the call: ``metadata.workload_id``, ``metadata.task`` …"""
    body = request.params.get("metadata")
    for source in (metadata, body if isinstance(body, Mapping) else None):
        for key in DECLARED:
            value = source.get(key) if source else None
            if isinstance(value, str) and value.strip():
                return value.strip()[:200]
    return ""


def format_key(response_format: Mapping[str, Any] | None) -> str:
    """A key of what the answer must look like: the fields, not their descriptions or closed lists."""
    if not response_format:
        return ""
    kind = str(response_format.get("type", ""))
    if kind == "text":
        return ""
    names = sorted(_field_names(response_format.get("json_schema", response_format), 0))
    return kind + ":" + digest(json.dumps(names)) if names else kind


def _field_names(schema: Any, depth: int) -> list[str]:
    if not isinstance(schema, Mapping) or depth > 6:
        return []
    found: list[str] = []
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, inner in properties.items():
            found += [f"{depth}.{name}", *_field_names(inner, depth + 1)]
    for key in ("schema", "items"):
        found += _field_names(schema.get(key), depth + 1)
    return found
