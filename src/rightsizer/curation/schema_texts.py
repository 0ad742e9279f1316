"""The strings of tools and response formats in which somebody's value may stand: said, by default, allowed.

Names of tools and of properties are no values; everything else that a schema says in words is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

# What is said about a schema, and what values it shows or allows.
SAID = frozenset({"description", "title", "default", "example", "examples", "$comment"})
ALLOWED = frozenset({"enum", "const"})


def said_in(schema: Any, keys: frozenset[str]) -> Iterator[str]:
    """The strings under these keywords, in order."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    rewrite_said(schema, note, keys)
    yield from found


def rewrite_said(schema: Any, rewrite: Callable[[str], str], keys: frozenset[str]) -> Any:
    """The schema with those strings passed through `rewrite`; itself where nothing changed."""
    return _walk(schema, rewrite, keys, said=False)


def _walk(value: Any, rewrite: Callable[[str], str], keys: frozenset[str], *, said: bool) -> Any:
    if isinstance(value, str):
        return rewrite(value) if said else value
    if isinstance(value, dict):
        fields = value.get("properties")
        made = {
            k: {n: _walk(v, rewrite, keys, said=False) for n, v in fields.items()}
            if k == "properties" and isinstance(fields, dict) and not said
            else _walk(inner, rewrite, keys, said=said or k in keys)
            for k, inner in value.items()
        }
        return value if made == value else made
    if isinstance(value, list | tuple):
        items = [_walk(v, rewrite, keys, said=said) for v in value]
        return value if items == list(value) else items
    return value
