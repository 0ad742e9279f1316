"""Which patterns can match a text at all, by the literals, digits and runs that are in it.

The gate only skips work: every finding is made by the pattern itself, so findings with and without
it are identical (tested), whichever engine looks for the literals: Hyperscan, RE2 or plain Python.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence

from rightsizer.curation.recognizers.pattern import REACH, Cluster, Pattern

_CLUSTER = re.compile(r"[0-9](?:[^0-9]{0,3}[0-9])+")
_START = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z(]")
_FEWEST = 4
# Signs whose lower case is ASCII, or of another length: engines do not agree about them.
_ODD_CASE = re.compile("[\u212a\u0130\u0131\u017f]")
_PLAIN_CASE = str.maketrans("\u212a\u0130\u0131\u017f", "kiis")

# Given a text: the numbers of the literals and expressions that are in it.
Finder = Callable[[str], set[int]]
Expressions = Sequence[re.Pattern[str]]


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
        self._literals = sorted({literal for p in patterns for literal in p.needs})
        self._runs = [run for run in dict.fromkeys(p.gate for p in patterns) if run is not None]
        number = {literal: i for i, literal in enumerate(self._literals)}
        runs = {run: len(number) + i for i, run in enumerate(self._runs)}
        # Whole expressions, for engines that can look for many of them at once.
        self._forms = [p.regex for p in patterns if p.digits and _is_plain(p.regex)]
        first = len(number) + len(runs)
        forms = {form: first + i for i, form in enumerate(self._forms)}
        # Patterns by the number that wakes them: their form's, else their literals', else their run's.
        self._always: list[Pattern] = []
        self._woken: dict[int, list[tuple[Pattern, frozenset[int], frozenset[int]]]] = {}
        for p in patterns:
            form, run = forms.get(p.regex, -1), -1 if p.gate is None else runs[p.gate]
            any_of = frozenset(number[literal] for literal in p.needs)
            all_of = frozenset(n for n in (form, run) if n >= 0)
            for n in {form} if form >= 0 else any_of or all_of:
                self._woken.setdefault(n, []).append((p, any_of, all_of))
            if not any_of and not all_of:
                self._always.append(p)
        self._engine = engine
        self._find: Finder | None = None
        self._lock = threading.Lock()

    def choose(self, text: str) -> list[Pattern]:
        """The patterns that can match by the literals and runs; how many digits there are is not asked."""
        find = self._find or self._build()
        there = find(text)
        chosen = {id(p): p for p in self._always}
        for n in sorted(there):
            for p, any_of, all_of in self._woken.get(n, ()):
                if all_of <= there and (not any_of or not any_of.isdisjoint(there)):
                    chosen[id(p)] = p
        return list(chosen.values())

    def _build(self) -> Finder:
        """The engine is made on first use: compiling takes some tens of milliseconds."""
        with self._lock:
            if self._find is None:
                for name, make in ENGINES.items():
                    if self._engine in ("", name):
                        self._find = make(self._literals, self._runs, self._forms)
                    if self._find is not None:
                        break
            if self._find is None:
                raise ImportError(f"the engine {self._engine} is not installed")
            return self._find


def _is_plain(regex: re.Pattern[str]) -> bool:
    """Whether an expression means the same over bytes as over code points, or lets more through."""
    return regex.pattern.isascii() and "[^" not in regex.pattern


def _hyperscan(literals: Sequence[str], runs: Expressions, forms: Expressions) -> Finder | None:
    """Hyperscan (Wang et al. 2019): all literals, runs and forms in one pass over the bytes.

    What it does not know of an expression (what stands before and after, back references) it leaves out.
    """
    try:
        import hyperscan
    except ImportError:
        return None
    once = hyperscan.HS_FLAG_SINGLEMATCH
    expressions = [_quoted(x) for x in literals] + [x.pattern.encode() for x in (*runs, *forms)]
    caseless = once | hyperscan.HS_FLAG_CASELESS
    flags = [caseless] * len(literals) + [once] * len(runs)
    flags += [
        (caseless if form.flags & re.IGNORECASE else once) | hyperscan.HS_FLAG_PREFILTER for form in forms
    ]
    database = hyperscan.Database()
    database.compile(expressions=expressions, ids=list(range(len(expressions))), flags=flags)
    local = threading.local()  # a scratch space serves one thread at a time

    def find(text: str) -> set[int]:
        scratch = getattr(local, "scratch", None)
        if scratch is None:
            scratch = local.scratch = hyperscan.Scratch(database)
        found: list[int] = []

        def note(number: int, start: int, end: int, flags: int, context: object) -> None:
            found.append(number)

        database.scan(_bytes(text), match_event_handler=note, scratch=scratch)
        return set(found)

    return find


def _quoted(literal: str) -> bytes:
    """A literal as an expression over bytes, all but ASCII letters and digits by their numbers."""
    return re.sub(rb"[^A-Za-z0-9]", lambda m: b"\\x%02x" % m[0][0], literal.encode())


def _re2(literals: Sequence[str], runs: Expressions, forms: Expressions) -> Finder | None:
    """RE2's sets of expressions; it has no look-around, so that forms pass unseen."""
    try:
        import re2
    except ImportError:
        return None
    options = re2.Options()
    options.case_sensitive = False  # of runs too: that lets more through, and nothing less
    options.max_mem = 1 << 27
    expressions = re2.Set.SearchSet(options)
    for literal in literals:
        expressions.Add(re2.escape(literal))
    for run in runs:
        expressions.Add(run.pattern)
    expressions.Compile()

    unseen = range(len(literals) + len(runs), len(literals) + len(runs) + len(forms))

    def find(text: str) -> set[int]:
        return set(unseen).union(expressions.Match(_bytes(text)) or ())

    return find


def _python(literals: Sequence[str], runs: Expressions, forms: Expressions) -> Finder:
    """Nothing but the standard library; forms pass unseen: each would cost a search of its own."""
    ascii_only = [(i, x) for i, x in enumerate(literals) if x.isascii()]
    other = [(i, x) for i, x in enumerate(literals) if not x.isascii()]
    unseen = range(len(literals) + len(runs), len(literals) + len(runs) + len(forms))

    def find(text: str) -> set[int]:
        low = text.lower()
        if not text.isascii() and _ODD_CASE.search(text) is not None:
            low += "\n" + text.translate(_PLAIN_CASE).lower()
        found = {i for i, literal in ascii_only if literal in low}.union(unseen)
        if not text.isascii():
            found.update(i for i, literal in other if literal in low)
        found.update(len(literals) + i for i, run in enumerate(runs) if run.search(text) is not None)
        return found

    return find


def _bytes(text: str) -> bytes:
    if not text.isascii() and _ODD_CASE.search(text) is not None:
        text += "\n" + text.translate(_PLAIN_CASE).lower()
    return text.encode("utf-8", "surrogatepass")


ENGINES: dict[str, Callable[[Sequence[str], Expressions, Expressions], Finder | None]] = {
    "hyperscan": _hyperscan,
    "re2": _re2,
    "python": _python,
}
