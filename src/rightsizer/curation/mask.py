"""Reversible placeholders: a student learns and serves on masked text, so no value lives in it.

``<EMAIL_1>`` stands for one value inside one call, wherever it occurs: prose, JSON strings, dict
keys, tool arguments, tool results. The map from placeholder to value lives as long as its `Masker`:
one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rightsizer.curation.json_text import Leaf, is_json, rewrite_strings
from rightsizer.curation.known_values import KnownValues
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.pii import is_free
from rightsizer.curation.recognizers.pattern import Span
from rightsizer.curation.schema_texts import ALLOWED, SAID, rewrite_said
from rightsizer.curation.sensitive import PLACEHOLDER, placeholder_name
from rightsizer.types import (
    Message,
    OtherPart,
    Part,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)

__all__ = ["MaskCache", "Masker"]

Rewrite = Callable[[str], str]


class Masker:
    """Masks one call: first its request, then its answer; unmasks what a student answers to it.

    Deterministic, idempotent (placeholders already in the text stay as they are and their numbers
    are not used again), injective (one placeholder, one value). Tool names, names of properties and call
    ids are never touched; what schemas say, show and allow is. What a placeholder stands for is known to
    this object alone.
    """

    def __init__(self, cache: MaskCache | None = None) -> None:
        self._cache = cache or MaskCache()
        self._placeholder: dict[str, str] = {}  # value → placeholder
        self._value: dict[str, str] = {}  # placeholder → value
        self._numbers: set[str] = set()  # placeholders only seen as a JSON number
        self._number_keys: set[tuple[str, str]] = set()  # (JSON key, placeholder) where it was a number
        self._reserved: set[str] = set()  # placeholders that were in the text to begin with
        self._count: dict[str, int] = {}
        self._known = KnownValues(())  # values that are replaced wherever they occur
        self._known_of = 0

    def mask_request(self, request: Request) -> Request:
        """The request with every sensitive value replaced; the same object if there is none."""
        texts = [t for m in request.messages for t in _message_texts(m)]
        texts += _nested_texts(request.params)
        schemas = self._cache.schema_texts(request)
        self._learn([*texts, *schemas])  # schemas last: what is in messages keeps its numbers without them
        messages = tuple(self._rewrite_message(m) for m in request.messages)
        changes = {"params": self._rewrite_nested(request.params), "messages": messages}
        same = changes["params"] is request.params and all(
            a is b for a, b in zip(messages, request.messages, strict=True)
        )
        if self._placeholder and any(self._mask_text(text) != text for text in schemas):
            same = False
            changes["tools"] = tuple(rewrite_said(t, self._mask_text, SAID | ALLOWED) for t in request.tools)
            form = request.response_format
            changes["response_format"] = rewrite_said(form, self._mask_text, SAID | ALLOWED)
        return request if same else request.model_copy(update=changes)

    def mask_message(self, message: Message) -> Message:
        """An answer, masked with the request's placeholders; values new in it get new ones."""
        self._learn(_message_texts(message))
        return self._rewrite_message(message)

    def unmask_message(self, message: Message) -> Message:
        """The answer with this call's values put back; placeholders of no known value stay."""
        if not self._value:
            return message
        return _map_message(message, self._unmask)

    def unresolved(self, message: Message) -> tuple[str, ...]:
        """Placeholders in `message` that stand for nothing in this call: not to be served."""
        found = {p for text in _message_texts(message) for p in PLACEHOLDER.findall(text)}
        return tuple(sorted(found - self._value.keys() - self._reserved))

    @property
    def values(self) -> dict[str, str]:
        """Placeholder → value, in the order of first appearance."""
        return dict(self._value)

    # ── learning what is there ──

    def _learn(self, texts: list[str]) -> None:
        seen = [self._cache.find(text) for text in texts]
        for finding in seen:
            self._reserved.update(finding.placeholders - self._value.keys())
        for finding in seen:
            for value, kind, number in finding.values:
                self._name(value, kind, number)

    def _name(self, value: str, kind: str, number: bool) -> None:
        known = self._placeholder.get(value)
        if known is None:
            name = placeholder_name(kind)
            n = self._count.get(name, 0) + 1
            while f"<{name}_{n}>" in self._reserved:
                n += 1
            self._count[name] = n
            known = f"<{name}_{n}>"
            self._placeholder[value], self._value[known] = known, value
            if number:
                self._numbers.add(known)
        elif not number:
            self._numbers.discard(known)

    # ── replacing ──

    def _rewrite_message(self, message: Message) -> Message:
        if not self._placeholder:
            return message
        return _map_message(message, self._mask_text)

    def _rewrite_nested(self, value: Any) -> Any:
        if not self._placeholder:
            return value
        return _map_nested(value, self._mask_text)

    def _mask_text(self, text: str) -> str:
        finding = self._cache.find(text)
        # An escape may hide a known value in JSON; elsewhere a plain search says whether there is one.
        hidden = finding.json and "\\" in text
        if not finding.values and not hidden and not self._holds_known(text):
            return text
        if finding.json:
            return rewrite_strings(text, self._mask_leaf)
        return self._mask_plain(text, finding.spans)

    def _mask_leaf(self, leaf: Leaf) -> str:
        if leaf.is_number:
            placeholder = self._placeholder.get(leaf.text)
            if placeholder is None or not (placeholder in self._numbers or _is_distinctive(leaf.text)):
                return leaf.text
            self._number_keys.add((leaf.key, placeholder))
            return placeholder
        if is_json(leaf.text):
            return rewrite_strings(leaf.text, self._mask_leaf)
        return self._mask_plain(leaf.text, self._cache.find_leaf(leaf.key, leaf.text))

    def _mask_plain(self, text: str, spans: tuple[Span, ...]) -> str:
        cuts = [(s.start, s.end) for s in spans]
        if self._holds_known(text):
            cuts += [(a, b) for a, b in self._known.places(text) if is_free(spans, a, b)]
        out, at = [], 0
        for start, end in sorted(cuts):
            placeholder = self._placeholder.get(text[start:end])
            if placeholder is not None:
                out += [text[at:start], placeholder]
                at = end
        return "".join([*out, text[at:]]) if out else text

    def _holds_known(self, text: str) -> bool:
        """Whether some value that is replaced wherever it occurs is in `text`."""
        if self._known_of != len(self._placeholder):
            self._known_of = len(self._placeholder)
            self._known = KnownValues(filter(_is_distinctive, self._placeholder))
        return self._known.any_in(text)

    def _unmask(self, text: str) -> str:
        if "<" not in text and "\\" not in text:
            return text
        if is_json(text):
            return rewrite_strings(text, self._unmask_leaf, self._number_of)
        return PLACEHOLDER.sub(lambda m: self._value.get(m[0], m[0]), text)

    def _unmask_leaf(self, leaf: Leaf) -> str:
        return leaf.text if leaf.is_number else self._unmask(leaf.text)

    def _number_of(self, leaf: Leaf) -> str | None:
        """The JSON number to write in place of a placeholder that stood for one."""
        is_number = leaf.text in self._numbers or (leaf.key, leaf.text) in self._number_keys
        return self._value[leaf.text] if is_number else None


def _is_distinctive(value: str) -> bool:
    """Whether a value is replaced wherever it occurs, and not only where it was recognised.

    A password may be an ordinary word and a security code three digits: those are not.
    """
    return len(value) >= 6 and any(c.isdigit() or c == "@" for c in value)


def _message_texts(message: Message) -> list[str]:
    texts: list[str] = []
    for part in message.parts:
        match part:
            case TextPart() | ReasoningPart():
                texts.append(part.content)
            case ToolCallPart():
                texts.append(part.arguments)
            case ToolCallResponsePart():
                texts.append(part.response)
            case OtherPart():
                texts += _nested_texts(part.raw)
            case _:
                pass
    return texts + _nested_texts(message.extra) if message.extra else texts


def _nested_texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [t for k, v in value.items() for t in (*_nested_texts(k), *_nested_texts(v))]
    if isinstance(value, list | tuple):
        return [t for v in value for t in _nested_texts(v)]
    return []


def _map_nested(value: Any, rewrite: Rewrite) -> Any:
    """`value` with every string rewritten; the same object where nothing changed."""
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, dict):
        pairs = {_map_nested(k, rewrite): _map_nested(v, rewrite) for k, v in value.items()}
        return value if pairs == value else pairs
    if isinstance(value, list | tuple):
        items = [_map_nested(v, rewrite) for v in value]
        return value if items == list(value) else items
    return value


def _map_message(message: Message, rewrite: Rewrite) -> Message:
    parts = tuple(_map_part(p, rewrite) for p in message.parts)
    extra = _map_nested(message.extra, rewrite) if message.extra else message.extra
    if extra is message.extra and all(a is b for a, b in zip(parts, message.parts, strict=True)):
        return message
    return message.model_copy(update={"parts": parts, "extra": extra})


def _map_part(part: Part, rewrite: Rewrite) -> Part:
    match part:
        case TextPart() | ReasoningPart():
            return _replaced(part, "content", part.content, rewrite(part.content))
        case ToolCallPart():
            return _replaced(part, "arguments", part.arguments, rewrite(part.arguments))
        case ToolCallResponsePart():
            return _replaced(part, "response", part.response, rewrite(part.response))
        case OtherPart():
            return _replaced(part, "raw", part.raw, _map_nested(part.raw, rewrite))
        case _:
            return part


def _replaced(part: Part, field: str, old: Any, new: Any) -> Part:
    return part if new == old else part.model_copy(update={field: new})
