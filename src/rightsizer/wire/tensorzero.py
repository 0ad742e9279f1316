"""TensorZero's inferences: rows of ChatInference and JsonInference, of its list API, or of ModelInference.

Input and output may be JSON text, as in its tables. The episode is the session; the function's name and
the caller's tags become metadata; `output_schema` a response_format. A system prompt or message given as
*arguments* of a template stays what the agent sent: its JSON text. The variant that answered, and all
else, stay in ``extra["tensorzero"]``.

A row of ModelInference has the provider's own request and response, with model and tokens, but neither
function nor episode: import these rows or those of the inferences, not both.
"""

from __future__ import annotations

from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.names import chat_finish_reason, chat_tool_call, text_or_json
from rightsizer.wire.dialects.requests import read_request, value_of_text
from rightsizer.wire.dialects.tools import read_tools
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared

_JSON = (
    "input", "output", "output_schema", "tool_params", "inference_params", "tags",
    "feedback", "episode_feedback", "dynamic_tools", "dynamic_provider_tools", "allowed_tools",
)  # fmt: skip
_BODIES = ("raw_request", "raw_response", "system", "input_messages", "output")
_ASKED = ("tool_choice", "parallel_tool_calls")
_NAMED = ("id", "inference_id", "episode_id", "function_name", "timestamp", "model_name", *_JSON)


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record names a function and a variant, or is a row of feedback."""
    known = ({"function_name", "variant_name"}, {"target_id", "value"}, {"inference_id", "raw_request"})
    return any(names <= record.keys() for names in known)


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Call:
    """The call. Raises `RecordError` (feedback-alone for a row of feedback; no-messages, no-response)."""
    if "input" not in record and "target_id" in record:
        raise RecordError("feedback-alone", "feedback comes without the inference it is about")
    row = {name: value_of_text(v) if name in _JSON else v for name, v in record.items()}
    if "raw_request" in record and "input" not in record:
        return _read_model_row(row, shared, call_id)
    given = row.get("tags")
    tags = given if isinstance(given, dict) else {}
    own = {name: value for name, value in tags.items() if not name.startswith("tensorzero::")}
    translated: dict[str, Any] = {
        "timestamp": row.get("timestamp"),
        "session_id": row.get("episode_id"),
        "request": _request(row),
        "response": _answer(row.get("output")),
        "metadata": {**own, "function_name": row.get("function_name")},
        "outcome": _outcome(row),
        "source": {"format": "tensorzero"},
        "tensorzero": {n: v for n, v in row.items() if n not in _NAMED} | ({"tags": tags} if tags else {}),
    }
    if isinstance(row.get("model_name"), str):
        translated["model"] = row["model_name"]
    call = row.get("inference_id", row.get("id"))
    if isinstance(call, str):
        translated["id"] = call
    if isinstance(row.get("processing_time_ms"), int | float):
        translated["latency_s"] = row["processing_time_ms"] / 1000
    counts = {name: row[name] for name in ("input_tokens", "output_tokens") if isinstance(row.get(name), int)}
    if counts:
        translated["usage"] = counts
    return call_from_record(translated, shared, call_id)


def _read_model_row(row: dict[str, Any], shared: Shared | None, call_id: str) -> Call:
    """The bodies as they were sent where they are whole (a stream's is not), else TensorZero's reading."""
    asked, answered = value_of_text(row.get("raw_request")), value_of_text(row.get("raw_response"))
    if isinstance(asked, dict) and isinstance(answered, dict):
        request, response = read_request(asked), read_response(answered)
    else:
        given = {"system": row.get("system"), "messages": value_of_text(row.get("input_messages"))}
        request, response = _request({"input": given}), _answer(row.get("output"))
    named = ("id", "inference_id", "timestamp", "model_name", "finish_reason", "response_time_ms", *_BODIES)
    translated: dict[str, Any] = {
        "timestamp": row.get("timestamp"),
        "session_id": row.get("inference_id"),
        "model": row.get("model_name"),
        "request": request,
        "response": response,
        "source": {"format": "tensorzero"},
        "tensorzero": {name: value for name, value in row.items() if name not in named},
    }
    if isinstance(row.get("id"), str):
        translated["id"] = row["id"]
    if isinstance(row.get("response_time_ms"), int | float):
        translated["latency_s"] = row["response_time_ms"] / 1000
    counts = {name: row[name] for name in ("input_tokens", "output_tokens") if isinstance(row.get(name), int)}
    if counts and "usage" not in response:
        translated["usage"] = counts
    if row.get("finish_reason") and "choices" not in response:
        translated["finish_reason"] = chat_finish_reason(row["finish_reason"])
    return call_from_record(translated, shared, call_id)


def _request(row: dict[str, Any]) -> dict[str, Any]:
    given = row.get("input")
    if not isinstance(given, dict) or not isinstance(given.get("messages"), list):
        raise RecordError("no-messages", "the input holds no messages")
    messages = [] if given.get("system") is None else [_said("system", given["system"])]
    for message in given["messages"]:
        messages += _messages(message)
    request: dict[str, Any] = {"messages": messages}
    settings = row.get("inference_params")
    for group in settings.values() if isinstance(settings, dict) else ():
        if isinstance(group, dict):
            request |= {
                name: value for name, value in group.items() if value is not None and name != "messages"
            }
    asked = row.get("tool_params")
    asked = asked if isinstance(asked, dict) else {}
    tools = asked.get("tools_available") or asked.get("additional_tools") or row.get("dynamic_tools")
    if tools:
        request["tools"] = read_tools(tools)
        request |= {name: asked[name] for name in _ASKED if asked.get(name) is not None}
    if isinstance(row.get("output_schema"), dict):
        shape = {"name": "response", "schema": row["output_schema"]}
        request["response_format"] = {"type": "json_schema", "json_schema": shape}
    return request


def _said(role: str, value: Any) -> dict[str, Any]:
    return {"role": role, "content": text_or_json(value)}


def _messages(message: Any) -> list[dict[str, Any]]:
    """The Chat messages of one message: every tool's result is one of its own."""
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise RecordError("invalid-message", "a message is not an object with a role")
    content = message.get("content")
    if not isinstance(content, list):
        return [_said(message["role"], content)]
    results = []
    blocks = []
    for block in content:
        if isinstance(block, dict) and block.get("type") == "tool_result":
            result = _said("tool", block.get("result"))
            results.append({**result, "tool_call_id": block.get("id"), "name": block.get("name")})
        else:
            blocks.append(block)
    return [*results, *([_turn(message["role"], blocks)] if blocks or not results else [])]


def _turn(role: str, blocks: list[Any]) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": role}
    calls = []
    shown: list[Any] = []
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "tool_call":
            calls.append(
                chat_tool_call(
                    _first(block, "raw_name", "name"),
                    _first(block, "raw_arguments", "arguments"),
                    block.get("id"),
                )
            )
        elif kind == "thought":
            turn["reasoning_content"] = str(block.get("text") or "")
        elif kind in ("text", "raw_text", "template"):
            text = text_or_json(
                next((block[n] for n in ("text", "value", "arguments") if block.get(n) is not None), "")
            )
            shown.append({"type": "text", "text": text})
        elif isinstance(block, dict):
            shown.append(block)
        else:
            raise RecordError(
                "invalid-message", f"a block of content is {type(block).__name__}, not an object"
            )
    is_plain = len(shown) == 1 and shown[0].get("type") == "text"
    turn["content"] = shown[0]["text"] if is_plain else shown or None
    return {**turn, "tool_calls": calls} if calls else turn


def _first(block: dict[str, Any], *names: str) -> Any:
    found = next((block[name] for name in names if block.get(name) is not None), None)
    if found is None:
        raise RecordError("invalid-message", f"a tool call has no {names[-1]}")
    return found


def _answer(output: Any) -> dict[str, Any]:
    if isinstance(output, dict) and ("raw" in output or "parsed" in output):
        raw = output.get("raw")
        return {
            "role": "assistant",
            "content": raw if isinstance(raw, str) else text_or_json(output.get("parsed")),
        }
    if isinstance(output, list) and output:
        return _turn("assistant", output)
    raise RecordError("no-response", "the output was not logged")


def _outcome(row: dict[str, Any]) -> dict[str, Any]:
    """Feedback exported with the inference: a list of rows, or an object by metric."""
    outcome: dict[str, Any] = {}
    for name, ours in (("feedback", "inference_feedback"), ("episode_feedback", "episode_feedback")):
        given = row.get(name)
        if isinstance(given, list):
            given = {
                str(f.get("metric_name", f.get("type", "feedback"))): f.get("value")
                for f in given
                if isinstance(f, dict)
            }
        if isinstance(given, dict) and given:
            outcome[ours] = given
    return outcome
