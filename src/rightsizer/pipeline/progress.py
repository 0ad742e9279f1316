"""How long work says where it is: one small callable that verbs receive and stages never see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Called with what is being done, how much of it is done, and the total where it is known."""

    def __call__(self, what: str, done: float, total: float | None) -> None: ...


def silent(what: str, done: float, total: float | None) -> None:
    """Say nothing."""


def counted(
    items: Iterable[T], what: str, total: float | None, progress: Progress, every: int = 256
) -> Iterator[T]:
    """Pass `items` through, reporting every `every` of them and at the end."""
    n = 0
    progress(what, 0, total)
    for n, item in enumerate(items, 1):
        if n % every == 0:
            progress(what, n, total)
        yield item
    progress(what, n, n)
