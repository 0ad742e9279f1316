"""OTLP/JSON with GenAI spans: one ExportTraceServiceRequest (or logs request) a record.

The spans of a model's calls are calls; tools', agents', embeddings' and all other spans are told as
``not-an-llm-span``. The session is the conversation the span names, else its trace. Attributes without a
place in a call, of span, scope and resource, stay in ``extra["otlp"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.dialects.names import chat_finish_reason
from rightsizer.wire.dialects.requests import value_of_text
from rightsizer.wire.otlp_attributes import plain_attributes, plain_value
from rightsizer.wire.otlp_content import CONTENT, read_content
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared
from rightsizer.wire.timestamps import parse_timestamp
from rightsizer.wire.unread import Unread, read_pieces

_OPERATIONS = ("chat", "text_completion", "generate_content", "completion")
_SESSIONS = (
    "gen_ai.conversation.id", "session.id", "langfuse.session.id",
    "traceloop.association.properties.session_id", "ai.telemetry.metadata.sessionId",
)  # fmt: skip
_MODELS = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "ai.response.model",
    "ai.model.id",
)
_USAGE = {
    "input_tokens": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
        "ai.usage.promptTokens",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
        "ai.usage.completionTokens",
    ),
    "cached_input_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
    ),
}
_COSTS = ("gen_ai.usage.cost", "llm.cost.total")
_ABOUT = {
    "gen_ai.agent.name": "agent_name",
    "gen_ai.workflow.name": "workflow_name",
    "gen_ai.prompt.name": "prompt_name",
    "user.id": "user_id",
    "ai.telemetry.functionId": "function_id",
}
_CALLERS = ("traceloop.association.properties.", "ai.telemetry.metadata.", "langfuse.trace.metadata.")
_PARAMS = "gen_ai.request."
_RENAMED = {"stop_sequences": "stop", "choice.count": "n"}


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record is an export request of spans or of log records."""
    return "resourceSpans" in record or "resourceLogs" in record


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Iterator[Call | Unread]:
    """The calls of one export request, and an `Unread` for every span that is none."""
    return read_pieces(_spans(record), lambda span: _read_span(span, shared))


def _spans(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The spans with their resource's and scope's attributes, and the log records that belong to them."""
    logs: dict[tuple[str, str], dict[str, Any]] = {}
    for resource, scope, log in _items(record, "resourceLogs", "scopeLogs", "logRecords"):
        key = _key(log) or ("", str(len(logs)))
        group = logs.setdefault(key, {**log, "resource": resource, "scope": scope, "body": None, "logs": []})
        group["logs"].append(log)
    spans = []
    for resource, scope, span in _items(record, "resourceSpans", "scopeSpans", "spans"):
        key = _key(span) or ("", "")
        found = logs.pop(key, {})
        spans.append({**span, "resource": resource, "scope": scope, "logs": found.get("logs", [])})
    return spans + list(logs.values())


def _key(item: dict[str, Any]) -> tuple[str, str] | None:
    """Which span an item is or belongs to, or None where it does not say."""
    trace, span = item.get("traceId"), item.get("spanId")
    return (trace, span) if isinstance(trace, str) and isinstance(span, str) and trace else None


def _items(
    record: dict[str, Any], outer: str, middle: str, inner: str
) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    for resource in _dicts(record.get(outer)):
        for scope in _dicts(resource.get(middle)):
            for item in _dicts(scope.get(inner)):
                yield resource.get("resource"), scope.get("scope"), item


def _read_span(span: dict[str, Any], shared: Shared | None) -> Call:
    attributes = plain_attributes(span.get("attributes"))
    events = [*map(_event, _dicts(span.get("events"))), *map(_event, _dicts(span.get("logs")))]
    for log in _dicts(span.get("logs")):
        attributes = {**plain_attributes(log.get("attributes")), **attributes}
    _check_kind(span, attributes)
    failed = _dict(span.get("status")).get("code") in (2, "STATUS_CODE_ERROR")
    content = read_content(attributes, events)
    if content.response is None and not failed:
        raise RecordError("no-response", "the span holds no answer")
    resource = plain_attributes(_dict(span.get("resource")).get("attributes"))
    key = _key(span)
    translated: dict[str, Any] = {
        "id": f"{key[0]}-{key[1]}" if key and key[1] else None,
        "timestamp": span.get("startTimeUnixNano")
        or span.get("timeUnixNano")
        or span.get("observedTimeUnixNano"),
        "model": _first(attributes, *_MODELS),
        "session_id": _first(attributes, *_SESSIONS) or (key and key[0]),
        "request": {**_params(attributes), **content.request},
        "response": content.response,
        "metadata": _metadata(span, attributes, resource),
        "source": {"format": "otlp"},
        "otlp": _rest(span, attributes, resource),
    }
    started, ended = (
        parse_timestamp(span.get("startTimeUnixNano")),
        parse_timestamp(span.get("endTimeUnixNano")),
    )
    if started and ended:
        translated["latency_s"] = (ended - started).total_seconds()
    return call_from_record({**translated, **_about_answer(span, attributes, translated["response"])}, shared)


def _check_kind(span: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Raises `RecordError` (not-an-llm-span) unless the span is one call of a model."""
    operation = attributes.get("gen_ai.operation.name")
    kind = attributes.get("openinference.span.kind")
    vercel = attributes.get("ai.operationId")
    request = attributes.get("llm.request.type")
    if isinstance(vercel, str):
        is_call = vercel.endswith((".doGenerate", ".doStream"))
    elif operation is not None:
        is_call = operation in _OPERATIONS
    elif kind is not None:
        is_call = kind == "LLM"
    elif request is not None:
        is_call = request in ("chat", "completion")
    else:
        is_call = any(name in attributes for name in ("gen_ai.request.model", "gen_ai.response.model"))
    if not is_call:
        what = operation or kind or vercel or request or span.get("name") or "no name"
        raise RecordError("not-an-llm-span", f"a span of {what!r} is no call of a model")


def _event(event: dict[str, Any]) -> dict[str, Any]:
    attributes = plain_attributes(event.get("attributes"))
    name = event.get("name") or event.get("eventName") or attributes.get("event.name") or ""
    return {"name": str(name), "attributes": attributes, "body": plain_value(event.get("body"))}


def _params(attributes: dict[str, Any]) -> dict[str, Any]:
    named = {name[len(_PARAMS) :]: value for name, value in attributes.items() if name.startswith(_PARAMS)}
    return {
        _RENAMED.get(name, name): value
        for name, value in named.items()
        if "." not in name or name in _RENAMED
    }


def _metadata(span: dict[str, Any], attributes: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    """What names the step and the caller: everything else about the span is in `extra`."""
    named = {"span_name": span.get("name"), "service_name": resource.get("service.name")}
    named |= {ours: attributes.get(theirs) for theirs, ours in _ABOUT.items()}
    for prefix in _CALLERS:
        named |= {name[len(prefix) :]: value for name, value in attributes.items() if name.startswith(prefix)}
    given = value_of_text(attributes.get("metadata"))
    named |= given if isinstance(given, dict) else {}
    return {name: value for name, value in named.items() if value not in (None, "")}


def _about_answer(
    span: dict[str, Any], attributes: dict[str, Any], response: dict[str, Any] | None
) -> dict[str, Any]:
    about: dict[str, Any] = {}
    usage = {ours: n for ours, names in _USAGE.items() if isinstance(n := _first(attributes, *names), int)}
    if usage and not (response and "usage" in response):
        about["usage"] = usage
    cost = _first(attributes, *_COSTS)
    if cost is not None:
        about["cost_usd"] = cost
    if response is None:
        words = _dict(span.get("status")).get("message") or attributes.get("error.type") or "error"
        about["error"] = str(words)
        return about
    reasons = attributes.get("gen_ai.response.finish_reasons", attributes.get("ai.response.finishReason"))
    reason = chat_finish_reason(
        reasons[0] if isinstance(reasons, list) and reasons else value_of_text(reasons)
    )
    choices = response.get("choices")
    said = choices[0].get("finish_reason") if isinstance(choices, list) and choices else None
    return about if reason is None or said is not None else {**about, "finish_reason": reason}


def _rest(span: dict[str, Any], attributes: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    kept = {n: v for n, v in attributes.items() if not any(n == c or n.startswith(f"{c}.") for c in CONTENT)}
    names = ("traceId", "spanId", "parentSpanId", "kind", "status", "scope", "links")
    rest = {name: span[name] for name in names if span.get(name)}
    return {**rest, "attributes": kept, "resource": resource}


def _first(attributes: dict[str, Any], *names: str) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
