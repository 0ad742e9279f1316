"""The formats that are read, and which of them a record is in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rightsizer.errors import InputError, RecordError
from rightsizer.types import Call
from rightsizer.wire import (
    anthropic_exchange,
    exchange,
    fine_tuning,
    flywheel,
    langfuse,
    langsmith,
    litellm,
    openpipe,
    otlp_forms,
    stored_completion,
    tensorzero,
)
from rightsizer.wire.record import NATIVE, call_from_record
from rightsizer.wire.shared import Shared
from rightsizer.wire.unread import Unread

Sniff = Callable[[dict[str, Any]], bool]
# A record is one call, or a trace: several calls, and pieces that are none.
Read = Callable[[dict[str, Any], Shared | None, str], Call | Iterable[Call | Unread]]


def _is_call_record(record: dict[str, Any]) -> bool:
    return "request" in record or NATIVE in record


# Asked in this order; the first that says yes reads the record.
FORMATS: dict[str, tuple[Sniff, Read]] = {
    "otlp": (otlp_forms.sniff, otlp_forms.read),
    "flywheel": (flywheel.sniff, flywheel.read),
    "anthropic": (anthropic_exchange.sniff, anthropic_exchange.read),
    "exchange": (exchange.sniff, exchange.read),
    "call": (_is_call_record, call_from_record),
    "openpipe": (openpipe.sniff, openpipe.read),
    "litellm": (litellm.sniff, litellm.read),
    "langsmith": (langsmith.sniff, langsmith.read),
    "tensorzero": (tensorzero.sniff, tensorzero.read),
    "langfuse": (langfuse.sniff, langfuse.read),
    "stored-completion": (stored_completion.sniff, stored_completion.read),
    "fine-tuning": (fine_tuning.sniff, fine_tuning.read),
}


def check_format(name: str) -> None:
    """Raises `InputError` if there is no format of this name."""
    if name != "auto" and name not in FORMATS:
        raise InputError(f"no format {name!r}", hint=f"one of: auto, {', '.join(FORMATS)}")


def read_records(
    record: Any, format: str = "auto", shared: Shared | None = None, call_id: str = ""
) -> Iterator[Call | Unread]:
    """The calls of one record in the named format, or in the one it looks like.

    A trace file gives several, with an `Unread` for each piece that is no call. Raises `RecordError`
    (not-an-object, unknown-format, or what the format finds wrong with the whole record).
    """
    try:
        found = _reader(record, format)(record, shared, call_id)
        if isinstance(found, Call):
            yield found
        else:
            yield from found
    except RecursionError as error:
        raise RecordError("invalid-json", "nested too deeply") from error


def read_record(record: Any, format: str = "auto", shared: Shared | None = None, call_id: str = "") -> Call:
    """The call of a record that holds exactly one.

    Raises `RecordError` as `read_records`, the first piece's reason if it holds none, and several-calls.
    """
    found = list(read_records(record, format, shared, call_id))
    calls = [item for item in found if isinstance(item, Call)]
    if len(calls) == 1:
        return calls[0]
    if not calls and found and isinstance(found[0], Unread):
        raise RecordError(found[0].reason, found[0].detail)
    raise RecordError("several-calls", f"the record holds {len(calls)} calls, not one")


def _reader(record: Any, format: str) -> Read:
    if not isinstance(record, dict):
        raise RecordError("not-an-object", f"a record is an object, this is {type(record).__name__}")
    if format != "auto":
        return FORMATS[format][1]
    for sniff, read in FORMATS.values():
        if sniff(record):
            return read
    fields = ", ".join(sorted(map(str, record))[:8])
    raise RecordError("unknown-format", f"no known record has the fields: {fields}")
