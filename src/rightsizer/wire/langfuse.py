"""Langfuse exports: observations alone, traces with theirs, or pages of the API.

An observation of the type GENERATION is a call. Names come in camel or in snake case, input and output
as values or as JSON text. The trace's session is the session, else the trace; scores become the outcome,
by name. What OTel exporters put into the metadata stays in ``extra["langfuse"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.requests import read_request, value_of_text
from rightsizer.wire.dialects.tools import read_tools
from rightsizer.wire.numbers import read_number
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared
from rightsizer.wire.timestamps import parse_timestamp
from rightsizer.wire.unread import Unread, read_pieces

_CALLS = ("GENERATION",)
_OTEL = ("attributes", "resourceAttributes", "scope")
_SESSIONS = ("session_id", "thread_id", "conversation_id")
_FIRST = {
    "promptTokens": "prompt_tokens",
    "completionTokens": "completion_tokens",
    "totalTokens": "total_tokens",
}
_DIGITS = 16
_NAMED = ("id", "input", "output", "startTime", "model", "metadata", "modelParameters", "scores", "type")


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record is an observation, a trace with observations, or a page of either."""
    if isinstance(record.get("observations"), list):
        return True
    if isinstance(record.get("data"), list) and isinstance(record.get("meta"), dict):
        return True
    return _is_observation(record) or _is_trace(record)


def _is_observation(record: dict[str, Any]) -> bool:
    return _get(record, "traceId") is not None and _get(record, "startTime") is not None and "type" in record


def _is_trace(record: dict[str, Any]) -> bool:
    return _get(record, "projectId") is not None and "timestamp" in record and "bookmarked" in record


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Iterator[Call | Unread]:
    """The calls; what is no generation, or has no input or output, is told with the reason."""
    items = record["data"] if isinstance(record.get("data"), list) else [record]
    for item in items:
        observations = item.get("observations") if isinstance(item, dict) else None
        if not isinstance(item, dict):
            yield Unread("not-an-object", f"an observation is {type(item).__name__}, not an object")
        elif (
            isinstance(observations, list) and all(isinstance(o, dict) for o in observations) and observations
        ):
            trace = item["trace"] if isinstance(item.get("trace"), dict) else item
            yield from read_pieces(observations, partial(_read, trace=trace, shared=shared, call_id=""))
        elif _is_observation(item):
            yield from read_pieces([item], partial(_read, trace={}, shared=shared, call_id=call_id))
        else:
            yield Unread("trace-alone", "the trace comes without its observations, which are the calls")


def _read(item: dict[str, Any], trace: dict[str, Any], shared: Shared | None, call_id: str) -> Call:
    kind = str(item.get("type"))
    if kind.upper() not in _CALLS:
        raise RecordError("not-a-generation", f"an observation of the type {kind} is no call of a model")
    metadata = _dict(value_of_text(item.get("metadata")))
    request = _request(item, metadata)
    elsewhere = (*_OTEL, "tools") if isinstance(metadata.get("tools"), list) else _OTEL
    own = {name: value for name, value in metadata.items() if name not in elsewhere}
    beside = {name: metadata[name] for name in _OTEL if metadata.get(name)}
    translated: dict[str, Any] = {
        "id": _get(item, "id"),
        "timestamp": _get(item, "startTime"),
        "model": _get(item, "model") or _get(item, "providedModelName"),
        "session_id": _session(item, trace, own),
        "request": request,
        "metadata": {**_about(item, trace), **own},
        "outcome": _outcome(item, trace),
        "source": {"format": "langfuse"},
        "langfuse": {n: v for n, v in item.items() if n not in _NAMED and v not in (None, {}, [])} | beside,
    }
    started, ended = parse_timestamp(_get(item, "startTime")), parse_timestamp(_get(item, "endTime"))
    if started and ended:
        translated["latency_s"] = (ended - started).total_seconds()
    cost = _cost(item)
    if cost is not None:
        translated["cost_usd"] = cost
    return call_from_record({**translated, **_answer(item)}, shared, call_id)


def _request(item: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    request = read_request(item.get("input"))
    output = value_of_text(item.get("output"))
    if isinstance(output, dict) and output.get("object") == "response" and "tools" not in request:
        # The Agents SDK logs only the items as input; the rest of the request is in the response.
        request |= {"tools": read_tools(output["tools"])} if output.get("tools") else {}
        if isinstance(output.get("instructions"), str):
            request["messages"] = [
                {"role": "system", "content": output["instructions"]},
                *request["messages"],
            ]
    if "tools" not in request and isinstance(metadata.get("tools"), list) and metadata["tools"]:
        request["tools"] = read_tools(metadata["tools"])
    settings = _dict(value_of_text(_get(item, "modelParameters")))
    return {**{name: value for name, value in settings.items() if value is not None}, **request}


def _answer(item: dict[str, Any]) -> dict[str, Any]:
    if item.get("level") == "ERROR" and item.get("output") is None:
        return {"response": None, "error": str(_get(item, "statusMessage") or "error")}
    response = read_response(item.get("output"))
    usage = _usage(item)
    return (
        {"response": response, "usage": usage}
        if usage and "usage" not in response
        else {"response": response}
    )


def _usage(item: dict[str, Any]) -> dict[str, Any]:
    """Langfuse counts cached input beside ``input``, unless its total says otherwise."""
    given = _counts(_get(item, "usageDetails")) or _counts(item.get("usage"))
    if not given:  # its first versions: beside the other fields, 0 where nobody counted
        given = {n: count for n, count in _counts(item).items() if n in _FIRST.values() and count}
    if "input" not in given and "output" not in given:
        return given
    cached = given.get("input_cached_tokens", given.get("input_cache_read"))
    is_whole = given.get("total") == given.get("input", 0) + given.get("output", 0)
    counts = {}
    for ours in ("input", "output"):
        beside = 0 if is_whole else sum(n for name, n in given.items() if name.startswith(f"{ours}_"))
        if ours in given:
            counts[f"{ours}_tokens"] = given[ours] + beside
    return {**given, **counts, **({} if cached is None else {"cached_input_tokens": cached})}


def _counts(value: Any) -> dict[str, int]:
    """The whole numbers of an object; a database's export has them as text."""
    counts = {}
    for name, n in _dict(value_of_text(value)).items():
        if isinstance(n, str) and n.isascii() and n.isdecimal() and len(n) < _DIGITS:
            counts[_FIRST.get(name, name)] = int(n)
        elif isinstance(n, int) and not isinstance(n, bool):
            counts[_FIRST.get(name, name)] = n
    return counts


def _cost(item: dict[str, Any]) -> Any:
    details = _dict(value_of_text(_get(item, "costDetails")))
    given = (_get(item, "calculatedTotalCost"), _get(item, "totalCost"), details.get("total"))
    return next((cost for cost in map(read_number, given) if cost), None)


def _session(item: dict[str, Any], trace: dict[str, Any], metadata: dict[str, Any]) -> Any:
    found = _get(trace, "sessionId") or _get(item, "sessionId")
    inside = next((metadata[name] for name in _SESSIONS if metadata.get(name)), None)
    return found or inside or _get(item, "traceId") or _get(trace, "id")


def _about(item: dict[str, Any], trace: dict[str, Any]) -> dict[str, Any]:
    """What the caller has said of the step: names, tags, user."""
    about = {name: _get(trace, name) for name in ("userId", "tags")}
    named = {"user_id": about["userId"], "tags": about["tags"], "trace_name": trace.get("name")}
    named |= {"name": item.get("name"), "prompt_name": _get(item, "promptName")}
    return {name: value for name, value in named.items() if value}


def _outcome(item: dict[str, Any], trace: dict[str, Any]) -> dict[str, Any]:
    """Scores by name: those of the observation, and of the trace as a whole."""
    outcome: dict[str, Any] = {}
    listed = [place["scores"] for place in (trace, item) if isinstance(place.get("scores"), list)]
    for score in (score for scores in listed for score in scores if isinstance(score, dict)):
        about = _get(score, "observationId")
        if about in (None, "", item.get("id")) and isinstance(score.get("name"), str):
            value = score.get("value")
            text = _get(score, "stringValue")
            outcome[score["name"]] = text if value is None and text is not None else value
    return {"scores": outcome} if outcome else {}


def _get(record: dict[str, Any], name: str) -> Any:
    """A field by its name in camel case, or in snake case."""
    if name in record:
        return record[name]
    return record.get("".join(f"_{c.lower()}" if c.isupper() else c for c in name))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
