"""Moments as logs write them: ISO 8601, or seconds, milli-, micro- or nanoseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# From these magnitudes on a number is that many units a second (seconds reach 1e11 in the year 5138).
_UNITS = ((1e17, 10**9), (1e14, 10**6), (1e11, 10**3))


def parse_timestamp(value: Any) -> datetime | None:
    """The moment, with a time zone (UTC where none is given), or None if it is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_epoch(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _from_number(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def format_timestamp(moment: datetime) -> str:
    """ISO 8601, ``Z`` for UTC."""
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _from_number(text: str) -> datetime | None:
    try:
        return _from_epoch(float(text))
    except ValueError:
        return None


def _from_epoch(number: float) -> datetime | None:
    units = next((units for limit, units in _UNITS if abs(number) >= limit), 1)
    try:
        if isinstance(number, int):
            seconds, rest = divmod(number, units)
            return _EPOCH + timedelta(seconds=seconds, microseconds=rest * 10**6 // units)
        return _EPOCH + timedelta(seconds=number / units)
    except (OverflowError, ValueError):
        return None
