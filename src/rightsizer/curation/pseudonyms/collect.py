"""What is personal in a session's texts: (class, value), by field names, patterns, names and shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rightsizer.curation import pii
from rightsizer.curation.encoded import find_encoded
from rightsizer.curation.json_text import is_json
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.pii import Span, narrow
from rightsizer.curation.policy import ACTIONS, Policy
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms import lexicon_zh as zh
from rightsizer.curation.pseudonyms.companies import find_chinese, is_somebodys
from rightsizer.curation.pseudonyms.knowledge import Knowledge
from rightsizer.curation.pseudonyms.layouts import columns_of, leaves_in, pieces
from rightsizer.curation.pseudonyms.lexicon_en import ALSO_WORDS, GENERIC, TITLES
from rightsizer.curation.pseudonyms.names import (
    FIELD_WORDS,
    NOBODY,
    believed,
    joined,
    looks_like_a_name,
    without_title,
)
from rightsizer.curation.pseudonyms.people import is_chinese
from rightsizer.curation.pseudonyms.places import (
    STREET,
    find_in_prose,
    is_unit,
    parts_of,
    towns_beside,
    without_tail,
)
from rightsizer.curation.pseudonyms.said import find_codes, find_endings, find_said
from rightsizer.curation.pseudonyms.shapes import is_distinctive
from rightsizer.curation.pseudonyms.tree import Leaf, leaves_of, parsed
from rightsizer.curation.pseudonyms.unnamed import is_listed_place, is_ordinary, is_wide, kinds_in
from rightsizer.curation.recognizers.secrets import SECRET_TYPES
from rightsizer.curation.sensitive import KEPT_TYPES

NAME_SCORE = 0.5
LONGEST_KEPT = 200  # characters of a value that stays as a whole because its field does
DECLARED = "DECLARED"  # the class of what a person has said of one value or field
# What prose is taken for where nothing says more: it gives way to a class that the policy decides about.
GUESSED = frozenset({f.ID, f.HANDLE, f.POSTCODE, f.CITY, f.ORGANIZATION, "LOCATION"})
TOGETHER = 100_000  # characters in which names are looked for at once
_HEALTH = frozenset({"MEDICAL_CONDITION", "MEDICATION", "ICD_CODE", "BLOOD_TYPE"})
_NAMES = {"PERSON", "ORGANIZATION", "LOCATION", "ADDRESS", "STREET_ADDRESS", "CITY", "HEALTH", *_HEALTH}
Names = Callable[[str], Sequence[Span]]


def scan_names(text: str) -> list[Span]:
    """Names, organisations, places and addresses that the recognisers find."""
    return scan_names_in([text])[0]


def scan_names_in(texts: Sequence[str]) -> list[list[Span]]:
    """For every text what `scan_names` finds in it; many are quicker together."""
    found = pii.scan_many(texts, names=True)
    return [[_as_health(s) for s in spans if s.type in _NAMES and s.score >= NAME_SCORE] for spans in found]


def _as_health(span: Span) -> Span:
    return span._replace(type="HEALTH") if span.type in _HEALTH else span


@dataclass
class Findings:
    """What was found: `values` to replace, `secrets` that only ever become placeholders, marked amounts
    by field (`keyed`), and `births` (dates of birth)."""

    values: set[tuple[str, str]] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    masked: dict[str, str] = field(default_factory=dict)
    keyed: set[tuple[str, str, str]] = field(default_factory=set)
    births: set[str] = field(default_factory=set)
    endings: set[str] = field(default_factory=set)  # digits said to be the last of a longer number
    dropped: dict[str, str] = field(default_factory=dict)  # value → class, of what must not leave at all
    kept: dict[str, str] = field(default_factory=dict)  # value → class, of what the policy says stays


class Collector:
    """Reads the texts of one session."""

    def __init__(
        self, policy: Policy, knowledge: Knowledge, names: Names = scan_names, cache: MaskCache | None = None
    ) -> None:
        self._cache = cache or MaskCache()
        self._policy = policy
        self._known = knowledge
        self._names = names
        self._shape = re.compile("|".join(f"(?:{s})" for s in knowledge.shapes)) if knowledge.shapes else None
        self.found = Findings()
        self._waiting: dict[str, None] = {}  # texts in which names are looked for together
        self._waiting_chars = 0

    def read(self, text: str, *, tool: str = "", prose: bool = True, record: bool = False) -> None:
        """Take in one text; `tool` is whose arguments or result it is, `prose` whether people wrote it,
        `record` whether a tool did."""
        if len(text) < 2:
            return
        for value, kind, number in self._cache.find(text).values:
            self._take(kind, value, number=number)
        if is_json(text):
            self._postcodes(leaves_of(text))
            for leaf in leaves_of(text):
                self.read_leaf(leaf, tool, deny=True)
            for leaf in columns_of(parsed(text)):
                self.read_leaf(leaf, tool, deny=True)
        else:
            self._read_plain(text, prose, record=record)

    def read_leaf(self, leaf: Leaf, tool: str = "", *, deny: bool = False) -> None:
        """Take in one value of a structure; `deny`: one that a recogniser does not know is somebody's too."""
        value = str(leaf.value)
        if leaf.is_key:
            if not value.isidentifier() or any(c.isdigit() for c in value):
                self._shapes(value)
            return
        number = not isinstance(leaf.value, str)
        said = self._policy.field(tool, leaf.key, leaf.path)
        kind = said if said and said not in ACTIONS else f.kind_of_field(leaf.key, leaf.parent, leaf.siblings)
        if said == "keep":
            if not number and len(value) <= LONGEST_KEPT:
                self.found.kept[value] = DECLARED
            return
        if kind == f.MAYBE:
            kind = f.PERSON if looks_like_a_name(value) else None
        if said in ACTIONS and kind is None:
            kind = f.AMOUNT if number and isinstance(leaf.value, float) else f.ID
        if kind == f.ADDRESS and not said and value.isascii() and _fits(kind, value, number):
            for part, piece in parts_of(value):
                self._take(part, piece, key=leaf.key)
        elif kind is not None and (said or _fits(kind, value, number)):
            self._take(kind, value, key=leaf.key, number=number, said=said if said in ACTIONS else None)
        elif not number and _LONG_NUMBER.fullmatch(value) and not f.is_time(leaf.key):
            self._take(f.ID, value, key=leaf.key)
        elif not number:
            if is_unit(value):
                self._take(f.ADDRESS, value, key=leaf.key)
            if deny:
                self._unnamed(value, leaf.key)
            self._read_plain(value, prose=_is_prose(value), record=deny)

    def _postcodes(self, leaves: Iterable[Leaf]) -> None:
        """Five digits as the whole of a value, in a record that has a street line."""
        values = [leaf.value for leaf in leaves if isinstance(leaf.value, str) and not leaf.is_key]
        if any(STREET.match(v) for v in values if v[:1].isdigit()):
            for value in values:
                if re.fullmatch("[0-9]{5}(?:-[0-9]{4})?", value):
                    self._take(f.POSTCODE, value)

    def read_short(self, text: str) -> None:
        """Take in a short answer: what fields may hold, said without one."""
        if len(text) <= _SHORT_ANSWER:
            self._unnamed(text, "")

    def _unnamed(self, value: str, key: str) -> None:
        """What of a short value is somebody's though its field does not say so."""
        if not self._policy.unnamed or value in self._known.catalogue or len(value) > 4 * _SHORT_ANSWER:
            return
        varied = key in self._known.varied
        parts = [] if _NUMBER.fullmatch(value) else pieces(value)
        codes = [c for p in (value, *parts) if " " in p for c in p.split() if _CAPITALS.fullmatch(c)]
        for piece in dict.fromkeys((value, *parts, *codes)):
            for kind, part in kinds_in(piece, key, varied=varied):
                low = part.lower()
                many = self._known.everywhere if kind in (f.PERSON, f.CITY) else self._known.common
                if low not in many and value.lower() not in many:
                    self._take(kind, part, key=key)

    def _laid_out(self, leaf: Leaf, text: str, record: bool) -> None:
        """Take in one value of a layout: of prose only under a field that tells, and its first piece then."""
        kind = f.kind_of_field(leaf.key, leaf.parent, leaf.siblings)
        value = str(leaf.value)
        if value == text or (kind is None and not record):
            return
        if kind not in (None, f.ADDRESS, f.PHONE):
            first = pieces(value)
            if record:
                self._unnamed(value, leaf.key)
            leaf = leaf._replace(value=first[0] if first else value)
        elif kind is not None:
            leaf = leaf._replace(value=_CLAUSE.split(value)[0])
        self.read_leaf(leaf, deny=record)

    def _read_plain(self, text: str, prose: bool, *, record: bool = False) -> None:
        self._shapes(text)
        laid_out = tuple(leaves_in(text))
        if record:
            self._postcodes(laid_out)
        for leaf in laid_out:
            self._laid_out(leaf, text, record)
        for piece in find_encoded(text):
            self.read(piece.plain, prose=False)
        if not prose:
            for value in find_codes(text):
                self._take(f.ID, value)
            return
        self.found.endings.update(find_endings(text))
        for kind, value in find_said(text):
            self._take_name(value) if kind == f.PERSON else self._take(kind, value)
        for match in _INITIALED.finditer(text):
            if not is_ordinary(match["last"]):
                self._take_name(match[0])
        for start, end in find_chinese(text):
            if is_somebodys(text[start:end]):
                self._take(f.ORGANIZATION, text[start:end])
        for kind, value in find_in_prose(text):
            self._take(kind, value)
        for kind, value in towns_beside(text):
            if kind != f.CITY or not is_ordinary(value.split()[0]) or is_listed_place(value):
                self._take(kind, value)
        if text not in self._waiting:
            self._waiting[text] = None
            self._waiting_chars += len(text)
            if self._waiting_chars > TOGETHER:
                self.read_names()

    def read_names(self) -> None:
        """Take in the names in the texts read so far: to be called when all were."""
        texts, self._waiting, self._waiting_chars = list(self._waiting), {}, 0
        if self._names is scan_names:
            spans = self._cache.names_in(texts, scan_names_in)
        else:
            spans = [self._names(text) for text in texts]
        for text, found in zip(texts, spans, strict=True):
            for span in joined(found, text):
                for kind, value in believed(span, text):
                    self._take_name(value) if kind == f.PERSON else self._take(kind, value)

    def _take_name(self, name: str) -> None:
        if is_chinese(name):
            bare = without_title(name)
            if len(bare) == 1 or bare in zh.COMPOUND:  # only a surname was said: 覃女士
                bare += "某"
            if bare not in FIELD_WORDS:
                self._take(f.PERSON, bare)
            return
        words = name.split()
        low = [w.lower().rstrip(".") for w in words]
        if any(w in GENERIC for w in low) or (len(words) == 1 and low[0] in ALSO_WORDS | TITLES):
            return
        self._take(f.PERSON, name)

    def _shapes(self, text: str) -> None:
        if self._shape is not None:
            for match in self._shape.finditer(text):
                self._take(f.ID, match[0])

    def _take(
        self, kind: str, value: str, *, key: str = "", number: bool = False, said: str | None = None
    ) -> None:
        if kind == f.BIRTH and _COMPACT_DAY.fullmatch(value):
            value = f"{value[:4]}-{value[4:6]}-{value[6:]}"
        if kind in ("LOCATION", f.CITY) and len(value) == 1:  # 山, 江: the text is full of them
            return
        if kind in ("LOCATION", f.CITY, f.PERSON) and is_wide(value) and not f.names_place(key) and not said:
            return
        if kind == f.ADDRESS and value.isascii():
            value = without_tail(value)
        if kind == f.PERSON and value in NOBODY:
            return
        action = said or self._policy.action(kind)
        if action == "keep" or value in self._policy.keep:
            if value in self._policy.keep or self._policy.classes.get(kind) == "keep":
                self.found.kept[value] = DECLARED if value in self._policy.keep else kind
            return
        secret = kind in SECRET_TYPES or kind == f.SECRET
        if (
            kind in (f.ID, f.HANDLE, f.ORGANIZATION, "LOCATION")
            and not said
            and value in self._known.catalogue
        ):
            return
        if action == "drop":
            self.found.dropped[value] = kind
        elif secret:
            self.found.secrets[value] = kind
        elif action == "mask":
            self.found.masked[value] = kind
        elif kind == f.BIRTH:
            self.found.births.add(value)
        elif kind == f.AMOUNT or (number and not is_distinctive(value)) or _is_short(value):
            self.found.keyed.add((key, kind, value))
        else:
            # What is only ever written at full width gets a surrogate as what it says, found at either width.
            self.found.values.add((kind, narrow(value) if _FULL_WIDTH.search(value) else value))

    def take(self, kind: str, value: str) -> None:
        """Take in a value that was found elsewhere."""
        self._take(kind, value)

    def declare(self, values: Iterable[str]) -> None:
        """Values that a person has declared personal."""
        for value in values:
            self.found.values.add((_guess(value), value))


_INITIALED = re.compile(
    r"(?<![A-Za-z.])(?:[A-Z]\.[ ]?){1,2}(?P<last>[A-Z][a-z\u00c0-\u024f'\u2019\-]{3,24})(?![A-Za-z])"
)
_COMPACT_DAY = re.compile(r"(?:19|20)[0-9]{6}")
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_SHORT_ANSWER = 60
_NUMBER = re.compile(r"[0-9 ()+.\-/]{5,40}")
_CAPITALS = re.compile(r"(?=[A-Z\-/]{0,20}[0-9])(?=[0-9\-/]{0,20}[A-Z])[0-9A-Z\-/]{5,30}")
_CLAUSE = re.compile(r"[\uff0c\u3002\uff1b\n]|[.;] ")
_LONG_NUMBER = re.compile(r"[0-9]{10,24}")  # somebody's, whatever its field is called
_GROUPED = re.compile(r"(?=(?:[^0-9]*[0-9]){5})[0-9A-Z]{1,8}(?: [0-9A-Z]{1,8}){1,6}")  # 1234 567 890


def _fits(kind: str, value: str, number: bool) -> bool:
    """Whether a value can be what the name of its field says."""
    value = value.strip()
    if not value or len(value) > 200 or value.startswith("<"):
        return False
    if kind == f.ID:
        return (
            any(c.isdigit() for c in value)
            and len(value) >= 3
            and (" " not in value or _GROUPED.fullmatch(value) is not None)
            and len(value) <= 80
        )
    if kind == f.PERSON:
        return (
            not number
            and not any(c.isdigit() for c in value)
            and len(value) <= 60
            and len(value.split()) <= 5
        )
    if kind == f.EMAIL:
        return "@" in value
    if kind in (f.PHONE, f.POSTCODE):
        return sum(c.isdigit() for c in value) >= (3 if kind == f.PHONE else 2)
    if kind == f.SECRET:
        return not number and len(value) >= 4 and any(not c.isalpha() for c in value)
    if kind == f.ADDRESS:
        return not number and len(value) >= 4
    return not number or kind == f.BIRTH


def _is_prose(value: str) -> bool:
    """Whether a value of a structure is what somebody wrote, and not a name of a product."""
    return value.count(" ") >= 4 or sum("\u3400" <= c <= "\u9fff" for c in value) >= 5


def _is_short(value: str) -> bool:
    """Values that ordinary text is full of: replaced only under their own field."""
    return len(value) < 4 and value.isascii()


def _guess(value: str) -> str:
    if "@" in value:
        return f.EMAIL
    return f.ID if any(c.isdigit() for c in value) else f.PERSON if len(value.split()) > 1 else f.HANDLE


def session_values(found: Findings) -> Iterator[tuple[str, str]]:
    """The (class, value) pairs that get surrogates."""
    born = {birth.replace("-", "") for birth in found.births}  # 19751124 is then a date, and no id
    settled = {value.lower() for value in (*found.kept, *found.masked, *found.secrets)}
    declared = {value.lower() for value, kind in found.kept.items() if kind == DECLARED}
    sure = settled | {value.lower() for kind, value in found.values if kind not in GUESSED}
    for kind, value in (*found.values, *((kind, value) for _, kind, value in found.keyed)):
        low = value.lower()
        if low in declared or (kind in GUESSED and low in settled) or value in born or kind == f.AMOUNT:
            continue
        if kind == f.ID and low.partition(" ")[2] in sure:  # QQ 243986706: the number is known by itself
            continue
        yield kind, value


def protected(found: Findings) -> Iterator[str]:
    """What stays as a whole: values a person has named, and numbers and addresses of classes that stay."""
    for value, kind in sorted(found.kept.items()):
        if kind == DECLARED or kind in _RECOGNISED:
            yield value


_RECOGNISED = frozenset(p.type for p in pii.PATTERNS) - KEPT_TYPES
