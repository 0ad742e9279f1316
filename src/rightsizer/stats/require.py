"""What every function of `stats` asks of its arguments before it computes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rightsizer.errors import InputError

FloatArray = npt.NDArray[np.float64]


def require_counts(k: int, n: int) -> None:
    """Raises `InputError` unless 0 ≤ k ≤ n are whole numbers."""
    if k != int(k) or n != int(n) or not 0 <= k <= n:
        raise InputError(f"{k} of {n} is no count", hint="give whole numbers with 0 ≤ k ≤ n")


def require_open_unit(name: str, value: float) -> None:
    """Raises `InputError` unless 0 < value < 1."""
    if not (math.isfinite(value) and 0.0 < value < 1.0):
        raise InputError(f"{name} is {value}, not strictly between 0 and 1")


def finite_array(name: str, values: Sequence[float] | FloatArray) -> FloatArray:
    """The values as a one-dimensional float array. Raises `InputError` for NaN, infinity, other shapes."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InputError(f"{name} has {array.ndim} dimensions, not 1")
    if not np.isfinite(array).all():
        raise InputError(f"{name} holds a value that is not finite")
    return array
