"""What was asked and answered, from a span's attributes and events, in whichever convention.

Known: OpenTelemetry's GenAI conventions (messages as attributes of the span or of its
``gen_ai.client.inference.operation.details`` event, since 1.37; one event a message before; the
``gen_ai.prompt`` and ``gen_ai.completion`` attributes or events of the first versions), OpenLLMetry's
numbered ``gen_ai.prompt.0.…``, OpenInference's ``llm.input_messages.0.…``, and the Vercel AI SDK's ``ai.…``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.names import chat_tool_call
from rightsizer.wire.dialects.parts import messages_from_parts
from rightsizer.wire.dialects.requests import read_messages, read_request, read_vercel_call, value_of_text
from rightsizer.wire.dialects.tools import read_tools
from rightsizer.wire.otlp_attributes import numbered

# Attributes that hold content: what is read from them is not kept a second time.
CONTENT = (
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions",
    "gen_ai.tool.definitions", "gen_ai.prompt", "gen_ai.completion", "llm.input_messages",
    "llm.output_messages", "llm.tools",
    "llm.request.functions", "llm.invocation_parameters", "input.value", "output.value",
    "ai.prompt", "ai.response.text", "ai.response.toolCalls", "ai.response.object", "events",
)  # fmt: skip
_EVENT_ROLES = {"gen_ai.system.message": "system", "gen_ai.user.message": "user"} | {
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}


@dataclass
class Content:
    """The Chat body, and the answer: a Chat message, a chat.completion, or None where none was logged."""

    request: dict[str, Any]
    response: dict[str, Any] | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)


def read_content(attributes: dict[str, Any], events: list[dict[str, Any]]) -> Content:
    """The content of a span. `events` are ``{"name", "attributes"}`` with, for log records, ``body``.

    Raises `RecordError` (no-content where the instrumentation did not capture any; no-messages …).
    """
    attributes = dict(attributes)
    for event in events:
        if event["name"] == "gen_ai.client.inference.operation.details":
            attributes |= event["attributes"]
    for read in _CONVENTIONS:
        content = read(attributes, events)
        if content is not None:
            if content.tools:
                content.request.setdefault("tools", content.tools)
            return content
    raise RecordError(
        "no-content",
        "the span of a model's call holds no messages",
        hint="switch on content capture: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
    )


def _semantic(attributes: dict[str, Any], events: list[dict[str, Any]]) -> Content | None:
    given = value_of_text(attributes.get("gen_ai.input.messages"))
    if not given:
        return None
    content = Content(read_request(given), _answer(attributes.get("gen_ai.output.messages")))
    system = value_of_text(attributes.get("gen_ai.system_instructions"))
    if isinstance(system, str) and system:
        system = [{"type": "text", "content": system}]
    if isinstance(system, list) and system:
        content.request["messages"][:0] = messages_from_parts({"role": "system", "parts": system})
    definitions = attributes.get("gen_ai.tool.definitions")
    content.tools = read_tools(definitions) if definitions else []
    return content


def _events(attributes: dict[str, Any], events: list[dict[str, Any]]) -> Content | None:
    """One event a message; some frameworks put the list of them into an attribute ``events``."""
    listed = value_of_text(attributes.get("events"))
    said = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    found = [(str(e.get("event.name", "")), _event_message(str(e.get("event.name", "")), e)) for e in said]
    found += [(e["name"], _event_message(e["name"], _event_fields(e))) for e in events]
    asked = [{"role": _EVENT_ROLES[name], **message} for name, message in found if name in _EVENT_ROLES]
    if not asked:
        return None
    choices = [message for name, message in found if name == "gen_ai.choice"]
    response = None
    if choices:
        inside = value_of_text(choices[0].get("message"))
        message = (
            inside if isinstance(inside, dict) else {k: v for k, v in choices[0].items() if k != "index"}
        )
        response = _answer(
            {"message": {"role": "assistant", **message}, "finish_reason": choices[0].get("finish_reason")}
        )
    return Content({"messages": read_messages(asked)}, response)


def _event_fields(event: dict[str, Any]) -> dict[str, Any]:
    """A log record has its fields in the body, a span's event in its attributes, some as JSON text."""
    body = value_of_text(event.get("body"))
    if isinstance(body, dict):
        return body
    given: dict[str, Any] = event["attributes"]
    return {name: value_of_text(value) if name == "tool_calls" else value for name, value in given.items()}


def _event_message(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    message = {field: value for field, value in fields.items() if field not in ("id", "event.name")}
    if name == "gen_ai.tool.message" and isinstance(fields.get("id"), str):
        message["tool_call_id"] = fields["id"]
    return {field: value for field, value in message.items() if not field.startswith("gen_ai.")}


def _whole(attributes: dict[str, Any], events: list[dict[str, Any]]) -> Content | None:
    """All messages as JSON text in one attribute, of the span or of an event."""
    merged = dict(attributes)
    for event in events:
        if event["name"] in ("gen_ai.content.prompt", "gen_ai.content.completion"):
            merged |= event["attributes"]
    if not merged.get("gen_ai.prompt"):
        return None
    return Content(read_request(merged["gen_ai.prompt"]), _answer(merged.get("gen_ai.completion")))


def _traceloop(attributes: dict[str, Any], events: list[dict[str, Any]]) -> Content | None:
    asked = numbered(attributes, "gen_ai.prompt")
    if not asked:
        return None
    answers = [
        _traceloop_message(m) for m in numbered(attributes, "gen_ai.completion") if isinstance(m, dict)
    ]
    functions = numbered(attributes, "llm.request.functions")
    tools = [
        {**f, "parameters": value_of_text(f.get("parameters"))} for f in functions if isinstance(f, dict)
    ]
    request = {"messages": read_messages([_traceloop_message(m) for m in asked])}
    answer = _answer({"role": "assistant", **answers[0]}) if answers else None
    return Content(request, answer, read_tools(tools))


def _traceloop_message(message: Any) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise RecordError("invalid-message", "a numbered message is not an object")
    calls = message.get("tool_calls")
    read = {**message}
    if isinstance(calls, list) and calls:
        read["tool_calls"] = [
            chat_tool_call(c["name"], c.get("arguments"), c.get("id"))
            for c in calls
            if isinstance(c, dict) and "name" in c
        ]
    content = value_of_text(message.get("content"))
    if isinstance(content, list) and all(isinstance(item, dict) and "type" in item for item in content):
        read["content"] = content
    return read


def _openinference(attributes: dict[str, Any], events: list[dict[str, Any]]) -> Content | None:
    asked = numbered(attributes, "llm.input_messages")
    if not asked:
        return None
    answers = [_openinference_message(m) for m in numbered(attributes, "llm.output_messages")]
    settings = value_of_text(attributes.get("llm.invocation_parameters"))
    request = (
        {n: v for n, v in settings.items() if n not in ("model", "messages", "tools")}
        if isinstance(settings, dict)
        else {}
    )
    request["messages"] = read_messages([_openinference_message(m) for m in asked])
    schemas = [_inside(t, "tool").get("json_schema") for t in numbered(attributes, "llm.tools")]
    answer = _answer({"role": "assistant", **answers[0]}) if answers else None
    return Content(request, answer, read_tools([s for s in schemas if s]))


def _openinference_message(item: Any) -> dict[str, Any]:
    given = _inside(item, "message")
    message = {n: v for n, v in given.items() if n not in ("tool_calls", "contents")}
    calls = []
    for listed in given.get("tool_calls") or []:
        call = _inside(listed, "tool_call")
        function = _inside(call, "function")
        if isinstance(function.get("name"), str):
            calls.append(chat_tool_call(function["name"], function.get("arguments"), call.get("id")))
    if calls:
        message["tool_calls"] = calls
    if isinstance(given.get("contents"), list):
        message["content"] = [
            _openinference_part(_inside(part, "message_content")) for part in given["contents"]
        ]
    return message


def _openinference_part(part: dict[str, Any]) -> dict[str, Any]:
    url = _inside(_inside(part, "image"), "image").get("url")
    return {"type": "image_url", "image_url": {"url": url}} if isinstance(url, str) else part


def _vercel(attributes: dict[str, Any], events: list[dict[str, Any]]) -> Content | None:
    asked = value_of_text(attributes.get("ai.prompt.messages"))
    if not isinstance(asked, list) or not asked:
        return None
    tools = attributes.get("ai.prompt.tools")
    calls = value_of_text(attributes.get("ai.response.toolCalls"))
    text = attributes.get("ai.response.text") or attributes.get("ai.response.object")
    answer: dict[str, Any] | None = None
    if text or calls:
        answer = {"role": "assistant", "content": text}
        if isinstance(calls, list) and calls:
            answer["tool_calls"] = [read_vercel_call(call) for call in calls]
    return Content(
        {"messages": [m for item in asked for m in _vercel_messages(item)]},
        answer,
        read_tools(tools) if tools else [],
    )


def _vercel_messages(item: Any) -> list[dict[str, Any]]:
    content = item.get("content") if isinstance(item, dict) else None
    if not isinstance(content, list):
        return read_messages([item])
    results, shown, calls = [], [], []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "tool-result":
            result = part.get("output", part.get("result"))
            result = result.get("value", result) if isinstance(result, dict) else result
            results.append({"type": "tool_call_response", "id": part.get("toolCallId"), "response": result})
        elif kind == "tool-call":
            calls.append(read_vercel_call(part))
        else:
            shown.append(part)
    if results:
        return messages_from_parts({"role": "tool", "parts": results})
    message = {"role": item["role"], "content": shown or None}
    return read_messages([{**message, "tool_calls": calls} if calls else message])


def _inside(item: Any, name: str) -> dict[str, Any]:
    found = item.get(name) if isinstance(item, dict) else None
    return found if isinstance(found, dict) else {}


def _answer(value: Any) -> dict[str, Any] | None:
    return read_response(value) if value not in (None, "", [], "[]") else None


_Read = Callable[[dict[str, Any], list[dict[str, Any]]], Content | None]
_CONVENTIONS: tuple[_Read, ...] = (_semantic, _openinference, _traceloop, _vercel, _events, _whole)
