"""What a learner may see of a request, before the answer exists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rightsizer.types import Message, Request, ToolCallPart, ToolCallResponsePart
from rightsizer.views.mask import PayloadMask, fit_text, static_lines, strip_template, variable_lines
from rightsizer.views.tokens import digest

__all__ = ["PayloadMask", "View", "find_step", "fit_mask", "view"]

CONTEXT_CHARS = 6000
MAX_FIT = 2000  # requests a mask is fitted on: more change nothing
SYSTEM_ROLES = ("system", "developer")


@dataclass(frozen=True)
class View:
    """A request as a learner sees it.

    `payload` is the last message without the task's template. `step` is the state the answer is given
    in: ``@start`` (nothing was answered yet), ``@user`` (the user spoke again), ``@tool:<name>`` (that
    tool just answered), ``@assistant`` (the model goes on). `tools_called` are the tools called so far,
    in order; `n_turns` counts the user's messages. `context` is what stands before the payload, newest
    last: the parts of the system prompt that are not template, then earlier messages as
    ``role: text``; at most `CONTEXT_CHARS` characters, and what was cut is named by a digest in its
    first line, so that equal contexts mean equal histories.
    """

    payload: str
    last_role: str
    last_tool: str | None
    step: str
    tools_called: tuple[str, ...]
    n_turns: int
    context: str


def view(request: Request, mask: PayloadMask | None = None) -> View:
    """What may be learned from in this request; `mask` is the task's template (`fit_mask`)."""
    last = request.messages[-1] if request.messages else Message(role="user")
    called, last_tool = _tools(request.messages)
    step = _step(request.messages, last_tool)
    return View(
        payload=_payload(last, step, mask),
        last_role=last.role,
        last_tool=last_tool,
        step=step,
        tools_called=called,
        n_turns=sum(m.role == "user" for m in request.messages),
        context=_context(request.messages, mask),
    )


def find_step(request: Request) -> str:
    """The state the answer is given in, see `View.step`."""
    return _step(request.messages, _tools(request.messages)[1])


def fit_mask(requests: Iterable[Request]) -> PayloadMask:
    """The static part of these requests of one task.

    A piece is template when at least 95 % of the distinct last messages of a step carry it (system
    lines: 95 % of the requests), so outliers do no harm. Tool results and JSON are never cut.
    """
    sample = _sample(list(requests))
    by_step: dict[str, list[str]] = {}
    for request in sample:
        if request.messages and not _is_data(request.messages[-1]):
            by_step.setdefault(find_step(request), []).append(request.messages[-1].text)
    fitted = {step: fit_text(texts) for step, texts in sorted(by_step.items())}
    systems = [s for s in map(_system, sample) if s]
    return PayloadMask(
        steps={step: m for step, m in fitted.items() if m is not None},
        system=static_lines(systems) if systems else (),
    )


def _sample(requests: Sequence[Request]) -> Sequence[Request]:
    if len(requests) <= MAX_FIT:
        return requests
    return [requests[i * len(requests) // MAX_FIT] for i in range(MAX_FIT)]


def _payload(last: Message, step: str, mask: PayloadMask | None) -> str:
    text = last.text
    template = mask.steps.get(step) if mask is not None else None
    if template is None or _is_data(last):
        return text.strip()
    return strip_template(text, template)


def _is_data(message: Message) -> bool:
    """A tool's result, or JSON: cutting it would leave something that no longer parses."""
    return message.role == "tool" or message.text.lstrip()[:1] in ("{", "[")


def _system(request: Request) -> str:
    return "\n".join(m.text for m in request.messages[:-1] if m.role in SYSTEM_ROLES)


def _tools(messages: Sequence[Message]) -> tuple[tuple[str, ...], str | None]:
    """Tools called so far in order, and the one whose result is the last message."""
    names: dict[str, str] = {}
    called: list[str] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                called.append(part.name)
                if part.id:
                    names[part.id] = part.name
    if not messages:
        return tuple(called), None
    last = messages[-1]
    results = [p for p in last.parts if isinstance(p, ToolCallResponsePart)]
    if last.role not in ("tool", "function") and not results:
        return tuple(called), None
    known = names.get(results[-1].id or "") if results else None
    return tuple(called), known or last.name or (called[-1] if called else "tool")


def _step(messages: Sequence[Message], last_tool: str | None) -> str:
    if last_tool is not None:
        return f"@tool:{last_tool}"
    if messages and messages[-1].role == "assistant":
        return "@assistant"
    return "@user" if any(m.role == "assistant" for m in messages) else "@start"


def _context(messages: Sequence[Message], mask: PayloadMask | None) -> str:
    earlier = [m for m in messages[:-1] if m.role not in SYSTEM_ROLES]
    parts: list[str] = []
    if mask is not None:
        system = "\n".join(m.text for m in messages[:-1] if m.role in SYSTEM_ROLES)
        parts.append(variable_lines(system, mask.system))
    parts += [f"{m.role}: {_said(m)}" for m in earlier]
    text = "\n".join(p for p in parts if p)
    if len(text) <= CONTEXT_CHARS:
        return text
    cut = len(text) - CONTEXT_CHARS + 24
    return f"[… {digest(text[:cut])}]\n{text[cut:]}"


def _said(message: Message) -> str:
    calls = [f"{p.name}({p.arguments})" for p in message.parts if isinstance(p, ToolCallPart)]
    return " ".join([message.text, *calls]).strip()
