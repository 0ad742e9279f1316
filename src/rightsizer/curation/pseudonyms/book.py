"""The map of one session: value → surrogate, drawn from the session's key."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from rightsizer.curation.pii import narrow
from rightsizer.curation.pseudonyms import companies, people, places
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.codes import FORMS, near_birthday, surrogate_code, surrogate_number
from rightsizer.curation.pseudonyms.dates import find_dates
from rightsizer.curation.pseudonyms.keys import Draw
from rightsizer.curation.pseudonyms.lexicon_en import ALSO_WORDS, GENERIC
from rightsizer.curation.pseudonyms.lexicon_zh import HONORIFICS
from rightsizer.curation.pseudonyms.months import Month, find_months, moved
from rightsizer.curation.pseudonyms.taken import Taken, lowered
from rightsizer.curation.pseudonyms.values import Value, ValueIndex

TRIES = 200
DEFAULT_YEAR = 2024
MAX_WEEKS = 26
NATIONAL_DIGITS = 10
_ALNUM = re.compile(r"[0-9A-Za-z]+")
_PLACES = ("LOCATION", f.CITY)


class Book:
    """Surrogates of one session's values.

    Injective; no surrogate equals a value or a longer word of the session; the same key gives the same
    surrogates whatever the order in which values are added.

    Args:
        key: the session's key.
        texts: every text of the session, so that no surrogate is in them.
        context: text that tells a company's industry where its name does not.
    """

    def __init__(self, key: bytes, texts: Iterable[str], *, context: str = "") -> None:
        self._key = key
        self._taken = Taken(texts)
        self._context = context
        self.words: dict[str, str] = {}  # part of a name → its surrogate
        self._used: dict[str, set[str]] = {}  # kind of part → surrogates given to such parts
        self.values: dict[str, tuple[str, str]] = {}  # value → (class, surrogate)
        self._known: dict[str, tuple[str, str]] = {}  # canonical form → (value, surrogate)
        self.index = ValueIndex()
        self.back = ValueIndex()
        self.days: dict[date, date] = {}
        self.days_back: dict[date, date] = {}
        self.shift = timedelta(0)
        self.months = 0  # how many months those without a day move
        self.said_months: frozenset[Month] = frozenset()
        self.year = DEFAULT_YEAR

    def add_all(self, found: Iterable[tuple[str, str]]) -> None:
        """Give every (class, value) its surrogate: names first, since others are made of them."""
        rank = {f.PERSON: 0, f.HANDLE: 1, f.EMAIL: 2}
        # Of two classes of one value the one with a form of its own: its check digit holds then.
        rows = sorted(
            set(found), key=lambda kv: (rank.get(kv[0], 3), -len(kv[1]), kv[1], kv[0] not in FORMS, kv[0])
        )
        for kind, value in rows:
            if kind == f.PERSON:
                self._add_name(value)
        for kind, value in rows:
            if kind == f.HANDLE or (kind == f.ID and _is_handle(value)):
                self._add_words(people.handle_parts(value))
        for kind, value in rows:
            if value not in self.values:
                self._add(kind, value)

    # ── names ──

    def _add_name(self, name: str) -> None:
        if people.is_chinese(name):
            self._add_chinese_name(name)
            return
        for part, surname in people.name_parts(name):
            self._word(part, surname=surname)

    def _add_words(self, parts: list[str]) -> None:
        for at, part in enumerate(parts[:3]):
            if part.lower() not in GENERIC and len(part) > 2:
                self._word(part, surname=at > 0)

    def _word(self, part: str, *, surname: bool) -> str:
        low = part.lower()
        if low in self.words:
            return self.words[low]

        def make(draw: Draw, attempt: int) -> str:
            if attempt > TRIES // 2:
                return people.invented_part(draw)
            return people.latin_part(part, surname=surname, draw=draw)

        new = self._draw(f.PERSON, low, make)
        self.words[low] = new
        written = part if part[0].isupper() and not part.isupper() else part[:1].upper() + part[1:].lower()
        self._know(written, new, capital=low in ALSO_WORDS)
        bare = _without_accents(written)
        if bare != written:
            self.words.setdefault(bare.lower(), new)
            self.index.add(Value(bare, new, bare.lower() in ALSO_WORDS))
        return new

    def _add_chinese_name(self, name: str) -> None:
        surname, given = people.chinese_name(name)
        new_surname = self._part("surname", surname, people.chinese_surname)

        def make(draw: Draw, attempt: int) -> str:
            return new_surname + (people.chinese_given(given, draw) or draw.pick("安宁嘉"))

        unnamed = bool(given) and set(given) <= {"某"}
        new = new_surname + given if unnamed else self._draw(f.PERSON, name, make)
        self._note(f.PERSON, name, new)
        for title in HONORIFICS:
            self._know(surname + title, new_surname + title)
        for prefix in ("老", "小", "阿"):
            self._know(prefix + surname, prefix + new_surname)
        if len(given) >= 2 and "某" not in given:
            self._know(given, new[len(new_surname) :])

    def _part(self, kind: str, part: str, make: Callable[[str, Draw], str]) -> str:
        """A surname and the like: one for one, though ordinary words may contain it."""
        known = self.words.get(f"{kind}:{part}")
        if known is not None:
            return known
        used = self._used.setdefault(kind, set())
        tries = (make(part, Draw(self._key, kind, part, attempt)) for attempt in range(TRIES))
        new = next((new for new in tries if new != part and new not in used), part)
        self.words[f"{kind}:{part}"] = new
        used.add(new)
        return new

    # ── values ──

    def _add(self, kind: str, value: str) -> None:
        if kind == f.PERSON:
            parts = people.name_parts(value)
            if not people.is_chinese(value) and len(parts) > 1:
                self._note(kind, value, self._in_words(value))
            return
        if kind in ("ADDRESS", "STREET_ADDRESS"):
            self._add_address(value)
            return
        canonical = _canonical(kind, value)
        if canonical in self._known:
            new = _carried(value, *self._known[canonical], NATIONAL_DIGITS if kind == f.PHONE else 0)
        else:
            new = self._draw(
                kind, canonical, lambda draw, attempt: self._make(kind, value, draw, attempt), value
            )
            self._known[canonical] = (value, new)
        self._note(kind, value, new)
        if kind == f.ORGANIZATION and companies.brand_of(value) and companies.brand_of(new):
            self._know(companies.brand_of(value), companies.brand_of(new), capital=value.isascii())
        if sum(c.isdigit() for c in value) >= 7:
            self._know_digits(value, new)
        self._know_bare(value, new)
        if kind == f.POSTCODE and re.fullmatch(r"[0-9]{5}-[0-9]{4}", value):
            self._know(value[:5], new[:5])

    def add_endings(self, endings: Iterable[str]) -> None:
        """Digits that a longer number ends in: those of its surrogate, where that number is known."""
        for ending in sorted(endings):
            whole = sorted((value, new) for value, (_, new) in self.values.items() if _ends_in(value, ending))
            tails = [new[-len(ending) :] for value, new in whole if len(value) == len(new)]
            new = next((t for t in tails if t.isdigit() and t != ending), None)
            if new is None:
                new = self._draw(f.ID, ending, lambda draw, _: surrogate_code(ending, draw, self.words))  # noqa: B023
            self._note(f.ID, ending, new)

    def _make(self, kind: str, value: str, draw: Draw, attempt: int) -> str:
        if kind == f.EMAIL:
            return self._mail(value, draw, attempt)
        if kind == f.HANDLE or (kind == f.ID and _is_handle(value)):
            return people.rewrite_handle(value, self.words, draw)
        if kind == f.ORGANIZATION:
            return companies.surrogate_company(value, draw, self._context)
        if kind in _PLACES:
            return places.surrogate_city(value, draw)
        if kind in (f.ID, f.POSTCODE, f.AMOUNT) or not any(c.isalnum() and c.isascii() for c in value):
            return surrogate_code(value, draw, self.words)
        return surrogate_number(kind, value, draw)

    def _mail(self, value: str, draw: Draw, attempt: int) -> str:
        at = "%40" if "@" not in value else "@"
        local, _, domain = value.rpartition(at)
        new = people.rewrite_handle(local, self.words, draw)
        if attempt > 3:  # a name alone has no digits to vary
            new = f"{new}{1 + draw.below(99)}"
        return f"{new}{at}{self._domain(domain)}"

    def _domain(self, domain: str) -> str:
        low = domain.lower()
        if low in people.RESERVED or low.endswith((".example", ".test", ".invalid")):
            return domain
        known = self.words.get("@" + low)
        if known is None:
            known = self._draw("domain", low, lambda draw, attempt: people.mail_domain(draw))
            self.words["@" + low] = known
        return known

    def _add_address(self, value: str) -> None:
        pairs: list[tuple[str, str]] = []

        def make(draw: Draw, attempt: int) -> str:
            pairs[:] = places.surrogate_address(value, draw)
            return pairs[0][1]

        new = self._draw(f.ADDRESS, lowered(value), make, value)
        self._note(f.ADDRESS, value, new)
        for old, other in pairs[1:]:
            if len(old) >= (4 if old.isascii() else 3) and old != other:
                self._know(old, other)

    def _in_words(self, value: str) -> str:
        return re.sub(r"[^\W\d_]+", lambda m: self.words.get(m[0].lower(), m[0]), value)

    # ── choosing and remembering ──

    def _draw(
        self, kind: str, canonical: str, make: Callable[[Draw, int], str], value: str | None = None
    ) -> str:
        """The first surrogate that is free; tries are numbered, so the order of values matters least."""
        original = canonical if value is None else value
        new = original
        for attempt in range(TRIES):
            new = make(Draw(self._key, kind, canonical, attempt, avoid=self._taken.holds), attempt)
            if self._taken.is_free(new, original):
                break
        return self._taken.give(new)

    def _note(self, kind: str, value: str, new: str) -> None:
        self.values[value] = (kind, new)
        self._know(value, new)

    def _know(self, old: str, new: str, *, capital: bool = False) -> None:
        if old != new:
            self.index.add(Value(old, new, capital))
            self.back.add(Value(new, old))

    def _know_digits(self, old: str, new: str) -> None:
        self.index.add_digits(old, new)
        self.back.add_digits(new, old)

    def _know_bare(self, value: str, new: str) -> None:
        """An id without its sign or its letters: ``W2378156`` and ``2378156`` for ``#W2378156``."""
        if not value.isascii() or "@" in value:
            return
        bare, other = value.lstrip("#№*+("), new.lstrip("#№*+(")
        if bare != value and len(bare) >= 4:
            self._know(bare, other)
        runs, others = _ALNUM.findall(value), _ALNUM.findall(new)
        if len(runs) == 1 and len(others) == 1:
            digits = re.fullmatch(r"[A-Za-z]+([0-9]{6,})", runs[0])
            if digits:
                self._know(digits[1], others[0][-len(digits[1]) :])

    # ── dates ──

    def set_dates(self, texts: Iterable[str], births: Iterable[str], *, shift: bool) -> None:
        """Choose the session's shift: whole weeks; no shifted day or month is one of the session."""
        all_texts = list(texts)
        self.said_months = frozenset(x.month for t in all_texts for x in find_months(t))
        texts = [t for t in all_texts if find_dates(t, DEFAULT_YEAR)]
        years = Counter(x.day.year for t in texts for x in find_dates(t, DEFAULT_YEAR) if x.year)
        recent = {y: n for y, n in years.items() if y >= 1990}
        self.year = min(recent, key=lambda y: (-recent[y], y)) if recent else DEFAULT_YEAR
        days = {x.day for t in texts for x in find_dates(t, self.year)}
        born = {x.day for t in births for x in find_dates(t, self.year)}
        if shift:
            self.shift = self._choose_shift(days | born)
            self.months = _in_months(self.shift)
        for day in sorted(born):
            for attempt in range(TRIES):
                new = near_birthday(day, Draw(self._key, "born", day.isoformat(), attempt))
                if new not in days and new not in self.days_back:
                    break
            self._set_day(day, new)
            self._know(f"{day:%Y%m%d}", f"{new:%Y%m%d}")
        if shift:
            for day in sorted(days - born):
                self._set_day(day, day + self.shift)

    def _choose_shift(self, days: set[date]) -> timedelta:
        draw = Draw(self._key, "weeks")
        weeks = [sign * n for n in range(1, MAX_WEEKS + 1) for sign in (1, -1)]
        best = timedelta(0)
        for _ in range(TRIES):
            shift = timedelta(weeks=draw.pick(weeks))
            best = best or shift
            if any(day + shift in days for day in days):
                continue
            by, numbers = _in_months(shift), {m for _, m in self.said_months}
            if not any(moved(m, by)[1] in numbers for m in self.said_months):
                return shift
        return best

    def _set_day(self, day: date, new: date) -> None:
        self.days[day] = new
        self.days_back.setdefault(new, day)


def _ends_in(value: str, ending: str) -> bool:
    return len(value) > len(ending) and value.endswith(ending)


def _in_months(shift: timedelta) -> int:
    return round(shift.days / 30.44)


def _is_handle(value: str) -> bool:
    """``mia_li_3668``: words joined by signs, with digits behind."""
    return re.fullmatch(r"[A-Za-z]{2,}(?:[._\-][A-Za-z]{2,})+[._\-]?[0-9]{0,8}", value) is not None and any(
        w.lower() not in GENERIC for w in re.findall("[A-Za-z]+", value)
    )


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _canonical(kind: str, value: str) -> str:
    """Values that are one: letter case, and for numbers signs and separators, do not count."""
    low = lowered(narrow(value))
    if kind in (f.EMAIL, f.ORGANIZATION, f.HANDLE, *_PLACES):
        return low
    plain = re.sub(r"[ \-.()/#]", "", low)
    if kind == f.PHONE:
        return re.sub(r"[^0-9]", "", plain)[-NATIONAL_DIGITS:]  # the same with and without the country
    return plain


def _carried(value: str, old: str, new: str, last: int = 0) -> str:
    """The surrogate of `old` in the form of `value`, which is the same number written otherwise.

    `last`: only so many signs at the end are the same.
    """
    signs = [c for c in new if c.isascii() and c.isalnum()]
    if last and sum(c.isdigit() for c in value) != len(signs):
        signs = signs[-last:]
    elif len(signs) > sum(c.isalnum() for c in value) or len(signs) != sum(c.isalnum() for c in old):
        return new
    out = []
    for c in reversed(value):
        plain = narrow(c)
        if plain.isascii() and plain.isalnum() and signs:
            c = signs.pop()
            c = c.upper() if plain.isupper() else c.lower() if plain.islower() else c
        out.append(c)
    return "".join(reversed(out))
