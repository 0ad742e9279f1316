"""What the gateway looks for in the body of a request.

Read once, and only where somebody wants to know. A large body is read in a thread: the loop serves the others
meanwhile (orjson itself lets nobody else run while it parses, some 2 ms a megabyte).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

LARGE_BYTES = 1 << 20
_LIMITS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]', re.DOTALL)
_VALUE = re.compile(rb'\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)
_NAMED = re.compile(rb'(?<!\\)"model"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


class Asked(NamedTuple):
    """`model_at`: where the model stands in the body, if it has a prefix that could be an upstream's.

    `output_tokens`: the most that the answer may have, 0 if that is not said. `may_ask_usage`: a stream of
    which nothing is said about its token counts.
    """

    model: str = ""
    model_at: tuple[int, int] | None = None
    output_tokens: int = 0
    may_ask_usage: bool = False


def read_asked(body: bytes) -> Asked:
    """What a body asks for; nothing if it is no JSON object."""
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Asked()
    if not isinstance(value, dict):
        return Asked()
    model = value.get("model")
    named = model if isinstance(model, str) else ""
    limits = (value.get(name) for name in _LIMITS)
    return Asked(
        model=named,
        model_at=find_model(body, named) if "/" in named else None,
        output_tokens=next((n for n in limits if isinstance(n, int) and 0 < n < 10**7), 0),
        may_ask_usage=value.get("stream") is True and "stream_options" not in value,
    )


def find_model(body: bytes, model: str = "") -> tuple[int, int] | None:
    """Where the value of the outermost ``model`` stands in a JSON object: (start, end), else None.

    The last one counts, as in most parsers of JSON. Only quotes and brackets are looked at, so that the
    rest of the body goes on byte for byte. `model`: what it is, if that is known; where only one field has
    that name, and this value, the body need not be gone through.
    """
    if model:
        fields = _NAMED.finditer(body)
        first, second = next(fields, None), next(fields, None)
        if first is not None and second is None and orjson.loads(first[1]) == model:
            return first.span(1)
    depth, at = 0, 0
    found = None
    while (token := _TOKEN.search(body, at)) is not None:
        at = token.end()
        first_byte = token[0][:1]
        if first_byte != b'"':
            depth += 1 if first_byte in b"{[" else -1
        elif depth == 1 and token[0] == b'"model"' and (value := _VALUE.match(body, at)):
            at = value.end()
            found = value.span(1)
    return found
