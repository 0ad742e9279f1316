"""Where requests and answers name the caller's user, and putting something else in its place.

OpenAI's ``user`` and ``safety_identifier``, Anthropic's ``metadata.user_id``, and the same names in anybody's
``metadata``; answers of the Responses API repeat them. In spans it is attributes (``user.id``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.wire.jsontext import dump_json, parse_json
from rightsizer.wire.otlp_attributes import plain_value

Json = dict[str, Any]
NameOf = Callable[[str], str]
Users = dict[str, str]  # a name → what stands in its place
Hidden = tuple[bytes, Users]  # a request without the names of its users
_IN_BODY = ("user", "safety_identifier")
_IN_METADATA = ("user_id", "user", "safety_identifier")
_LEVELS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
_IN_SPANS = frozenset(
    (
        "user.id",
        "enduser.id",
        "langfuse.user.id",
        "gen_ai.request.user",
        "gen_ai.request.safety_identifier",
        "traceloop.association.properties.user_id",
        "ai.telemetry.metadata.userId",
        "ai.telemetry.metadata.user_id",
    )
)
# How clients write these names. One that is written otherwise (a blank before the colon, an escape) is found
# by whoever reads the JSON.
_MARKS = (b'"user":', b'"user_id":', b'"safety_identifier":')


def hide_users(body: bytes, name_of: NameOf) -> Hidden | None:
    """A request without the names of users, byte for byte but for them; None if it names none, or is no JSON.

    Where the names cannot be told from others like them in the text, the request is written anew.
    """
    if not any(body.rfind(mark) >= 0 for mark in _MARKS):  # `rfind`: a third of what `in` takes here
        return None
    try:
        value = parse_json(body)
        found: list[str] = []
        hidden = users_hidden(value, name_of, found)
        if not found:
            return None
        users = {name: name_of(name) for name in found}
        spliced, n = _spliced(body, users)
        return (spliced if n == len(found) else dump_json(hidden)), users
    except RecordError:
        return None


def users_hidden(body: Any, name_of: NameOf, found: list[str] | None = None) -> Any:
    """The body of a request or an answer with the names of users replaced; they are added to `found`."""
    found = [] if found is None else found
    if not isinstance(body, dict):
        return body
    hidden = _replaced(body, _IN_BODY, name_of, found)
    if isinstance(body.get("metadata"), dict):
        hidden = {**hidden, "metadata": metadata_hidden(body["metadata"], name_of, found)}
    if isinstance(body.get("response"), dict):  # an event of a Responses stream
        hidden = {**hidden, "response": users_hidden(body["response"], name_of, found)}
    return hidden


def metadata_hidden(metadata: Mapping[str, Any], name_of: NameOf, found: list[str] | None = None) -> Json:
    """The same for what was attached to a call."""
    return _replaced(dict(metadata), _IN_METADATA, name_of, [] if found is None else found)


def repeats_hidden(answer: bytes, users: Users) -> bytes:
    """The answer without the names that its request had, where it repeats them as fields."""
    return _spliced(answer, users)[0]


def _spliced(text: bytes, users: Users) -> tuple[bytes, int]:
    """JSON text with other values where a field names one of the users, and how often it did."""
    n = 0
    for name, instead in users.items():
        value = b"|".join(re.escape(written) for written in {dump_json(name), json.dumps(name).encode()})
        field = rb'("(?:user|user_id|safety_identifier)"\s*:\s*)(?:' + value + rb")"
        text, more = re.subn(field, rb'\g<1>"' + instead.encode() + rb'"', text)
        n += more
    return text, n


def hide_in_spans(export: Json, name_of: NameOf) -> bool:
    """Replace the names of users in the attributes of an OTLP export request; whether there were any."""
    found = False
    for outer, middle, inner in _LEVELS:
        for resource in _dicts(export.get(outer)):
            found |= _hide_attributes(resource.get("resource"), name_of)
            for scope in _dicts(resource.get(middle)):
                found |= _hide_attributes(scope.get("scope"), name_of)
                for item in _dicts(scope.get(inner)):
                    found |= _hide_attributes(item, name_of)
                    for event in _dicts(item.get("events")):
                        found |= _hide_attributes(event, name_of)
    return found


def _hide_attributes(holder: Any, name_of: NameOf) -> bool:
    attributes = holder.get("attributes") if isinstance(holder, dict) else None
    found = False
    for item in _dicts(attributes):
        if item.get("key") in _IN_SPANS and item.get("value") is not None:
            item["value"] = {"stringValue": name_of(_text(plain_value(item["value"])))}
            found = True
    return found


def _replaced(fields: Json, names: tuple[str, ...], name_of: NameOf, found: list[str]) -> Json:
    hidden = dict(fields)
    for name in names:
        value = fields.get(name)
        if value is None or isinstance(value, bool):
            continue
        text = _text(value)
        hidden[name] = name_of(text)
        found.append(text)
    return hidden


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dump_json(value).decode("ascii", "replace")


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
