"""Decide, call by call, what may be learned from (S2). Nothing is deleted; every decision has its reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rightsizer.curation.filters import RULES, Rule, giant_message
from rightsizer.curation.tool_errors import ToolErrors
from rightsizer.store.jsonbytes import dump
from rightsizer.types import Call, Frozen, Message, SetAside, ToolCallPart, ToolCallResponsePart


class CurationPolicy(Frozen):
    """Which reasons count. Calls that can never be used (errors, broken JSON …) always go aside."""

    drop_refusals: bool = True
    drop_duplicates: bool = True
    drop_truncated: bool = True
    drop_loops: bool = True
    validate_arguments: bool = True
    drop_lone_surrogates: bool = True
    drop_tool_errors: bool = False
    max_message_chars: int = 0


class Curation(Frozen):
    """What was set aside, and the funnel: (reason, number of calls) in the order of the rules."""

    marks: tuple[SetAside, ...]
    funnel: tuple[tuple[str, int], ...]
    n_in: int
    n_kept: int


def curate(calls: Iterable[Call], policy: CurationPolicy | None = None) -> Curation:
    """Set aside what must not be learned from, with the first reason that applies.

    Streaming: one pass, one call in memory at a time besides 16 bytes a kept call (to know exact
    repeats again) and the marks.
    """
    policy = policy or CurationPolicy()
    marks: list[SetAside] = []
    n_in = 0

    def counted() -> Iterator[Call]:
        nonlocal n_in
        for call in calls:
            n_in += 1
            yield call

    marks = list(_set_aside(counted(), policy))
    counts = Counter(mark.reason for mark in marks)
    order = [*(reason for reason, _, _ in RULES), *LATER_REASONS]
    funnel = tuple((reason, counts[reason]) for reason in order if counts[reason])
    return Curation(marks=tuple(marks), funnel=funnel, n_in=n_in, n_kept=n_in - len(marks))


LATER_REASONS = ("giant-message", "duplicate", "tool-error")


def _set_aside(calls: Iterable[Call], policy: CurationPolicy) -> Iterator[SetAside]:
    rules = [(reason, rule) for reason, rule, switch in RULES if switch is None or getattr(policy, switch)]
    first_with: dict[bytes, str] = {}
    tool_errors = ToolErrors()
    aside: set[str] = set()
    for call in calls:
        if policy.drop_tool_errors:
            tool_errors.see(call)
        mark = _first_reason(call, rules, policy, first_with)
        if mark is not None:
            aside.add(call.id)
            yield mark
    for call_id, detail in tool_errors.unrecovered():
        if call_id not in aside:
            yield SetAside(call_id=call_id, stage="curate", reason="tool-error", detail=detail)


def _first_reason(
    call: Call, rules: Sequence[tuple[str, Rule]], policy: CurationPolicy, first_with: dict[bytes, str]
) -> SetAside | None:
    for reason, rule in rules:
        detail = rule(call)
        if detail is not None:
            return SetAside(call_id=call.id, stage="curate", reason=reason, detail=detail)
    detail = giant_message(call, policy.max_message_chars)
    if detail is not None:
        return SetAside(call_id=call.id, stage="curate", reason="giant-message", detail=detail)
    if policy.drop_duplicates:
        first = first_with.setdefault(content_digest(call), call.id)
        if first != call.id:
            return SetAside(call_id=call.id, stage="curate", reason="duplicate", detail=f"same as {first}")
    return None


def content_digest(call: Call) -> bytes:
    """16 bytes that are equal for calls with the same whole request and the same answer.

    Everything that was said counts, from the first message on: in an agent, equal answers and even
    equal last messages recur rightly, and are no duplicates as long as what came before differs.
    Ids of tool calls and sampling parameters are left out: they differ between repeats.
    """
    ids: dict[str, int] = {}
    request = call.request
    content = [
        [_content(m, ids) for m in request.messages],
        request.tools,
        request.response_format,
        _content(call.response, ids) if call.response else None,
    ]
    return hashlib.blake2b(dump(content, canonical=True, has_floats=False), digest_size=16).digest()


def _content(message: Message, ids: dict[str, int]) -> list[object]:
    parts: list[object] = []
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            parts.append(["call", part.name, part.arguments, _position(part.id, ids)])
        elif isinstance(part, ToolCallResponsePart):
            parts.append(["result", part.response, _position(part.id, ids)])
        else:
            parts.append(part.model_dump(mode="json"))
    return [message.role, message.name, parts]


def _position(tool_call_id: str | None, ids: dict[str, int]) -> int:
    """Tool-call ids by their order of appearance."""
    return ids.setdefault(tool_call_id, len(ids)) if tool_call_id else -1
