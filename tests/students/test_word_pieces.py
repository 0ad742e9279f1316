"""Our WordPiece cuts texts as the tokenizer's library does."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rightsizer.students.word_pieces import cut

SLOW_MACHINE = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
HARD = [
    "Where IS my parcel?!",
    "naïve café, Ça va",
    "包裹is在my路上",
    "a\u0000b\ufffdc tab\there\nthere",
    "e\u0301t\u00e9 İ ﬁ ½ ①",
    "ab" * 70,
    "🙂 a 🙂",
    "\u200bzero width\u00ad soft\u3000wide",
    "~$5+3= <a@b.c>",
    "tab\there\x0bthere\x0cand\x1fthere\x7fthen_a_b",
    "",
]


def both(text: str, folder: Path) -> tuple[list[int], list[int]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    return cut(text, vocabulary, 10_000), tokenizer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("text", HARD)
def test_hard_texts(text: str, bert_folder: Path) -> None:
    ours, theirs = both(text, bert_folder)
    assert ours == theirs


def settled(character: str) -> bool:
    """Whether it was the same kind of character long ago: the two libraries know different Unicodes."""
    return unicodedata.ucd_3_2_0.category(character) == unicodedata.category(character)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW_MACHINE)
@given(text=st.text(st.characters(codec="utf-8", max_codepoint=0x2FFF).filter(settled), max_size=30))
def test_any_text(text: str, bert_folder: Path) -> None:
    ours, theirs = both(text, bert_folder)
    assert ours == theirs


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW_MACHINE)
@given(text=st.text(st.characters(max_codepoint=0x7F), max_size=40))
def test_any_ascii_text(text: str, bert_folder: Path) -> None:
    ours, theirs = both(text, bert_folder)
    assert ours == theirs


def test_no_more_than_the_limit(bert_folder: Path) -> None:
    vocabulary = json.loads((bert_folder / "tokenizer.json").read_text())["model"]["vocab"]
    assert len(cut("where is my parcel " * 9, vocabulary, 7)) == 7
