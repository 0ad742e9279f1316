"""JSON in a string, rewritten string by string: everything else keeps its bytes.

Parsing and dumping again would change number formats, spacing, key order and repeated keys; here
only the string tokens that change are written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?', re.DOTALL)
_COLON = re.compile(r"[ \t\r\n]*:")


class Leaf(NamedTuple):
    """A string or number of a JSON text: its decoded text, the key it stands under, and what it is."""

    key: str
    text: str
    is_key: bool = False
    is_number: bool = False


def is_json(text: str) -> bool:
    """Whether `text` is a JSON object or array (a bare string or number is not what is meant here)."""
    head = text[:64].lstrip()[:1]
    if head not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def leaves(text: str) -> Iterator[Leaf]:
    """Keys, strings and numbers of a valid JSON text, in order."""
    for leaf, _ in _walk(text):
        yield leaf


def rewrite_strings(
    text: str, rewrite: Callable[[Leaf], str], as_number: Callable[[Leaf], str | None] | None = None
) -> str:
    """`text` with each key, string and number passed through `rewrite`.

    A number that changes becomes a string. `as_number` may say that a whole string value is to be
    written as a number.
    """
    out: list[str] = []
    at = 0
    for leaf, token in _walk(text):
        number = as_number(leaf) if as_number and not leaf.is_key and not leaf.is_number else None
        new = leaf.text if number is not None else rewrite(leaf)
        if number is not None or new != leaf.text:
            out += [text[at : token.start()], number if number is not None else _dump(new, text.isascii())]
            at = token.end()
    return "".join([*out, text[at:]]) if out else text


def rewrite_tokens(text: str, rewrite: Callable[[Leaf], str]) -> str:
    """Like `rewrite_strings`, but a number that changes stays a number (`rewrite` gives its digits)."""
    out: list[str] = []
    at = 0
    for leaf, token in _walk(text):
        new = rewrite(leaf)
        if new != leaf.text:
            out += [text[at : token.start()], new if leaf.is_number else _dump(new, text.isascii())]
            at = token.end()
    return "".join([*out, text[at:]]) if out else text


def _dump(value: str, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)


def _walk(text: str) -> Iterator[tuple[Leaf, re.Match[str]]]:
    key = ""
    for token in _TOKEN.finditer(text):
        raw = token[0]
        if raw[0] != '"':
            yield Leaf(key, raw, is_number=True), token
            continue
        value = json.loads(raw, strict=False) if "\\" in raw else raw[1:-1]
        if _COLON.match(text, token.end()):
            key = value
            yield Leaf("", value, is_key=True), token
        else:
            yield Leaf(key, value), token
