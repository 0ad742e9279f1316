"""The formats that are read, and which of them a record is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rightsizer.errors import InputError, RecordError
from rightsizer.types import Call
from rightsizer.wire import fine_tuning, flywheel, stored_completion
from rightsizer.wire.record import NATIVE, call_from_record
from rightsizer.wire.shared import Shared

Read = Callable[[dict[str, Any], Shared | None, str], Call]


def _is_call_record(record: dict[str, Any]) -> bool:
    return "request" in record or NATIVE in record


# Asked in this order; the first that says yes reads the record.
FORMATS: dict[str, tuple[Callable[[dict[str, Any]], bool], Read]] = {
    "flywheel": (flywheel.sniff, flywheel.read),
    "call": (_is_call_record, call_from_record),
    "stored-completion": (stored_completion.sniff, stored_completion.read),
    "fine-tuning": (fine_tuning.sniff, fine_tuning.read),
}


def check_format(name: str) -> None:
    """Raises `InputError` if there is no format of this name."""
    if name != "auto" and name not in FORMATS:
        raise InputError(f"no format {name!r}", hint=f"one of: auto, {', '.join(FORMATS)}")


def read_record(record: Any, format: str = "auto", shared: Shared | None = None, call_id: str = "") -> Call:
    """The call of one record in the named format, or in the one it looks like.

    Raises `RecordError` (not-an-object, unknown-format, or what the format finds wrong).
    """
    if not isinstance(record, dict):
        raise RecordError("not-an-object", f"a record is an object, this is {type(record).__name__}")
    if format != "auto":
        return FORMATS[format][1](record, shared, call_id)
    for sniff, read in FORMATS.values():
        if sniff(record):
            return read(record, shared, call_id)
    fields = ", ".join(sorted(map(str, record))[:8])
    raise RecordError("unknown-format", f"no known record has the fields: {fields}")
