"""The treemap fills its frame exactly, areas in proportion to values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.web.treemap import squarify

values = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=60).map(lambda v: sorted(v, reverse=True))


@given(values, st.floats(50, 2000), st.floats(50, 2000))
def test_areas_are_in_proportion_and_inside(parts: list[float], width: float, height: float) -> None:
    tiles = squarify(parts, width, height)
    total = sum(parts)
    assert len(tiles) == len(parts)
    for part, tile in zip(parts, tiles, strict=True):
        assert tile.width * tile.height == pytest.approx(part / total * width * height, rel=1e-6)
        assert tile.x >= -1e-6
        assert tile.y >= -1e-6
        assert tile.x + tile.width <= width * (1 + 1e-6)
        assert tile.y + tile.height <= height * (1 + 1e-6)


@given(values)
def test_tiles_do_not_overlap(parts: list[float]) -> None:
    tiles = squarify(parts, 1000, 400)
    for i, a in enumerate(tiles):
        for b in tiles[i + 1 :]:
            wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
            high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
            assert wide <= 1e-6 or high <= 1e-6


def test_equal_values_give_tiles_that_are_nearly_square() -> None:
    for tile in squarify([1.0] * 12, 400, 300):
        assert 0.5 < tile.width / tile.height < 2


def test_nothing_to_draw() -> None:
    assert squarify([], 10, 10) == []
    assert squarify([0.0], 10, 10) == []
