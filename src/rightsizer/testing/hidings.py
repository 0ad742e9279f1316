"""Ways in which a value hides in a text: other widths, encodings, JSON in JSON, keys, error messages."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from urllib.parse import quote


def full_width(value: str) -> str:
    """The value with its ASCII signs as wide as Chinese ones."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value)


HIDINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "glued to Chinese": lambda v: f"资料{v}请查询",
    "full-width": full_width,
    "base64": lambda v: base64.b64encode(f"see: {v} .".encode()).decode(),
    "url": lambda v: quote(f"q {v} .", safe=""),
    "hexadecimal": lambda v: f"see: {v} .".encode().hex(),
    "gzip in base64": lambda v: base64.b64encode(gzip.compress(f"see: {v} .".encode(), mtime=0)).decode(),
    "nested": lambda v: json.dumps({"a": json.dumps({"note": v})}),
    "nested deeper": lambda v: json.dumps({"a": [json.dumps({"b": json.dumps({"c": {"d": f"of {v} ."}})})]}),
    "key": lambda v: json.dumps({"seen": {v: 1}}),
    "error": lambda v: f'Error: no such customer "{v}" (404)',
}
