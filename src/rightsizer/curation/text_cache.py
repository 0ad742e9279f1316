"""What a function says of a text, remembered up to so many characters of texts: giants push others out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def remembered(chars: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Least recently used answers of a pure function whose first argument is a text. Thread-safe.

    One text longer than all of `chars` is remembered alone.
    """

    def of(function: Callable[P, R]) -> Callable[P, R]:
        known: OrderedDict[object, R] = OrderedDict()
        lock, size = threading.Lock(), 0

        @wraps(function)
        def asked(*args: P.args, **more: P.kwargs) -> R:
            nonlocal size
            with lock:
                if args in known:
                    known.move_to_end(args)
                    return known[args]
            answer = function(*args, **more)
            with lock:
                if args not in known:
                    known[args] = answer
                    size += _length(args)
                while size > chars and len(known) > 1:
                    size -= _length(known.popitem(last=False)[0])
            return answer

        return asked

    return of


def _length(args: object) -> int:
    return len(cast(tuple[str, ...], args)[0]) + 64
