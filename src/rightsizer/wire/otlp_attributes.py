"""OTLP/JSON's attributes as plain values, and lists out of numbered names."""

from __future__ import annotations

from typing import Any

_DIGITS = 10
_SCALARS = ("stringValue", "boolValue", "doubleValue", "bytesValue")


def plain_value(value: Any) -> Any:
    """An OTLP ``AnyValue`` as a plain one; integers come as text, for JSON's sake."""
    if not isinstance(value, dict):
        return value
    for name in _SCALARS:
        if name in value:
            return value[name]
    if "intValue" in value:
        try:
            return int(value["intValue"])
        except (TypeError, ValueError):
            return value["intValue"]
    for name, inside in (("arrayValue", "values"), ("kvlistValue", "values")):
        if isinstance(value.get(name), dict):
            items = value[name].get(inside)
            items = items if isinstance(items, list) else []
            return [plain_value(item) for item in items] if name == "arrayValue" else plain_attributes(items)
    return None


def plain_attributes(attributes: Any) -> dict[str, Any]:
    """A list of keys and values as an object; an object stays one."""
    if isinstance(attributes, dict):
        return {name: plain_value(value) for name, value in attributes.items()}
    if not isinstance(attributes, list):
        return {}
    return {
        item["key"]: plain_value(item.get("value"))
        for item in attributes
        if isinstance(item, dict) and isinstance(item.get("key"), str)
    }


def numbered(attributes: dict[str, Any], prefix: str) -> list[Any]:
    """``prefix.0.role``, ``prefix.0.calls.1.id`` … as a list of objects; empty if there are none.

    The numbers give the order; gaps are closed.
    """
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        if name.startswith(f"{prefix}."):
            *path, last = name[len(prefix) + 1 :].split(".")
            place = tree
            for step in path:
                below = place.setdefault(step, {})
                if not isinstance(below, dict):
                    below = place[step] = {}
                place = below
            place[last] = value
    found = _closed(tree)
    return found if isinstance(found, list) else []


def _closed(tree: Any) -> Any:
    """Objects whose names are all numbers as lists, at every depth."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(name.isdecimal() and len(name) < _DIGITS for name in tree):
        return [_closed(tree[name]) for name in sorted(tree, key=int)]
    return {name: _closed(value) for name, value in tree.items()}
