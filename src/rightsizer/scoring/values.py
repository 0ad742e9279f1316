"""When two JSON values are the same answer: one canonical text per class of equal values."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]

# The last fence is looked for from the end: lazily from the front, hostile text costs its square.
_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*)```\s*", re.DOTALL)
_BFCL_DROPPED = re.compile(r"[ ,./\-_*^]")


class NotJSONError(ValueError):
    """The text is not JSON (as RFC 8259 has it: no NaN, no Infinity)."""


def parse_json(text: str) -> Any:
    """The value; raises `NotJSONError`."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotJSONError(str(error)) from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def unfence(text: str) -> str:
    """The text inside one Markdown code fence that is all there is; else the text as it is."""
    match = _FENCE.fullmatch(text)
    return match.group(1).rstrip(" \t").removesuffix("\n") if match else text


def normal_text(text: str, *, relaxed: bool = False) -> str:
    """Unicode NFC, runs of white space as one blank, none at the ends.

    `relaxed` is BFCL's `standardize_string`: blanks and ``,./-_*^`` dropped, lower case, ' as ".
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return _BFCL_DROPPED.sub("", text).lower().replace("'", '"') if relaxed else text


def canonical(
    value: Any, *, ignore: frozenset[str] = frozenset(), path: Path = (), relaxed: bool = False
) -> Any:
    """The value with key order, number form and outer white space of strings made one.

    1 and 1.0 are the same number; true is not 1. Fields whose dotted path (without array positions)
    is in `ignore` are left out.
    """
    if isinstance(value, Mapping):
        return {
            key: canonical(value[key], ignore=ignore, path=(*path, key), relaxed=relaxed)
            for key in sorted(value)
            if ".".join((*path, key)) not in ignore
        }
    if isinstance(value, list):
        return [canonical(item, ignore=ignore, path=path, relaxed=relaxed) for item in value]
    if isinstance(value, str):
        return normal_text(value, relaxed=True) if relaxed else unicodedata.normalize("NFC", value).strip()
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value


def dump(value: Any) -> str:
    """Canonical values as text: equal if and only if the values are the same answer."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def with_defaults(value: Any, schema: Any) -> Any:
    """The value with what a JSON schema states as default put where it is absent (objects, arrays).

    So an argument left out equals its stated default, and only that: absent is not null unless the
    schema says ``"default": null``.
    """
    if not isinstance(schema, Mapping):
        return value
    properties = schema.get("properties")
    if isinstance(value, Mapping) and isinstance(properties, Mapping):
        filled = {k: with_defaults(v, properties.get(k)) for k, v in value.items()}
        for name, part in properties.items():
            if name not in filled and isinstance(part, Mapping) and "default" in part:
                filled[name] = part["default"]
        return filled
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items")) for item in value]
    return value
