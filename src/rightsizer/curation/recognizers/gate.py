"""Which patterns can match a text at all, by the literals, runs and forms that are in it.

The gate only skips work: every finding is made by the pattern itself, so findings with and without
it are identical (tested), whichever engine looks for the clues: Hyperscan, RE2 or plain Python.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rightsizer.curation.recognizers.clues import form_of
from rightsizer.curation.recognizers.pattern import REACH, Cluster, Pattern

_CLUSTER = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9])+")
_START = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z(]")
_FEWEST = 4
# Signs whose lower case is ASCII, or of another length: engines do not agree about them.
_ODD_CASE = re.compile("[\u212a\u0130\u0131\u017f]")
_PLAIN_CASE = str.maketrans("\u212a\u0130\u0131\u017f", "kiis")


class Clue(NamedTuple):
    """What an engine looks for: a literal, in either case, or an expression over bytes."""

    text: str
    literal: bool = True
    caseless: bool = True


# Given a text: the numbers of the clues that are in it.
Finder = Callable[[str], set[int]]


def digit_clusters(text: str, fewest: int = _FEWEST) -> list[Cluster]:
    """The clusters of at least `fewest` digits, ascending."""
    clusters = []
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        if end - start >= fewest:
            digits = sum(map(match[0].count, "0123456789"))
            if digits >= fewest:
                starts = [m.start() for m in _START.finditer(text, max(0, start - REACH), end)]
                numbers = tuple(at for at in starts if text[at] <= "9")  # "(" is below the digits
                names = tuple(at for at in starts if text[at] > "9")
                clusters.append(Cluster(digits, numbers, names))
    return clusters


class Gate:
    """Chooses among `patterns`; those that count digits must want at least four.

    `engine` is "hyperscan", "re2", "python", or "" for the first of these that is installed.
    """

    def __init__(self, patterns: Sequence[Pattern], engine: str = "") -> None:
        self._patterns, self._engine = patterns, engine
        self._always: dict[int, Pattern] = {}
        # Patterns by the numbers that wake them, with the numbers that must all be there besides.
        self._woken: dict[int, list[tuple[Pattern, frozenset[int]]]] = {}
        self._find: Finder | None = None
        self._lock = threading.Lock()

    def choose(self, text: str) -> list[Pattern]:
        """The patterns that can match by their clues; how many digits there are is not asked."""
        find = self._find or self._build()
        there = find(text)
        chosen = self._always.copy()
        for n in there:
            for p, besides in self._woken.get(n, ()):
                if besides <= there:
                    chosen[id(p)] = p
        return list(chosen.values())

    def _build(self) -> Finder:
        """The engine is made on first use: compiling takes some tenths of a second."""
        with self._lock:
            for name, make in ENGINES.items():
                if self._find is None and self._engine in ("", name):
                    self._always.clear()
                    self._woken.clear()
                    self._find = make(self._clues(forms=name in WITH_FORMS))
            if self._find is None:
                raise ImportError(f"the engine {self._engine} is not installed")
            return self._find

    def _clues(self, forms: bool) -> list[Clue]:
        """What to look for; with `forms` whole expressions instead of the literals in them."""
        numbers: dict[Clue, int] = {}
        for p in self._patterns:
            form, near, around = None, None, p.context or p.after
            if forms:
                form, near = form_of(p.regex), form_of(around) if around else None
            clues = [Clue(x.text, False, x.caseless) for x in (form, near) if x is not None]
            if p.gate is not None:
                clues.append(Clue(p.gate.pattern, False, bool(p.gate.flags & re.IGNORECASE)))
            besides = [numbers.setdefault(clue, len(numbers)) for clue in clues]
            # A literal says nothing more where what it is in is looked for: a form does not see ahead.
            said = form is not None and (near is not None or around is None)
            said = said and "(?=" not in p.regex.pattern
            wakes = [] if said else [numbers.setdefault(Clue(x), len(numbers)) for x in p.needs]
            for n in wakes or besides[:1]:
                self._woken.setdefault(n, []).append((p, frozenset(besides)))
            if not wakes and not besides:
                self._always[id(p)] = p
        return list(numbers)


def _hyperscan(clues: Sequence[Clue]) -> Finder | None:
    """Hyperscan (Wang et al. 2019): all clues in one pass over the bytes.

    What it does not know of an expression (what stands before and after, back references) it leaves out.
    """
    try:
        import hyperscan
    except ImportError:
        return None
    once = hyperscan.HS_FLAG_SINGLEMATCH
    expressions = [_quoted(c.text) if c.literal else c.text.encode() for c in clues]
    flags = [
        once
        | (hyperscan.HS_FLAG_CASELESS if c.caseless else 0)
        | (0 if c.literal else hyperscan.HS_FLAG_PREFILTER)
        for c in clues
    ]
    database = hyperscan.Database()
    database.compile(expressions=expressions, ids=list(range(len(expressions))), flags=flags)
    local = threading.local()  # a scratch space serves one thread at a time

    def find(text: str) -> set[int]:
        scratch = getattr(local, "scratch", None)
        if scratch is None:
            scratch = local.scratch = hyperscan.Scratch(database)
        found: set[int] = set()
        add = found.add

        def note(number: int, start: int, end: int, flags: int, context: object) -> None:
            add(number)

        database.scan(_bytes(text), match_event_handler=note, scratch=scratch)
        return found

    return find


def _quoted(literal: str) -> bytes:
    """A literal as an expression over bytes, all but ASCII letters and digits by their numbers."""
    return re.sub(rb"[^A-Za-z0-9]", lambda m: b"\\x%02x" % m[0][0], literal.encode())


def _re2(clues: Sequence[Clue]) -> Finder | None:
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

    def find(text: str) -> set[int]:
        return set(expressions.Match(_bytes(text)) or ())

    return find


def _python(clues: Sequence[Clue]) -> Finder:
    """Nothing but the standard library."""
    literals = [(i, c.text) for i, c in enumerate(clues) if c.literal]
    ascii_only = [(i, x) for i, x in literals if x.isascii()]
    other = [(i, x) for i, x in literals if not x.isascii()]
    runs = [(i, re.compile(c.text, re.I if c.caseless else 0)) for i, c in enumerate(clues) if not c.literal]

    def find(text: str) -> set[int]:
        low = text.lower()
        if not text.isascii() and _ODD_CASE.search(text) is not None:
            low += "\n" + text.translate(_PLAIN_CASE).lower()
        found = {i for i, literal in ascii_only if literal in low}
        if not text.isascii():
            found.update(i for i, literal in other if literal in low)
        found.update(i for i, run in runs if run.search(text) is not None)
        return found

    return find


def _bytes(text: str) -> bytes:
    if not text.isascii() and _ODD_CASE.search(text) is not None:
        plain = text.translate(_PLAIN_CASE)
        text += "\n" + plain + "\n" + plain.lower()
    return text.encode("utf-8", "surrogatepass")


ENGINES: dict[str, Callable[[Sequence[Clue]], Finder | None]] = {
    "hyperscan": _hyperscan,
    "re2": _re2,
    "python": _python,
}
WITH_FORMS = frozenset({"hyperscan"})
