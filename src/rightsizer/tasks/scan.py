"""One pass over the log: what discovery keeps of every call, in a few hundred bytes each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from rightsizer.tasks.recipe import UNANSWERED, find_recipe
from rightsizer.tasks.sketch import sketch
from rightsizer.tasks.trial import Trial
from rightsizer.tasks.zones import Zones, clip, read_zones
from rightsizer.types import Call, Message, OutputKind, Request
from rightsizer.views.answer import canonical_answer, output_kind, parse_object, plain_text
from rightsizer.views.tokens import digest
from rightsizer.views.view import view

CostOf = Callable[[Call], float | None]
CHARS_PER_TOKEN = 4.0  # of English; a CJK character is about one token
WIDE = re.compile("[\u2e80-\uffdc]+")
MOST_COUNTED = 2000
_counts: dict[int, tuple[object, int]] = {}
T = TypeVar("T")
SPOKEN_STEPS = ("@start", "@user")


@dataclass(slots=True)
class Fact:
    """What is kept of one call. `answer`, `payload` are digests; `shape` is the form of the answer
    (``json:a,b``, ``tool:name``, ``text``); `leaves`/`copied` count the values in the answer and those
    that stand in what the model was given. `kind` is None where there is no answer. `text` is the last
    message where a person or a program wrote it, empty where a tool did. `frame` names the answer
    without the values that are copied (`recipe.py`; `spans` of them only reading can find), and `sketch` is
    what a quick trial sees of the request; `trial` is what that trial found, once it was run."""

    call_id: str
    session: str
    zones: int
    step: str
    kind: OutputKind | None
    answer: str
    shape: str
    payload: str
    leaves: int
    copied: int
    words: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    text: str
    frame: str = ""
    spans: int = 0
    sketch: bytes = b""
    trial: Trial | None = None


@dataclass
class Scan:
    """All facts, and the distinct zones they point to."""

    facts: list[Fact] = field(default_factory=list)
    zones: list[Zones] = field(default_factory=list)


def scan(calls: Iterable[Call], cost_of: CostOf | None = None) -> Scan:
    """Read the calls once. Memory: one `Fact` a call and each distinct opening text once."""
    done = Scan()
    places: dict[Zones, int] = {}
    shared: dict[str, str] = {}
    for call in calls:
        zones = read_zones(call.request, call.metadata)
        place = places.get(zones)
        if place is None:
            place = places[zones] = len(done.zones)
            done.zones.append(zones)
        done.facts.append(_fact(call, place, cost_of, shared))
    return done


def _fact(call: Call, place: int, cost_of: CostOf | None, shared: dict[str, str]) -> Fact:
    seen = view(call.request)
    reply = call.response
    kind = output_kind(reply, call.request) if reply is not None else None
    made = UNANSWERED
    if reply is not None:
        made = find_recipe(reply, seen.context + "\n" + seen.payload)
    answer = digest(canonical_answer(reply)) if reply is not None else ""
    frame, spans = (answer, 0) if kind == "label" else (made.frame, made.spans)
    cost = cost_of(call) if cost_of is not None else call.cost_usd
    shape = _shape(reply) if reply is not None else ""
    text = clip(seen.payload) if seen.step in SPOKEN_STEPS else ""
    return Fact(
        call_id=call.id,
        session=shared.setdefault(call.session_id, call.session_id),
        zones=place,
        step=shared.setdefault(seen.step, seen.step),
        kind=kind,
        answer=answer,
        shape=shared.setdefault(shape, shape),
        payload=digest(seen.payload + "\0" + seen.context),
        leaves=made.leaves,
        copied=made.copied,
        words=len(plain_text(reply).split()) if reply is not None else 0,
        input_tokens=_input_tokens(call),
        output_tokens=_output_tokens(call),
        cost_usd=cost or 0.0,
        text=shared.setdefault(text, text),
        frame=shared.setdefault(frame, frame),
        spans=spans,
        sketch=sketch(seen) if reply is not None else b"",
    )


def _shape(reply: Message) -> str:
    """The form of an answer: names of tools or fields, never values."""
    if reply.tool_calls:
        return "tool:" + "+".join(sorted({c.name for c in reply.tool_calls}))
    value = parse_object(plain_text(reply))
    if isinstance(value, Mapping):
        return "json:" + ",".join(sorted(value)[:12])
    return "json[]" if value is not None else "text"


def _input_tokens(call: Call) -> int:
    if call.usage is not None and call.usage.input_tokens is not None:
        return call.usage.input_tokens
    return sum(_tokens(m) for m in call.request.messages) + _tool_tokens(call.request)


def _output_tokens(call: Call) -> int:
    if call.usage is not None and call.usage.output_tokens is not None:
        return call.usage.output_tokens
    return _tokens(call.response) if call.response is not None else 0


def _tokens(message: Message) -> int:
    """A rough count, where the log has none."""
    return _counted(message, _count_text)


def _count_text(message: Message) -> int:
    text = message.text + "".join(c.name + c.arguments for c in message.tool_calls)
    wide = 0 if text.isascii() else sum(map(len, WIDE.findall(text)))
    return int((len(text) - wide) / CHARS_PER_TOKEN + wide) + 4


def _tool_tokens(request: Request) -> int:
    return _counted(request.tools, lambda tools: sum(len(str(tool)) for tool in tools) // 5)


def _counted(value: T, count: Callable[[T], int]) -> int:
    """Calls of a session share messages and tools, so that counts are remembered by identity."""
    known = _counts.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    if len(_counts) >= MOST_COUNTED:
        _counts.clear()
    _counts[id(value)] = (value, found := count(value))
    return found
