"""Squarified treemap (Bruls, Huizing, van Wijk 2000): areas by value, tiles as square as they get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Tile(NamedTuple):
    """A rectangle in the given frame."""

    x: float
    y: float
    width: float
    height: float


def squarify(values: Sequence[float], width: float, height: float) -> list[Tile]:
    """One tile per value, in order; values must be positive and sorted from large to small.

    The tiles fill the frame exactly and their areas are in proportion to the values.
    """
    total = sum(values)
    if not values or total <= 0:
        return []
    areas = [v * width * height / total for v in values]
    tiles: list[Tile] = []
    x, y, w, h = 0.0, 0.0, width, height
    start = 0
    while start < len(areas):
        side = min(w, h)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row = areas[start:end]
        depth = sum(row) / side
        offset = 0.0
        for area in row:
            length = area / depth
            tiles.append(Tile(x, y + offset, depth, length) if w >= h else Tile(x + offset, y, length, depth))
            offset += length
        if w >= h:
            x, w = x + depth, w - depth
        else:
            y, h = y + depth, h - depth
        start = end
    return tiles


def _worst(row: Sequence[float], side: float) -> float:
    """Largest aspect ratio in a row of areas laid along `side`."""
    total = sum(row)
    return max(side * side * max(row) / (total * total), total * total / (side * side * min(row)))
