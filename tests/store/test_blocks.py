"""Packing is exact and the cache is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rightsizer.store.blocks import compress, decompress, pack, unpack
from rightsizer.store.cache import WeightedCache


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(1, 10**9))
def test_a_block_gives_every_entry_back(entries: list[bytes], first: int) -> None:
    block = unpack(first, decompress(compress(pack(entries))))
    assert block.entries() == entries
    assert [block.entry(first + n) for n in range(len(entries))] == entries
    assert first - 1 not in block
    assert first + len(entries) not in block


def test_the_cache_drops_what_was_used_longest_ago() -> None:
    cache: WeightedCache[str] = WeightedCache(capacity=10)
    cache.put(1, "one", 4)
    cache.put(2, "two", 4)
    assert cache.get(1) == "one"
    cache.put(3, "three", 4)
    assert cache.get(2) is None
    assert (cache.get(1), cache.get(3)) == ("one", "three")


def test_replacing_a_value_does_not_count_it_twice() -> None:
    cache: WeightedCache[str] = WeightedCache(capacity=10)
    for _ in range(5):
        cache.put(1, "one", 6)
    cache.put(2, "two", 4)
    assert (cache.get(1), cache.get(2)) == ("one", "two")


def test_one_value_over_the_capacity_is_kept_until_the_next() -> None:
    cache: WeightedCache[str] = WeightedCache(capacity=10)
    cache.put(1, "huge", 100)
    assert cache.get(1) == "huge"
    cache.put(2, "two", 1)
    assert cache.get(1) is None
