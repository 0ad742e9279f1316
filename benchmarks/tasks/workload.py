"""A log of any size with the make-up of the recorded ones, in which little is the same text again.

The recorded sessions are repeated under new ids. What recurs in them stays: prompts, templates, names of
tools and fields (pieces of four tokens that stand in the sessions of at least four different openings).
Every other number and word of four letters or more is replaced by another one of the same log: the same
throughout a session, in messages, tool results and, where they carry it, answers, so that what was copied
from the input still is. So each copy has openings, payloads, filled-in prompts and answers of its own, and
nothing but real templates can be remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from rightsizer.tasks.shingles import WIDTH
from rightsizer.types import Call, Message, Part, TextPart, ToolCallPart, ToolCallResponsePart
from rightsizer.views.tokens import TOKEN

RECURS = 4  # different openings in whose sessions a piece stands: then it is template
FIXED = 8  # sessions with the very same system prompt: then it is an agent's own
LEAST_LETTERS, LEAST_DIGITS = 4, 2


@dataclass(frozen=True)
class _Text:
    """A text with the places of what is replaced in it."""

    text: str
    slots: tuple[tuple[int, int], ...]


class Workload:
    """`calls(n)` gives the log over and over, every copy but the first with texts of its own."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls
        self._texts: dict[str, _Text] = {}
        self._pools: dict[str, list[str]] = {}
        self._said: dict[str, set[str]] = defaultdict(set)  # session → words that are replaced in it
        self._fixed = _fixed_systems(calls)
        by_log: dict[str, list[Call]] = defaultdict(list)
        for call in calls:
            by_log[_log(call)].append(call)
        for log, own in by_log.items():
            self._learn(log, own)

    def calls(self, size: int) -> Iterator[Call]:
        """So many calls."""
        memo: dict[tuple[int, str], Message] = {}
        for n in range(size):
            copy, place = divmod(n, len(self._calls))
            if place == 0:
                memo = {}
            yield self._varied(self._calls[place], copy, memo) if copy else self._calls[place]

    def _learn(self, log: str, calls: Sequence[Call]) -> None:
        """Where the texts of one log recur and where they do not."""
        openings = {c.session_id: crc32(_opening(c).encode("utf-8", "surrogatepass")) for c in calls}
        carried: dict[str, set[int]] = defaultdict(set)
        sessions: dict[str, set[str]] = defaultdict(set)
        for call in calls:
            for message in call.request.messages:
                if id(message) not in self._fixed:
                    for text in _texts_of(message):
                        carried[text].add(openings[call.session_id])
                        sessions[text].add(call.session_id)
        support: dict[int, set[int]] = defaultdict(set)
        for text, by in carried.items():
            for piece in _pieces(TOKEN.findall(text)):
                if len(support[piece]) < RECURS:
                    support[piece] |= by
        recurring = {piece for piece, by in support.items() if len(by) >= RECURS}
        pool: list[str] = []
        for text, own in sessions.items():
            cut = _cut(text, recurring)
            self._texts[text] = cut
            words = [text[a:b] for a, b in cut.slots]
            pool += [w for w in words if not w.isdigit()]
            for session in own:
                self._said[session].update(words)
        self._pools[log] = pool or [""]

    def _varied(self, call: Call, copy: int, memo: dict[tuple[int, str], Message]) -> Call:
        salt = crc32(f"{copy}\0{call.session_id}".encode())

        def other(word: str) -> str:
            seed = crc32(word.encode("utf-8", "surrogatepass"), salt)
            if word.isdigit():
                return str(10 ** (len(word) - 1) + seed % (9 * 10 ** (len(word) - 1)))
            pool = self._pools[_log(call)]
            return pool[seed % len(pool)]

        def message_of(message: Message) -> Message:
            key = (id(message), call.session_id)
            if id(message) in self._fixed:
                return message
            if key not in memo:
                memo[key] = _replaced(message, lambda text: self._filled(text, call.session_id, other))
            return memo[key]

        messages = tuple(map(message_of, call.request.messages))
        return call.model_copy(
            update={
                "id": f"{call.id}.{copy}",
                "session_id": f"{call.session_id}.{copy}",
                "request": call.request.model_copy(update={"messages": messages}),
                "response": message_of(call.response) if call.response is not None else None,
            }
        )

    def _filled(self, text: str, session: str, other: Callable[[str], str]) -> str:
        """The text with other words in its slots; an answer with those words replaced that the input had."""
        cut = self._texts.get(text)
        if cut is None:
            said = self._said[session]
            slots = [m.span() for m in TOKEN.finditer(text) if m[0] in said]
        else:
            slots = list(cut.slots)
        parts: list[str] = []
        at = 0
        for a, b in slots:
            parts += [text[at:a], other(text[a:b])]
            at = b
        return "".join([*parts, text[at:]])


def _log(call: Call) -> str:
    return str(call.source.get("dataset"))


def _opening(call: Call) -> str:
    return next((m.text for m in call.request.messages if m.role != "system"), "")


def _fixed_systems(calls: Sequence[Call]) -> set[int]:
    sessions: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        for m in call.request.messages:
            if m.role == "system":
                sessions[m.text].add(call.session_id)
    often = {text for text, own in sessions.items() if len(own) >= FIXED}
    return {id(m) for c in calls for m in c.request.messages if m.role == "system" and m.text in often}


def _texts_of(message: Message) -> Iterator[str]:
    for part in message.parts:
        if isinstance(part, TextPart):
            yield part.content
        elif isinstance(part, ToolCallPart):
            yield part.arguments
        elif isinstance(part, ToolCallResponsePart):
            yield part.response


def _replaced(message: Message, fill: Callable[[str], str]) -> Message:
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            parts.append(TextPart.model_construct(content=fill(part.content)))
        elif isinstance(part, ToolCallPart):
            parts.append(part.model_copy(update={"arguments": fill(part.arguments)}))
        elif isinstance(part, ToolCallResponsePart):
            parts.append(part.model_copy(update={"response": fill(part.response)}))
        else:
            parts.append(part)
    return message.model_copy(update={"parts": tuple(parts)})


def _pieces(tokens: Sequence[str]) -> list[int]:
    """A hash of every run of four tokens (numbers are one token)."""
    ids = np.array(
        [crc32(b"0" if t.isdigit() else t.lower().encode("utf-8", "surrogatepass")) for t in tokens],
        np.uint64,
    )
    n = len(ids) - WIDTH + 1
    if n < 1:
        return []
    mixed = ids[:n].copy()
    for k in range(1, WIDTH):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + ids[k : k + n]
    return mixed.tolist()


def _cut(text: str, recurring: set[int]) -> _Text:
    places = [m.span() for m in TOKEN.finditer(text)]
    tokens = [text[a:b] for a, b in places]
    kept = np.zeros(len(tokens), bool)
    for i, piece in enumerate(_pieces(tokens)):
        if piece in recurring:
            kept[i : i + WIDTH] = True
    return _Text(text, tuple(s for s, t, k in zip(places, tokens, kept, strict=True) if not k and _varies(t)))


def _varies(token: str) -> bool:
    if token.isdigit():
        return len(token) >= LEAST_DIGITS
    return len(token) >= LEAST_LETTERS and token.isalpha()
