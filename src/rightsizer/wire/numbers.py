"""Numbers as logs write them: as numbers, or as text."""

from __future__ import annotations

import math
from typing import Any


def read_number(value: Any) -> float | None:
    """A finite number; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
