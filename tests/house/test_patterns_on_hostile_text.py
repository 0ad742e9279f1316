"""No regular expression of ours costs more than its text is long, however hostile the text is.

Every module of the package is walked, so that a new expression cannot be forgotten. One that the code only
matches from a given place (`match`, `fullmatch`) is tried that way, every other one is searched with. The
texts are pumped from the expression's own repeats, the way attacks on it are made: 20 kB that take
milliseconds where the work is linear, and where it grows with the square run into the time limit.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import rightsizer

CHARS = 20_000
ROOT = Path(rightsizer.__file__).parent
FROM_HERE = {"match", "fullmatch"}
METHODS = FROM_HERE | {"search", "finditer", "findall", "sub", "subn", "split"}
# Looped over, so that no name stands before the method: what is called there.
LOOPED = {"curation.pseudonyms.fields._ENGLISH": "match"}
# These read expressions of ours, which are tested here, and never a caller's text.
OUR_OWN_TEXT = "curation.recognizers.clues."
PIECES = (
    "a", "A1", "1", "_", "-", " ", "\n", "\t", "0-", "(555) ", "a@a.", "://a:", "京A", "张", "+86 ", "a b ",
    "é", "#", '{"a": ', "\\u00", "Dr. A", "Mary Ann ", "12/", " 1,", "A.B. ", "路1号",
    "'s ", '"', "<a ", "%2", "我叫", "```\n",
)  # fmt: skip


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages([str(ROOT)], "rightsizer."):
        if not found.name.endswith("__main__"):
            try:
                yield importlib.import_module(found.name)
            except ModuleNotFoundError:
                continue  # belongs to an extra that is not here


def expressions(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """All there are in a value: alone, in collections, in objects of ours."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, dict):
        for key in value:
            yield from expressions(key, depth + 1)
            yield from expressions(value[key], depth + 1)
    elif depth < 4 and isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from expressions(item, depth + 1)
    elif depth < 4 and type(value).__module__.startswith("rightsizer") and not isinstance(value, type):
        for item in getattr(value, "__dict__", {}).values():
            yield from expressions(item, depth + 1)


def uses() -> dict[str, set[str]]:
    """Name of an expression in the package → the methods of `re.Pattern` it is called with anywhere."""
    found: dict[str, set[str]] = {}
    for file in ROOT.rglob("*.py"):
        here = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        home = {
            name.asname or name.name: f"{node.module.removeprefix('rightsizer.')}.{name.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for name in node.names
        }
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=method) if method in METHODS:
                    found.setdefault(home.get(name, f"{here}.{name}"), set()).add(method)
    return found


def sample(parsed: Any, k: int) -> str:
    """A text that the expression takes (nearly: look-arounds are left out); `k` chooses between them."""
    out = ""
    for op, value in parsed:
        if op is sre.LITERAL:
            out += chr(value)
        elif op is sre.NOT_LITERAL:
            out += "a" if value != ord("a") else "b"
        elif op is sre.ANY:
            out += "a" if k % 2 else " "
        elif op is sre.IN:
            out += one_of(value, k)
        elif op is sre.BRANCH:
            out += sample(value[1][k % len(value[1])], k // 2)
        elif op is sre.SUBPATTERN:
            out += sample(value[3], k)
        elif op is sre.ATOMIC_GROUP:
            out += sample(value, k)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            out += sample(value[2], k) * max(value[0], k % 2)
    return out


def one_of(chosen: Any, k: int) -> str:
    """A character of a class."""
    negated = chosen[0][0] is sre.NEGATE
    pool = [*"a1 A-.张,:_/\n"]
    pool += [chr(v if op is sre.LITERAL else v[0]) for op, v in chosen if op in (sre.LITERAL, sre.RANGE)]
    fits = [c for c in pool if any(holds(op, v, c) for op, v in chosen) != negated]
    return fits[k % len(fits)] if fits else "\u0100"


def holds(op: Any, value: Any, char: str) -> bool:
    if op is sre.LITERAL:
        return ord(char) == value
    if op is sre.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    if op is sre.CATEGORY:
        name = str(value)
        inside = (
            char.isdigit()
            if "DIGIT" in name
            else char.isspace()
            if "SPACE" in name
            else char.isalnum() or char == "_"
        )
        return inside != ("NOT" in name)
    return False


def pumps(parsed: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """What comes before each long repeat, and what is repeated."""
    for op, value in parsed:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            if value[1] > 8:
                yield before, value[2]
            yield from pumps(value[2], before)
        elif op is sre.SUBPATTERN:
            yield from pumps(value[3], before)
        elif op is sre.BRANCH:
            for branch in value[1]:
                yield from pumps(branch, before)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            yield from pumps(value[1], before)
        before += sample([(op, value)], 1)


def hostile(expression: re.Pattern[Any]) -> list[str]:
    parsed = parser.parse(expression.pattern, expression.flags & ~re.UNICODE)
    pieces = [("", piece) for piece in PIECES] + [("", sample(parsed, k)) for k in range(6)]
    for before, body in pumps(parsed):
        pieces += [(before, sample(body, k)) for k in range(4)]
        pieces.append((before, sample(body, 0) + sample(body, 1)))
    texts: dict[str, None] = {}
    for before, piece in pieces:
        if piece:
            for head, pump in (("", piece), (before, piece), ("", before + piece)):
                texts[(head + pump * (CHARS // len(pump) + 1))[:CHARS] + "!"] = None
    return list(texts)


def written_inline() -> Iterator[tuple[str, re.Pattern[Any], set[str]]]:
    """``re.search("…", text)`` and the like, with the expression as a literal."""
    for file in ROOT.rglob("*.py"):
        here = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                    args=[ast.Constant(value=str(text)), *_],
                ) if method in METHODS:
                    yield f"{here}:{node.lineno}", re.compile(text), {method}


def every() -> dict[str, tuple[re.Pattern[Any], set[str]]]:
    found: dict[str, tuple[re.Pattern[Any], set[str]]] = {}
    seen: set[tuple[re.Pattern[Any], frozenset[str]]] = set()
    used = uses()
    for module in modules():
        for name, value in vars(module).items():
            full = f"{module.__name__}.{name}".removeprefix("rightsizer.")
            methods = {LOOPED[full]} if full in LOOPED else used.get(full, set())
            for i, expression in enumerate(expressions(value)):
                once = expression, frozenset(methods)
                if once not in seen and not full.startswith(OUR_OWN_TEXT):
                    seen.add(once)
                    found[f"{full}-{i}"] = expression, methods
    return found | {name: (expression, methods) for name, expression, methods in written_inline()}


EVERY = every()


def search_all(expression: re.Pattern[Any], texts: list[str]) -> None:
    for text in texts:
        for _ in expression.finditer(text.encode() if isinstance(expression.pattern, bytes) else text):
            pass


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", EVERY)
def test_hostile_text_costs_no_more_than_its_length(name: str) -> None:
    expression, methods = EVERY[name]
    if not methods or methods - FROM_HERE:
        search_all(expression, hostile(expression))
        return
    for text in hostile(expression):
        given: Any = text.encode() if isinstance(expression.pattern, bytes) else text
        expression.match(given)
        expression.fullmatch(given)


def test_all_are_found() -> None:
    assert len(EVERY) > 200
    parts = {name.split(".")[0] for name in EVERY}
    assert parts >= {"curation", "gateway", "tasks", "students", "views", "wire", "scoring"}


@pytest.mark.parametrize("bad", [r"(a+)+$", r"<a>\s*(.*?)\s*</a>", r"x\s*(?:\s|,)*\s*y"])
def test_a_bad_expression_would_be_noticed(bad: str) -> None:
    """Work that grows with a power of the text is far from done when all of ours together are."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 3)  # of processor time
    try:
        with pytest.raises(TimeoutError):
            search_all(re.compile(bad), hostile(re.compile(bad)))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
