"""JSON as the store keeps it: orjson where it is exact, the standard library where it is not.

orjson is 5–10 times faster but refuses lone surrogates, turns integers beyond 64 bits into floats on
reading, and writes NaN as null. Logs hold all three. What orjson cannot carry is written by `json`
(ASCII, escapes) behind a ``~``, so that reading knows which of the two wrote it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import orjson

from rightsizer.errors import InputError

_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
_SORTED = _STRICT | orjson.OPT_SORT_KEYS


def dump(value: Any, *, canonical: bool = False, has_floats: bool = True) -> bytes:
    """`value` as bytes that `load` gives back equal. `canonical` sorts keys: equal values, equal bytes.

    `has_floats` False promises that there is no float inside, which saves looking for NaN.

    Raises `InputError` for what JSON cannot hold (dates, bytes, sets).
    """
    try:
        data = orjson.dumps(value, option=_SORTED if canonical else _STRICT)
    except orjson.JSONEncodeError:
        return _dump_exactly(value, canonical)
    # NaN and infinities came out as null: only then does reading give something else.
    if has_floats and b"null" in data and orjson.loads(data) != value:
        return _dump_exactly(value, canonical)
    return data


def dump_both(value: Any) -> tuple[bytes, bytes]:
    """`value` as `dump` gives it, plain and canonical; looked at for NaN once."""
    data = dump(value)
    return data, dump(value, canonical=True, has_floats=data.startswith(b"~"))


def load(data: bytes) -> Any:
    """Inverse of `dump`."""
    return json.loads(data[1:]) if data[:1] == b"~" else orjson.loads(data)


def _dump_exactly(value: Any, canonical: bool) -> bytes:
    try:
        return b"~" + json.dumps(value, sort_keys=canonical, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"a value cannot be kept as JSON: {error}",
            hint="use only strings, numbers, booleans, lists and dicts",
        ) from error


def plain(value: Any) -> Any:
    """A dumped model as JSON values: lists for tuples, ISO 8601 for moments.

    Not pydantic's JSON mode, which replaces lone surrogates in keys.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
