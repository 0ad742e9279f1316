"""Calls as OpenTelemetry GenAI spans: an OTLP/JSON export request that `otlp` and every collector read.

The conventions are those of `semantic-conventions/gen-ai` 1.37: messages as JSON text in attributes, only if
content is asked for. A call's span has the same ids whenever it is sent, so sending twice adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from rightsizer import __version__
from rightsizer.types import Call, Message, ReasoningPart, TextPart, ToolCallPart, ToolCallResponsePart
from rightsizer.wire.embeddings import EMBEDDINGS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLIENT, _ERROR = 3, 2  # SpanKind and StatusCode
_PARAMS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "n": "choice.count",
}
_PROVIDERS = {
    "/v1/messages": "anthropic",
    "/v1/chat/completions": "openai",
    "/v1/responses": "openai",
    EMBEDDINGS: "openai",
}


def spans_from_calls(calls: Iterable[Call], *, content: bool = False) -> dict[str, Any]:
    """One export request with a span a call; `content`: with prompts, answers and tools."""
    spans = [_span(call, content) for call in calls]
    resource = {"attributes": _attributes({"service.name": "rightsizer", "service.version": __version__})}
    scope = {"name": "rightsizer", "version": __version__}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]}


def _span(call: Call, content: bool) -> dict[str, Any]:
    started = call.timestamp or _EPOCH
    since = started - _EPOCH
    start = (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000
    end = start + round((call.latency_s or 0.0) * 1e9)
    attributes = _about(call) | (_content(call) if content else {})
    span: dict[str, Any] = {
        "traceId": hashlib.blake2b(call.session_id.encode(), digest_size=16).hexdigest(),
        "spanId": hashlib.blake2b(call.id.encode(), digest_size=8).hexdigest(),
        "name": f"{_operation(call)} {call.model}".rstrip(),
        "kind": _CLIENT,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(end),
        "attributes": _attributes(attributes),
    }
    if call.error is not None:
        span["status"] = {"code": _ERROR, "message": call.error.message if content else ""}
    return span


def _operation(call: Call) -> str:
    return "embeddings" if call.source.get("path") == EMBEDDINGS else "chat"


def _about(call: Call) -> dict[str, Any]:
    """All that is not content. Attributes without a value are left out."""
    usage, route = call.usage, call.source.get("route")
    route = route if isinstance(route, dict) else {}
    error = call.error
    found: dict[str, Any] = {
        "gen_ai.operation.name": _operation(call),
        "gen_ai.provider.name": call.source.get("upstream") or _PROVIDERS.get(str(call.source.get("path"))),
        "gen_ai.request.model": call.model,
        "gen_ai.response.model": call.model if call.response is not None else None,
        "gen_ai.conversation.id": call.session_id,
        "gen_ai.response.finish_reasons": [call.finish_reason] if call.finish_reason else None,
        "gen_ai.usage.input_tokens": usage.input_tokens if usage else None,
        "gen_ai.usage.output_tokens": usage.output_tokens if usage else None,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_input_tokens if usage else None,
        "gen_ai.usage.cost": call.cost_usd,
        "error.type": (str(error.status) if error.status else "error") if error is not None else None,
        "http.response.status_code": call.source.get("status"),
        "rightsizer.call.id": call.id,
        "rightsizer.served_by": call.source.get("served_by"),
        "rightsizer.task.id": route.get("task_id"),
        "rightsizer.route.propensity": route.get("propensity"),
        "rightsizer.first_byte_s": call.source.get("first_byte_s"),
    }
    for ours, theirs in _PARAMS.items():
        value = call.request.params.get(ours)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[f"gen_ai.request.{theirs}"] = value
    return {name: value for name, value in found.items() if value not in (None, "")}


def _content(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {"gen_ai.input.messages": _text([_message(m) for m in call.request.messages])}
    if call.response is not None:
        reason = call.finish_reason or "stop"
        found["gen_ai.output.messages"] = _text([{**_message(call.response), "finish_reason": reason}])
    if call.request.tools:
        found["gen_ai.tool.definitions"] = _text(list(call.request.tools))
    return found


def _message(message: Message) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case TextPart() | ReasoningPart():
                parts.append({"type": part.type, "content": part.content})
            case ToolCallPart():
                arguments = part.arguments
                parts.append({"type": "tool_call", "id": part.id, "name": part.name, "arguments": arguments})
            case ToolCallResponsePart():
                parts.append({"type": "tool_call_response", "id": part.id, "response": part.response})
            case _:
                parts.append(part.model_dump(mode="json"))
    return {"role": message.role, "parts": parts}


def _text(value: Any) -> str:
    return orjson.dumps(value).decode("utf-8")


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(each) for each in value]}}
    return {"stringValue": str(value)}
