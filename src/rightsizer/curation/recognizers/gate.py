"""Which patterns can match a text at all, by the literals, runs and forms that are in it.

The gate only skips work: every finding is made by the pattern itself, so findings with and without
it are identical (tested), whichever engine looks for the clues: Hyperscan, RE2 or plain Python.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rightsizer.curation.recognizers.clues import adjacent, form_of
from rightsizer.curation.recognizers.pattern import First, Pattern, Span, starts_of

MANY = 10  # words near a value of which ordinary text has one now and then
# Signs whose lower case is ASCII, or of another length: engines do not agree about them.
_ODD_CASE = re.compile("[\u212a\u0130\u0131\u017f]")
_DIGITS = re.compile(r"[0-9][^0-9]?[0-9]")
_SIX = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9]){5}")
_REFERENCE = re.compile(r"\\[1-9]")
_GROUP = re.compile(r"(?<!\\)\((?!\?)")
_PLAIN_CASE = str.maketrans("\u212a\u0130\u0131\u017f", "kiis")


class Clue(NamedTuple):
    """What an engine looks for: a literal, in either case, or an expression over bytes."""

    text: str
    literal: bool = True
    caseless: bool = True


class Rule(NamedTuple):
    """What wakes a pattern, as numbers of clues: one of `wakes`, and all of `besides`; nothing: always.

    `many`: it has six digits or more, of which engines without forms make sure.
    """

    wakes: frozenset[int]
    besides: frozenset[int]
    many: bool


# Given a text: the numbers of the rules that hold.
Finder = Callable[[str], Iterable[int]]


class Gate:
    """Chooses among `patterns`, and asks the chosen ones.

    `engine` is "hyperscan", "re2", "python", or "" for the first of these that is installed.
    """

    def __init__(self, patterns: Sequence[Pattern], engine: str = "") -> None:
        self._patterns, self._engine = tuple(patterns), engine
        self._starts: Starts | None = None
        self._ready: Finder | None = None
        self._lock = threading.Lock()

    def choose(self, text: str) -> list[Pattern]:
        """The patterns that can match."""
        woken = [self._patterns[n] for n in (self._ready or self._build())(text)]
        return woken + [p for p, starts in (self._starts or nowhere)(text) if starts]

    def find(self, text: str) -> list[Span]:
        """What the patterns find, in no order; it may overlap."""
        found: list[Span] = []
        places: dict[First, list[int]] = {}
        for n in (self._ready or self._build())(text):
            p = self._patterns[n]
            if p.digits and p.first not in places:
                places[p.first] = starts_of(text, p.first)
            found += p.find(text, places.get(p.first))
        if self._starts is not None:
            for p, starts in self._starts(text):
                found += p.find(text, starts)
        return found

    def _build(self) -> Finder:
        """The engine is made on first use: compiling takes some tenths of a second."""
        with self._lock:
            for name, make in ENGINES.items():
                if self._ready is None and self._engine in ("", name):
                    forms = name in WITH_FORMS
                    # Without forms, what only digits tell is looked for by the places where it can begin.
                    free = [] if forms else [p for p in self._patterns if p.digits and not p.needs]
                    clues, rules = rules_of([() if p in free else (p,) for p in self._patterns], forms)
                    self._starts = Starts(free) if free else None
                    self._ready = make(clues, rules)
            if self._ready is None:
                raise ImportError(f"the engine {self._engine} is not installed")
            return self._ready


def nowhere(text: str) -> list[tuple[Pattern, list[int]]]:
    """The places of no pattern."""
    return []


class Starts:
    """Where in a text one of some patterns begins that are tried at the beginnings of tokens."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._at = [(p.first, p) for p in patterns]
        numbers, names = ([p for p in patterns if p.first in (x, "any")] for x in ("digit", "letter"))
        self._number, self._name = _one_of(numbers).match, _one_of(names).match

    def __call__(self, text: str) -> list[tuple[Pattern, list[int]]]:
        if _DIGITS.search(text) is None:
            return []
        numbers = [at for at in starts_of(text, "digit") if self._number(text, at)]
        names = [at for at in starts_of(text, "letter") if self._name(text, at)]
        if not numbers and not names:
            return []
        places = {"digit": numbers, "letter": names, "any": [*numbers, *names]}
        return [(p, places[first]) for first, p in self._at]


def _one_of(patterns: Sequence[Pattern]) -> re.Pattern[str]:
    """An expression that matches where one of them does: as they stand, but for references to groups."""
    forms = (_REFERENCE.sub(r"[ .:/\-]", _GROUP.sub("(?:", p.regex.pattern)) for p in patterns)
    flags = ("i" * bool(p.regex.flags & re.IGNORECASE) for p in patterns)
    return re.compile("|".join(f"(?{i}:{form})" for i, form in zip(flags, forms, strict=True)))


def rules_of(patterns: Sequence[tuple[Pattern, ...]], forms: bool) -> tuple[list[Clue], dict[int, Rule]]:
    """What to look for, and the rule of each pattern; with `forms` whole expressions instead of literals."""
    numbers: dict[Clue, int] = {}
    rules: dict[int, Rule] = {}
    alone = {p.regex for one in patterns for p in one if p.context is None and p.after is None}
    for number, one in enumerate(patterns):
        for p in one:
            besides, wakes = _with_form(p, p.regex in alone) if forms else ([], p.needs)
            if p.gate is not None and not (forms and besides):
                besides.append(Clue(p.gate.pattern, False, bool(p.gate.flags & re.IGNORECASE)))
            rules[number] = Rule(
                frozenset(numbers.setdefault(Clue(x), len(numbers)) for x in wakes),
                frozenset(numbers.setdefault(x, len(numbers)) for x in besides),
                p.digits >= 6,
            )
    return list(numbers), rules


def _with_form(p: Pattern, alone: bool) -> tuple[list[Clue], tuple[str, ...]]:
    """What of a pattern must be there, and the literals of which one must be, where that says more.

    Beside words that are rare the expression itself is not looked for, unless it is for another pattern
    (`alone`): every one costs a pass over the text.
    """
    if p.after is not None:
        forms = [adjacent(p.after, p.regex)]
    elif p.context is not None:
        forms = [form_of(p.context, cut=True), form_of(p.regex) if alone or len(p.needs) >= MANY else None]
    else:
        forms = [form_of(p.regex)]
    said = forms[0] is not None and "(?=" not in forms[0].text
    return [Clue(f.text, False, f.caseless) for f in forms if f is not None], () if said else p.needs


def _hyperscan(clues: Sequence[Clue], rules: Mapping[int, Rule]) -> Finder | None:
    """Hyperscan (Wang et al. 2019): all clues in one pass over the bytes.

    What it does not know of an expression (what stands before and after, back references) it leaves out.
    """
    try:
        import hyperscan as hs
    except ImportError:
        return None
    flags = [
        hs.HS_FLAG_SINGLEMATCH
        | (hs.HS_FLAG_CASELESS if c.caseless else 0)
        | (0 if c.literal else hs.HS_FLAG_PREFILTER)
        for c in clues
    ]
    expressions = [_quoted(c.text) if c.literal else c.text.encode() for c in clues]
    database = hs.Database()
    database.compile(expressions=expressions, ids=list(range(len(clues))), flags=flags)
    scan, local = database.scan, threading.local()  # a scratch space serves one thread at a time
    always, woken = _by_clue(rules)

    def note(number: int, start: int, end: int, flags: int, context: Any) -> None:
        context.append(number)

    def find(text: str) -> Iterable[int]:
        scratch = getattr(local, "scratch", None)
        if scratch is None:
            scratch = local.scratch = hs.Scratch(database)
        found: list[int] = []
        scan(_bytes(text), match_event_handler=note, context=found, scratch=scratch)
        if not found:
            return always
        there = set(found)
        return {*always, *(n for clue in there for n, besides in woken[clue] if besides <= there)}

    return find


def _by_clue(rules: Mapping[int, Rule]) -> tuple[list[int], dict[int, list[tuple[int, frozenset[int]]]]]:
    """The rules that always hold, and the others under what wakes them, with what must be there besides."""
    always: list[int] = []
    woken: dict[int, list[tuple[int, frozenset[int]]]] = defaultdict(list)
    for n, (wakes, besides, _) in rules.items():
        for clue in wakes or sorted(besides)[:1]:
            woken[clue].append((n, besides))
        if not wakes and not besides:
            always.append(n)
    return always, woken


def _quoted(literal: str) -> bytes:
    """A literal as an expression over bytes, all but ASCII letters and digits by their numbers."""
    return re.sub(rb"[^A-Za-z0-9]", lambda m: b"\\x%02x" % m[0][0], literal.encode())


def _re2(clues: Sequence[Clue], rules: Mapping[int, Rule]) -> Finder | None:
    """RE2's sets of expressions; it has no look-around, so that it is given no forms."""
    try:
        import re2
    except ImportError:
        return None
    options = re2.Options()
    options.case_sensitive = False  # of runs too: that lets more through, and nothing less
    options.max_mem = 1 << 27
    expressions = re2.Set.SearchSet(options)
    for clue in clues:
        expressions.Add(re2.escape(clue.text) if clue.literal else clue.text)
    expressions.Compile()

    always, woken = _by_clue(rules)
    many = {n for n, rule in rules.items() if rule.many}

    def find(text: str) -> Iterable[int]:
        there = set(expressions.Match(_bytes(text)) or ())
        found = {*always, *(n for clue in there for n, besides in woken[clue] if besides <= there)}
        return found if found.isdisjoint(many) or _SIX.search(text) is not None else found - many

    return find


def _python(clues: Sequence[Clue], rules: Mapping[int, Rule]) -> Finder:
    """Nothing but the standard library: runs first, then the literals of what they leave possible."""
    runs = [(i, re.compile(c.text, re.I * c.caseless).search) for i, c in enumerate(clues) if not c.literal]
    without = [(n, rule.besides) for n, rule in rules.items() if not rule.wakes]
    groups: dict[tuple[bool, frozenset[int]], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for n, rule in rules.items():
        for i in sorted(rule.wakes):
            groups[rule.many, rule.besides][clues[i].text].append(n)
    ordered = [
        (*key, [x for x in some.items() if x[0].isascii()], [x for x in some.items() if not x[0].isascii()])
        for key, some in groups.items()
    ]

    def find(text: str) -> Iterable[int]:
        low, plain, six = text.lower(), text.isascii(), _SIX.search(text) is not None
        if not plain and _ODD_CASE.search(text) is not None:
            low += "\n" + text.translate(_PLAIN_CASE).lower()
        there = {i for i, search in runs if search(text) is not None}
        found = {n for n, besides in without if besides <= there}
        for many, besides, latin, other in ordered:
            if besides <= there and (six or not many):
                for literal, numbers in latin if plain else latin + other:
                    if literal in low:
                        found.update(numbers)
        return found

    return find


def _bytes(text: str) -> bytes:
    if not text.isascii() and _ODD_CASE.search(text) is not None:
        plain = text.translate(_PLAIN_CASE)
        text += "\n" + plain + "\n" + plain.lower()
    return text.encode("utf-8", "surrogatepass")


ENGINES: dict[str, Callable[[Sequence[Clue], Mapping[int, Rule]], Finder | None]] = {
    "hyperscan": _hyperscan,
    "re2": _re2,
    "python": _python,
}
WITH_FORMS = frozenset({"hyperscan"})
