"""What was recorded of an exchange, as a `Call`: dialects read, streams put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire import anthropic, responses
from rightsizer.wire.anthropic_messages import completion_from_anthropic, request_from_anthropic
from rightsizer.wire.callers import NameOf, metadata_hidden, users_hidden
from rightsizer.wire.chat_stream import completion_from_chunks, without_indexes
from rightsizer.wire.dialects.responses import completion_from_response, request_from_responses
from rightsizer.wire.embeddings import EMBEDDINGS, completion_from_embeddings, request_from_embeddings
from rightsizer.wire.encoding import decode_body
from rightsizer.wire.jsontext import dump_json, parse_json
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared
from rightsizer.wire.sse import read_json_events

Json = dict[str, Any]


@dataclass(slots=True)
class Recorded:
    """The frames of one call. `end` None: the gateway was killed before the answer ended.

    `moved`: it was written whole to the second place, and another segment holds its begin.
    """

    begin: Json
    request: bytes
    end: Json | None = None
    answer: bytes = b""
    shadow: Json | None = None
    outcome: Json = field(default_factory=dict)
    moved: bool = False


@dataclass(frozen=True)
class _Dialect:
    """How an API's bodies become Chat JSON. `assemble` gives (answer, whether its stream was whole)."""

    request: Callable[[Json], Json]
    answer: Callable[[Json], Json]
    assemble: Callable[[list[Json], bool], tuple[Json, bool]]


def _same(body: Json) -> Json:
    return body


def _chat(events: list[Json], done: bool) -> tuple[Json, bool]:
    whole = without_indexes(completion_from_chunks(events))
    finished = bool(whole["choices"]) and all(c.get("finish_reason") for c in whole["choices"])
    return whole, done or finished


_DIALECTS = {
    "/v1/chat/completions": _Dialect(_same, _same, _chat),
    "/v1/responses": _Dialect(
        request_from_responses,
        completion_from_response,
        lambda events, done: (responses.response_from_events(events), responses.is_closed(events)),
    ),
    "/v1/messages": _Dialect(
        request_from_anthropic,
        completion_from_anthropic,
        lambda events, done: (anthropic.message_from_events(events), anthropic.is_closed(events)),
    ),
    EMBEDDINGS: _Dialect(request_from_embeddings, completion_from_embeddings, _chat),
}


def call_from_recorded(
    recorded: Recorded, shared: Shared | None = None, name_of: NameOf | None = None
) -> Call:
    """The call. `name_of` gives what stands in place of a caller's user.

    An answer that failed, was cut or never came is an `error`, with what came of it in `extra`.

    Raises `RecordError` if the request is not one of its API's (it is then kept as it came).
    """
    begin, end = recorded.begin, recorded.end or {}
    path = str(begin.get("path", ""))
    dialect = _DIALECTS.get(path)
    if dialect is None:
        raise RecordError("unknown-api", f"no calls are read from {path}")
    body = parse_json(decode_body(recorded.request, str(begin.get("encoding", ""))))
    if not isinstance(body, dict):
        raise RecordError("no-request", "the request is not a JSON object")
    if name_of is not None:
        body = users_hidden(body, name_of)
    record: Json = {
        "id": begin["id"],
        "timestamp": datetime.fromtimestamp(begin["at"], UTC).isoformat(),
        "model": body.get("model") if isinstance(body.get("model"), str) else "",
        "request": dialect.request(body),
        "metadata": _metadata(begin, body, name_of),
        "source": _source(begin, end, recorded.shadow),
        "outcome": recorded.outcome,
    }
    if begin.get("session"):
        record["session_id"] = begin["session"]
    if isinstance(end.get("total_s"), int | float):
        record["latency_s"] = end["total_s"]
    try:
        return _call(record | _answer(recorded, dialect, name_of), shared)
    except RecordError as error:  # a request is not lost for an answer that is none
        unread = f"the answer could not be read: {error.message}"
        return _call(record | _error(end.get("status") or None, unread, _said(recorded)), shared)


def _call(record: Json, shared: Shared | None) -> Call:
    return call_from_record({name: value for name, value in record.items() if value not in ({}, "")}, shared)


def _said(recorded: Recorded) -> str:
    return recorded.answer.decode("utf-8", "replace")


def _answer(recorded: Recorded, dialect: _Dialect, name_of: NameOf | None) -> Json:
    end = recorded.end
    if end is None:
        return _error(None, "the gateway stopped before the answer ended")
    status, failure = end.get("status") or None, end.get("failure")
    if end.get("encoding"):
        try:
            recorded = replace(recorded, answer=decode_body(recorded.answer, str(end["encoding"])))
        except RecordError as error:
            return _error(status, f"the answer could not be read: {error.message}")
    if status is not None and status >= 400:
        text = _said(recorded) or str(failure or "")
        return _error(status, _message(text))
    try:
        given, whole = _read_answer(recorded, dialect)
        if given.get("error"):
            return _error(status, _words(given["error"]), given)
        said = dialect.answer(given if name_of is None else users_hidden(given, name_of))
    except RecordError:
        if failure or end.get("truncated"):
            return _error(status, str(failure or "recording-limit"), _said(recorded))
        raise
    if failure == "client-gone" and whole:  # hung up after the last event: some clients do not wait for more
        failure = None
    if failure or not whole or end.get("truncated"):
        return _error(status, str(failure or ("recording-limit" if end.get("truncated") else "cut")), said)
    return {"response": said}


def _read_answer(recorded: Recorded, dialect: _Dialect) -> tuple[Json, bool]:
    assert recorded.end is not None
    if "event-stream" in str(recorded.end.get("type", "")).lower():
        events, done = read_json_events(recorded.answer)
        failed = next((event for event in events if event.get("error") and not event.get("choices")), None)
        return (failed, True) if failed is not None else dialect.assemble(events, done)
    value = parse_json(recorded.answer)
    if not isinstance(value, dict):
        raise RecordError("no-response", "the answer is not a JSON object")
    return value, True


def _error(status: int | None, message: str, partial: Any = None) -> Json:
    record: Json = {"response": None, "error": {"status": status, "message": message}}
    if partial:
        record["partial_response"] = partial
    return record


def _message(text: str) -> str:
    """The provider's words, out of an error body."""
    try:
        value = parse_json(text.encode("utf-8"))
    except RecordError:
        return text[:2000]
    error = value.get("error") if isinstance(value, dict) else None
    return text[:2000] if error is None else _words(error)


def _words(error: Any) -> str:
    words = error.get("message") if isinstance(error, dict) else error
    return words if isinstance(words, str) else dump_json(error).decode("utf-8")[:2000]


def _metadata(begin: Json, body: Json, name_of: NameOf | None) -> Json:
    """What the caller attached: the body's metadata and user, over it the header's."""
    own = body.get("metadata")
    metadata = dict(own) if isinstance(own, dict) else {}
    if isinstance(body.get("user"), str):
        metadata.setdefault("user_id", body["user"])
    given = begin.get("metadata")
    metadata |= given if isinstance(given, dict) else {}
    return metadata if name_of is None else metadata_hidden(metadata, name_of)


def _source(begin: Json, end: Json, shadow: Json | None) -> Json:
    source: Json = {"name": begin.get("by", "gateway"), "path": begin.get("path")}
    for name in ("origin", "key_id"):
        if begin.get(name):
            source[name] = begin[name]
    for name in ("status", "first_byte_s", "served_by", "upstream", "retries", "route"):
        if end.get(name):
            source[name] = end[name]
    if shadow:
        source["shadow"] = {name: value for name, value in shadow.items() if name != "id"}
    return source
