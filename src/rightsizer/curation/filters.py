"""Why a call is not learned from: one small pure function a reason.

Each takes a call and gives None (fine) or a short detail of what was found. `RULES` is their order:
a call is counted under the first that applies.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from rightsizer.curation.arguments import argument_fault
from rightsizer.curation.refusals import refusal
from rightsizer.types import Call, Message, Part, ReasoningPart, TextPart, ToolCallPart, ToolCallResponsePart

Rule = Callable[[Call], str | None]

LOOP_LENGTH = 3
_Made = tuple[str, str]  # name and arguments of a tool call


def answered_by_student(call: Call) -> str | None:
    """A student must never learn from a student's answer, nor be tested against one."""
    by = call.source.get("served_by")
    return by if isinstance(by, str) and by.startswith("student:") else None


def failed(call: Call) -> str | None:
    """The call failed, or it gave neither text nor a tool call."""
    if call.error is not None:
        return f"status {call.error.status}" if call.error.status else (call.error.message[:120] or "failed")
    if call.response is None:
        return "no response"
    if embedding(call) is not None:
        return None
    if not call.response.tool_calls and not call.response.text.strip() and not _has_other(call.response):
        return "empty answer"
    return None


def _has_other(message: Message) -> bool:
    return any(p.type in ("image", "other") for p in message.parts)


def truncated(call: Call) -> str | None:
    """The answer was cut off: by a length limit, by a content filter, or in the middle of its JSON."""
    if call.finish_reason in ("length", "max_tokens", "content_filter", "max_output_tokens", "model_length"):
        return f"finish_reason {call.finish_reason}"
    if call.response is None:
        return None
    if any(stops_inside_json(p.arguments) for p in call.response.tool_calls):
        return "tool arguments stop in the middle"
    text = call.response.text
    if wants_json(call) and stops_inside_json(unfenced(text)):
        return "JSON stops in the middle"
    if text.count("```") % 2 == 1 and call.finish_reason is None and len(text) > 2000:
        return "code block is never closed"
    return None


def stops_inside_json(text: str) -> bool:
    """Whether the text is the beginning of a JSON object or array whose end is missing."""
    text = text.strip()
    if not text or text[0] not in "{[":
        return False
    try:
        json.loads(text)
        return False
    except json.JSONDecodeError as broken:
        # An error at the very end, or a string that is never closed, is a missing end; any other
        # place is a mistake inside.
        at_end = broken.pos >= len(text) - 1 and text[-1] not in "}]"
        return at_end or "Unterminated string" in broken.msg
    except RecursionError:
        return False


def wants_json(call: Call) -> bool:
    """Whether the request demands JSON by its response format."""
    wanted = call.request.response_format
    return wanted is not None and wanted.get("type") in ("json_object", "json_schema")


_FENCE = re.compile(r"^\s*```(?:json|JSON)?[ \t]*\r?\n(.*?)\r?\n?```\s*$", re.DOTALL)


def unfenced(text: str) -> str:
    """The inside of a text that is one Markdown code fence; otherwise the text."""
    match = _FENCE.match(text)
    return match[1] if match else text


def invalid_json(call: Call) -> str | None:
    """The request demands JSON and the text answer is not.

    One Markdown fence around it is forgiven: clients strip it, and the value inside is what counts.
    """
    if call.response is None or call.response.tool_calls or not wants_json(call):
        return None
    try:
        json.loads(unfenced(call.response.text))
    except ValueError as broken:
        return str(broken)[:120]
    except RecursionError:
        return "nested too deeply"
    return None


def unknown_tool(call: Call) -> str | None:
    """The answer calls a tool that was not offered (only where tools were offered)."""
    if call.response is None or not call.request.tools:
        return None
    offered = call.request.tool_names
    if len(offered) != len(call.request.tools):  # built-in tools have no name to compare
        return None
    return next(
        (f"{p.name!r} was not offered" for p in call.response.tool_calls if p.name not in offered), None
    )


def invalid_arguments(call: Call) -> str | None:
    """Arguments that are no JSON object, or that violate the JSON Schema of the called tool."""
    if call.response is None:
        return None
    for part in call.response.tool_calls:
        fault = argument_fault(part, _parameters(call, part.name))
        if fault is not None:
            return fault
    return None


def _parameters(call: Call, name: str) -> dict[str, Any] | None:
    for tool in call.request.tools:
        function = tool.get("function", tool)
        if isinstance(function, dict) and function.get("name") == name:
            schema = function.get("parameters", function.get("input_schema"))
            return schema if isinstance(schema, dict) else None
    return None


def orphan_tool_result(call: Call) -> str | None:
    """A tool result in the context answers a call that is not there before it."""
    asked: set[str] = set()
    for message in call.request.messages:
        for part in message.parts:
            if isinstance(part, ToolCallPart) and part.id:
                asked.add(part.id)
            elif isinstance(part, ToolCallResponsePart) and part.id and part.id not in asked:
                return f"result of {part.id!r}, which nothing asked for"
    return None


def refused(call: Call) -> str | None:
    """The model declined to answer."""
    return None if call.response is None or call.response.tool_calls else refusal(call.response)


def identical_loop(call: Call) -> str | None:
    """Since the user last spoke, one tool call was made three times and nothing new was learned between.

    The answer counts too. Repeating a call after something else gave a new result is work (a test
    after each repair); repeating it while every result is known already is a loop.
    """
    if call.response is None:
        return None
    times: Counter[_Made] = Counter()
    asked: dict[str | None, _Made] = {}
    known: set[tuple[_Made | None, str]] = set()
    found: tuple[str, int] | None = None
    for message in (*call.request.messages, call.response):
        results = [p for p in message.parts if isinstance(p, ToolCallResponsePart)]
        if message.role == "user" and not results:
            times.clear()
            known.clear()
            found = None
        for part in results:
            result = (asked.get(part.id), part.response)
            if result not in known:
                known.add(result)
                times = Counter({result[0]: 1} if result[0] else {})
        for made in message.tool_calls:
            key = asked[made.id] = (made.name, _compact(made.arguments))
            times[key] += 1
            if times[key] >= LOOP_LENGTH:
                found = (made.name, times[key])
    return f"{found[0]} called {found[1]} times with equal arguments" if found else None


def _compact(arguments: str) -> str:
    return re.sub(r"\s+", "", arguments)


def embedding(call: Call) -> str | None:
    """Vectors were asked for, and no words."""
    return "" if str(call.source.get("path", "")).endswith("/embeddings") else None


def lone_surrogate(call: Call) -> str | None:
    """Half a UTF-16 pair in a text: a string cut in the middle of an emoji. No tokenizer takes it."""
    messages = (*call.request.messages, *([call.response] if call.response is not None else []))
    for message in messages:
        for part in message.parts:
            text = f"{part.name} {part.arguments}" if isinstance(part, ToolCallPart) else _text_of(part)
            if not text.isascii() and _SURROGATE.search(text):
                return f"in a message of the {message.role}"
    return None


_SURROGATE = re.compile("[\ud800-\udfff]")


def _text_of(part: Part) -> str:
    if isinstance(part, ToolCallPart):
        return part.arguments
    if isinstance(part, ToolCallResponsePart):
        return part.response
    return part.content if isinstance(part, TextPart | ReasoningPart) else ""


def giant_message(call: Call, most_chars: int) -> str | None:
    """A message longer than `most_chars` characters; 0 = any length is fine."""
    if not most_chars:
        return None
    messages = (*call.request.messages, *([call.response] if call.response is not None else []))
    longest = max((sum(len(_text_of(p)) for p in m.parts) for m in messages), default=0)
    return f"{longest:,} characters" if longest > most_chars else None


# (reason, rule, the switch of the policy that turns it off, if any)
RULES: tuple[tuple[str, Rule, str | None], ...] = (
    ("error", failed, None),
    ("embedding", embedding, None),
    ("student-answer", answered_by_student, None),
    ("truncated", truncated, "drop_truncated"),
    ("unknown-tool", unknown_tool, None),
    ("invalid-arguments", invalid_arguments, "validate_arguments"),
    ("orphan-tool-result", orphan_tool_result, None),
    ("invalid-json", invalid_json, None),
    ("refusal", refused, "drop_refusals"),
    ("identical-loop", identical_loop, "drop_loops"),
    ("lone-surrogate", lone_surrogate, "drop_lone_surrogates"),
)
