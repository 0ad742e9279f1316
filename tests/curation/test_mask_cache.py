"""The cache gives what a fresh search would, and stays within its bound."""

from __future__ import annotations

from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.sensitive import find, leaf_spans


def test_same_as_without_cache() -> None:
    cache = MaskCache()
    for text in ("a@example.org", "nothing", '{"phone": "5551232002"}', "a@example.org"):
        assert cache.find(text) == find(text)
    assert cache.find_leaf("phone", "5551232002") == leaf_spans("phone", "5551232002") != ()


def test_evicts_the_least_recently_used() -> None:
    cache = MaskCache(max_chars=100)
    for i in range(50):
        cache.find(f"{i:030}")
        cache.find("x" * 30)
    assert cache.chars <= 100
    assert "x" * 30 in cache
