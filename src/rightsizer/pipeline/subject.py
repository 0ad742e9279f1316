"""Whether a call is of a subject, and whether a value occurs in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import (
    Call,
    Message,
    OtherPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)


def belongs_to(call: Call, subject: Collection[str]) -> bool:
    """Whether a subject, by any of its names, is the call's id, its session, or attached to it."""
    if call.id in subject or call.session_id in subject:
        return True
    attached = (call.metadata, call.source, call.extra, call.request.params)
    return any(value in subject for each in attached for value in _scalars(each))


def audit_name(ws: Workspace, key: str) -> str:
    """How the audit log calls what somebody asked for by id: ids that name somebody by a pseudonym."""
    from rightsizer.curation.pseudonyms.session import tells_who

    return ws.store.pseudonym(key) if "@" in key or tells_who(key) else key


def holds(call: Call, value: str) -> bool:
    """Whether a text occurs anywhere in the call, letter case aside, JSON escapes included."""
    forms = {form for form in _forms(value) if form}
    return bool(forms) and any(form in text for text in _texts(call) for form in forms)


def line_holds(raw: bytes, subject: Collection[str], values: Sequence[str]) -> bool:
    """Whether an unreadable line names the subject as a JSON string, or a value occurs in it."""
    text = raw.decode("utf-8", "replace").casefold()
    names = {json.dumps(name, ensure_ascii=a).casefold() for a in (True, False) for name in subject}
    wanted = names | {form for value in values for form in _forms(value) if form}
    return any(form in text for form in wanted)


def _forms(value: str) -> tuple[str, ...]:
    escaped = (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return tuple(form.casefold() for form in (value, *escaped))


def _texts(call: Call) -> Iterator[str]:
    for message in call.request.messages:
        yield from _texts_of(message)
    if call.response is not None:
        yield from _texts_of(call.response)
    for attached in (call.metadata, call.source, call.extra, call.outcome, call.request.params):
        for text in _scalars(attached):
            yield text.casefold()
    if call.error is not None:
        yield call.error.message.casefold()
    yield call.session_id.casefold()
    yield call.id.casefold()


def _texts_of(message: Message) -> Iterator[str]:
    for part in message.parts:
        if isinstance(part, TextPart | ReasoningPart):
            yield part.content.casefold()
        elif isinstance(part, ToolCallPart):
            yield part.arguments.casefold()
        elif isinstance(part, ToolCallResponsePart):
            yield part.response.casefold()
        elif isinstance(part, OtherPart):
            for text in _scalars(part.raw):
                yield text.casefold()
    if message.extra:
        for text in _scalars(message.extra):
            yield text.casefold()


def _scalars(value: Any) -> Iterator[str]:
    """Every string and number in a JSON value, as text; keys of objects too."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _scalars(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _scalars(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
