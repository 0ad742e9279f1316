"""What a surrogate must not be is told by pairs of signs as by searching every text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rightsizer.curation.pseudonyms.taken import Taken

words = st.text(alphabet="王李明中ab1 é", min_size=1, max_size=6)


@given(texts=st.lists(st.text(alphabet="王李明中ab1 éA", max_size=20), max_size=4), word=words)
def test_as_a_plain_search_would(texts: list[str], word: str) -> None:
    taken = Taken(texts)
    if not word.isascii():
        stands = any(word in text.lower() for text in texts)
        assert taken.is_free(word, "原来的值") is not (stands or _token_stands(word, texts))
        if len(word) == 2:
            assert taken.holds(word) is stands


def _token_stands(word: str, texts: list[str]) -> bool:
    """Latin words of more than three signs count by themselves."""
    import re

    found = re.findall("[a-z0-9]+", word)
    there = {t for text in texts for t in re.findall("[a-z0-9]+", text.lower())}
    return any(t in there for t in found if len(t) > 3)
