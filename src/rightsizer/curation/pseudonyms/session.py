"""One session rewritten: read it whole, make its map, rewrite its calls; with the key, put values back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from rightsizer.curation.json_text import is_json
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.book import Book
from rightsizer.curation.pseudonyms.codes import surrogate_code
from rightsizer.curation.pseudonyms.collect import (
    Collector,
    Findings,
    Names,
    protected,
    scan_names,
    session_values,
)
from rightsizer.curation.pseudonyms.dates import find_dates, readings
from rightsizer.curation.pseudonyms.derived import handles_of
from rightsizer.curation.pseudonyms.keys import Draw
from rightsizer.curation.pseudonyms.knowledge import Knowledge, schema_mark
from rightsizer.curation.pseudonyms.months import moved
from rightsizer.curation.pseudonyms.replace import Replacer
from rightsizer.curation.pseudonyms.schemas import SchemaBlanker
from rightsizer.curation.pseudonyms.tree import leaves_of, walk
from rightsizer.curation.pseudonyms.values import Value, ValueIndex
from rightsizer.curation.sensitive import MASKED_TYPES, find, placeholder_name
from rightsizer.types import (
    Call,
    ImagePart,
    Message,
    OtherPart,
    Part,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)

_CONTEXT_CHARS = 4000


class SessionRewriter:
    """Surrogates for one session. The same calls, key, policy and knowledge give the same surrogates.

    `rewrite` is idempotent and `restore` is its inverse for everything but secrets and masked values,
    which no map holds (but for odd letter case, and for how JSON escapes what is not ASCII).
    `calls` must be all calls of the session that will be rewritten.
    """

    def __init__(
        self,
        calls: Iterable[Call],
        key: bytes,
        policy: Policy | None = None,
        knowledge: Knowledge | None = None,
        names: Names = scan_names,
        cache: MaskCache | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self._known = known = knowledge or Knowledge()
        cache = cache or MaskCache(masked=self.policy.found_types(MASKED_TYPES))
        reader = _Reader(self.policy, known, names, cache)
        for call in calls:
            reader.read(call)
        self._blanker = SchemaBlanker(cache, self.policy)
        found = reader.finish()
        self._forbidden = ValueIndex()
        for value, kind in sorted(found.dropped.items()):
            self._forbidden.add(Value(value, kind))
        book = Book(key, reader.texts(), context=reader.context())
        for value in protected(found):
            book.index.add(Value(value, value))
        for value, tag in _tags(found):
            book.index.add(Value(value, tag))
        book.add_all(session_values(found))
        book.add_endings(found.endings)
        book.set_dates(reader.texts(), found.births, shift=self.policy.action("DATE") == "pseudonymise")
        keyed = _keyed(found, book, key, known)
        for value, tag in _tags(found):
            keyed |= dict.fromkeys(reader.places.get(value, ()), tag)
        keys = frozenset(reader.schema_keys)
        self.book = book
        days = dict(book.days)
        new_months = frozenset(moved(m, book.months) for m in book.said_months)
        self._there = Replacer(
            book.index, keyed, days, frozenset(book.days_back), book.shift, book.year, keys, known.fields,
            book.months, new_months - book.said_months,
        )  # fmt: skip
        back = {(k, new): old for (k, old), new in keyed.items() if not new.startswith("<")}
        self._back = Replacer(
            book.back, back, book.days_back, frozenset(days), -book.shift, book.year, keys, known.fields,
            -book.months, book.said_months - new_months,
        )  # fmt: skip

    def rewrite(self, call: Call) -> Call:
        """The call with surrogates; ids of calls and sessions, tool names and the structure of schemas stay.

        An id that holds an address or a number of somebody's is no mere id: that part is rewritten too.
        """
        made = _map_call(call, self._there)
        changes: dict[str, Any] = {"request": self._blanker.request(made.request)}
        if "@" in call.id:
            changes["id"] = self._there.text(call.id)
        if tells_who(call.session_id):
            changes["session_id"] = self._there.text(call.session_id)
        return made.model_copy(update=changes)

    def restore(self, call: Call) -> Call:
        """A rewritten call with its values put back."""
        return _map_call(call, self._back)

    def rewrite_text(self, text: str) -> str:
        """Any text, prose or JSON, with this session's surrogates."""
        return self._there.text(text)

    @property
    def originals(self) -> dict[str, str]:
        """Value → class of everything that got a surrogate. Sensitive."""
        return {value: kind for value, (kind, _) in self.book.values.items()}

    def forbidden(self, text: str) -> str | None:
        """The class of a value in an original text whose calls the policy drops, or None."""
        if not self._forbidden.forms:
            return None
        return next((hit.new for hit in self._forbidden.hits(text)), None)

    def survivors(self, text: str) -> list[str]:
        """Known values that still stand in a rewritten text, names of fields aside: what must be empty."""
        pieces = [text]
        if is_json(text):
            leaves = list(leaves_of(text))
            pieces = [str(x.value) for x in leaves if not (x.is_key and self._there.stays(str(x.value)))]
        hits = [(piece[h.start : h.end], h.new) for piece in pieces for h in self.book.index.hits(piece)]
        found = [value for value, new in hits if value != new]  # some stay because the policy says so
        return [v for v in found if not any(h for h in self.book.back.hits(v))]

    def is_known(self, value: str) -> bool:
        """Whether a value found in rewritten text is one of this map's own, or stays on purpose."""
        if value in self._known.catalogue:
            return True
        covered = sum(h.end - h.start for h in self.book.back.hits(value))
        days = {day for d in find_dates(value, self.book.year) for day in readings(d.day)}
        return not days.isdisjoint(self.book.days_back) or covered * 2 >= len(value)


_OF_SOMEBODY = frozenset({"EMAIL_ADDRESS", "PHONE_NUMBER", "CN_ID_CARD", "CREDIT_CARD", "US_SSN"})


@lru_cache(maxsize=4096)
def tells_who(session_id: str) -> bool:
    """Whether a session's id holds somebody's address or number, as chat channels make them."""
    return any(kind in _OF_SOMEBODY for _, kind, _ in find(session_id).values)


class _Reader:
    """Collects findings and texts of a session, each text once."""

    def __init__(self, policy: Policy, known: Knowledge, names: Names, cache: MaskCache | None) -> None:
        self._collector = Collector(policy, known, names, cache)
        self._collector.declare(policy.personal)
        self._seen: dict[tuple[str, str], None] = {}
        self._loose: dict[str, None] = {}
        self._said: dict[str, None] = {}
        self._asked: dict[str, str] = {}
        self.schema_keys: set[str] = set()
        self._schemas: set[bytes] = set()
        self.places: dict[str, set[tuple[str, str]]] = {}

    def read(self, call: Call) -> None:
        """Take in one call."""
        request = call.request
        mark = schema_mark(request)
        if mark not in self._schemas:
            self._schemas.add(mark)
            for schema in (*request.tools, request.response_format or {}):
                self.schema_keys.update(_properties(schema))
        messages = [*request.messages, *([call.response] if call.response else [])]
        for message in messages:
            for part in message.parts:
                self._part(part, message.role)
            self._nested(message.extra)
        for name in (call.id, call.session_id):
            if "@" in name or (name == call.session_id and tells_who(name)):
                self._text(name)
        for nested in (request.params, call.metadata, call.extra, call.outcome, call.source):
            self._nested(nested)
        if call.error is not None:
            self._text(call.error.message)

    def _part(self, part: Part, role: str) -> None:
        match part:
            case TextPart() | ReasoningPart():
                self._text(part.content)
                if role == "user":
                    self._said[part.content] = None
                    self._collector.read_short(part.content)
            case ToolCallPart():
                if part.id:
                    self._asked[part.id] = part.name
                self._text(part.arguments, part.name, record=True)
            case ToolCallResponsePart():
                self._text(part.response, self._asked.get(part.id or "", ""), record=True)
            case OtherPart():
                self._nested(part.raw)
            case ImagePart():
                if not part.url.startswith("data:"):
                    self._text(part.url)

    def _text(self, text: str, tool: str = "", *, record: bool = False) -> None:
        if (text, tool) in self._seen:
            return
        self._seen[text, tool] = None
        self._collector.read(text, tool=tool, record=record)
        for leaf in leaves_of(text):
            if isinstance(leaf.value, str):
                self._loose[leaf.value] = None

    def _nested(self, value: Any) -> None:
        for leaf in walk(value):
            if isinstance(leaf.value, str) and leaf.value not in self._loose:
                self._loose[leaf.value] = None
                self._collector.read(leaf.value, prose=" " in leaf.value)
            if leaf.key != "id" or leaf.parent not in ("", "response"):  # the record's own ids
                self._collector.read_leaf(leaf)

    def texts(self) -> list[str]:
        """Every text of the session, what JSON strings say included."""
        return [*(text for text, _ in self._seen), *self._loose]

    def context(self) -> str:
        """The beginning of what the user said."""
        return "\n".join(self._said)[:_CONTEXT_CHARS]

    def finish(self) -> Findings:
        """What was found, once everything was read."""
        self._collector.read_names()
        found = self._collector.found
        people = [value for kind, value in session_values(found) if kind == f.PERSON]
        for kind, value in handles_of(people, [*(text for text, _ in self._seen), *self._loose]):
            self._collector.take(kind, value)
        wanted = {*found.secrets, *found.masked}
        if wanted:
            for text, _ in self._seen:
                for leaf in leaves_of(text):
                    if str(leaf.value) in wanted:
                        self.places.setdefault(str(leaf.value), set()).add((leaf.key, str(leaf.value)))
        return found


def _tags(found: Findings) -> Iterator[tuple[str, str]]:
    """Secrets and masked values with what stands in their place; a secret's tag tells its kind alone."""
    for value, kind in sorted(found.secrets.items()):
        yield value, f"<SECRET:{kind}>"
    counts: dict[str, int] = {}
    for value, kind in sorted(found.masked.items()):
        name = placeholder_name(kind)
        counts[name] = counts.get(name, 0) + 1
        yield value, f"<{name}_{counts[name]}>"


def _keyed(found: Findings, book: Book, key: bytes, known: Knowledge) -> dict[tuple[str, str], str]:
    """What to write for values that count under their own field: short ids, marked amounts."""
    out: dict[tuple[str, str], str] = {}
    factor = 0.8 + Draw(key, "amounts").below(4501) / 10_000
    for field, kind, value in sorted(found.keyed):
        if kind == f.AMOUNT:
            out[field, value] = _scaled(value, factor if abs(factor - 1) > 0.02 else 1.1)
        else:
            chosen = book.values.get(value)
            out[field, value] = (
                chosen[1] if chosen else surrogate_code(value, Draw(key, kind, value), book.words)
            )
    return out


def _scaled(value: str, factor: float) -> str:
    """An amount times the session's factor, with as many decimals as it had."""
    plain = value.replace(",", "")
    try:
        number = float(plain)
    except ValueError:
        return value
    decimals = len(plain.partition(".")[2])
    return f"{number * factor:.{decimals}f}"


def _properties(schema: Any) -> Iterator[str]:
    if isinstance(schema, list | tuple):
        for item in schema:
            yield from _properties(item)
    elif isinstance(schema, dict):
        inner = schema.get("properties")
        if isinstance(inner, dict):
            yield from inner
        for value in schema.values():
            yield from _properties(value)


# ── putting a call together again ──


def _map_call(call: Call, there: Replacer) -> Call:
    changes: dict[str, Any] = {
        "request": _map_request(call.request, there),
        "response": _map_message(call.response, there) if call.response else None,
        "metadata": _map_nested(call.metadata, there),
        "extra": _map_nested(call.extra, there),
        "outcome": _map_nested(call.outcome, there),
        "source": _map_nested(call.source, there),
    }
    if call.error is not None:
        changes["error"] = call.error.model_copy(update={"message": there.text(call.error.message)})
    if call.timestamp is not None and there.shift:
        changes["timestamp"] = call.timestamp + there.shift
    return call.model_copy(update=changes)


def _map_request(request: Request, there: Replacer) -> Request:
    messages = tuple(_map_message(m, there) for m in request.messages)
    return request.model_copy(update={"messages": messages, "params": _map_nested(request.params, there)})


def _map_message(message: Message, there: Replacer) -> Message:
    parts = tuple(_map_part(p, there) for p in message.parts)
    name = there.text(message.name) if message.name and message.role == "user" else message.name
    extra = _map_nested(message.extra, there) if message.extra else message.extra
    same = all(a is b for a, b in zip(parts, message.parts, strict=True))
    if same and name == message.name and not extra:
        return message
    return message.model_copy(update={"parts": parts, "name": name, "extra": extra})


def _map_part(part: Part, there: Replacer) -> Part:
    match part:
        case TextPart() | ReasoningPart():
            new = there.text(part.content)
            return part if new == part.content else part.model_copy(update={"content": new})
        case ToolCallPart():
            return part.model_copy(update={"arguments": there.text(part.arguments)})
        case ToolCallResponsePart():
            return part.model_copy(update={"response": there.text(part.response)})
        case OtherPart():
            return part.model_copy(update={"raw": _map_nested(part.raw, there)})
        case ImagePart():
            return (
                part
                if part.url.startswith("data:")
                else part.model_copy(update={"url": there.text(part.url)})
            )


def _map_nested(value: Any, there: Replacer, key: str = "") -> Any:
    if isinstance(value, str):
        return there.leaf(key, value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        new = there.number(key, str(value))
        return int(new) if new.lstrip("-").isdigit() else value
    if isinstance(value, dict):
        return {
            there.key(k) if isinstance(k, str) else k: _map_nested(v, there, str(k)) for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [_map_nested(v, there, key) for v in value]
    return value
