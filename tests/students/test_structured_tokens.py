"""Token borders: a value must begin and end on them, in English and in Chinese, masks included."""

from __future__ import annotations

import pytest

from rightsizer.students.structured_tokens import find_spans, shape, tokenise


def texts(text: str) -> list[str]:
    return [t.text for t in tokenise(text)]


def test_masks_ids_and_times_split_where_values_end() -> None:
    assert texts("mail <EMAIL_1> re #W49, 7pm") == ["mail", "<EMAIL_1>", "re", "#", "W", "49", ",", "7", "pm"]


def test_chinese_is_split_by_character_and_keeps_latin_words_whole() -> None:
    assert texts("订票iPhone去北京") == ["订", "票", "iPhone", "去", "北", "京"]


def test_offsets_cover_the_very_text() -> None:
    text = "Ümlaut — 表5-b\n<PHONE_2>!"
    assert all(text[t.start : t.end] == t.text for t in tokenise(text))


def test_a_limit_bounds_the_tokens() -> None:
    assert len(tokenise("a b c d e", limit=3)) == 3


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("#W2378156", "#A9"),
        ("yusuf_rossi_9620", "a_a_9"),
        ("北京", "中"),
        ("<EMAIL_12>", "<EMAIL_>"),
        ("a b", "a a"),
    ],
)
def test_shape_keeps_the_form_and_drops_the_content(text: str, form: str) -> None:
    assert shape(text) == form


def test_spans_are_found_only_on_token_borders() -> None:
    text = "table for 2 at 12, for 2"
    assert find_spans(text, tokenise(text), "2") == [(2, 3), (7, 8)]


def test_case_is_folded_on_request_only() -> None:
    text = "fly to PARIS"
    tokens = tokenise(text)
    assert find_spans(text, tokens, "Paris") == []
    assert find_spans(text, tokens, "Paris", fold=True) == [(2, 3)]


def test_a_text_that_changes_length_when_lowered_gives_no_wrong_offsets() -> None:
    text = "İstanbul trip"
    assert find_spans(text, tokenise(text), "istanbul", fold=True) == []
    assert find_spans(text, tokenise(text), "trip") != []


def test_the_empty_value_is_nowhere() -> None:
    assert find_spans("abc", tokenise("abc"), "") == []
