"""JSON text of other people's logs, read without losing anything.

orjson first; the standard library where orjson would refuse or round: lone surrogates, NaN and
infinities, integers beyond 64 bits.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import orjson

from rightsizer.errors import RecordError

# orjson reads integers beyond 64 bits as floats; every such integer has at least 19 digits in a row.
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19


def parse_json(data: bytes) -> Any:
    """The value of one JSON document (UTF-8). Raises `RecordError` (invalid-json, invalid-utf8)."""
    return parse_json_telling(data)[0]


def parse_json_telling(data: bytes) -> tuple[Any, bool]:
    """`parse_json`, and whether orjson can write the value back exactly (no NaN, no huge integer …)."""
    if _LONG_NUMBER not in data.translate(_DIGITS_AS_ZERO):
        try:
            return orjson.loads(data), True
        except orjson.JSONDecodeError:
            pass
    try:
        return json.loads(data.decode("utf-8-sig")), False
    except UnicodeDecodeError as error:
        raise RecordError("invalid-utf8", f"not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise RecordError("invalid-json", "nested too deeply") from error
    except ValueError as error:
        raise RecordError("invalid-json", str(error)) from error


def dump_json(value: Any) -> bytes:
    """One line of JSON text (ASCII escapes only where UTF-8 cannot carry a character).

    Raises `RecordError` (not-json) for what JSON cannot hold.
    """
    try:
        data = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return _dump_exactly(value)
    # NaN and infinities came out as null: only then does reading give something else.
    return _dump_exactly(value) if b"null" in data and orjson.loads(data) != value else data


def _dump_exactly(value: Any) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordError("not-json", f"cannot be written as JSON: {error}") from error


def plain(value: Any) -> Any:
    """A dumped model as JSON values: lists for tuples, ISO 8601 for moments.

    Not pydantic's JSON mode, which replaces lone surrogates in keys.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
