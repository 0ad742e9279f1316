"""The recogniser that ships finds names in both languages, and knows what is none."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rightsizer.curation.names.find import find_names, shipped
from rightsizer.curation.names.tokens import tokens_of


def found(text: str, lang: str = "auto") -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.type) for s in find_names(text, lang)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("Hello, my name is Katarzyna Nowakowska and I need help.", "Katarzyna Nowakowska", "PERSON"),
        ("my name is yusuf rossi and i want to return the lamp", "yusuf rossi", "PERSON"),
        ("We moved from Lisbon to Nairobi last year.", "Nairobi", "LOCATION"),
        ("She works at Hartmann & Vogel GmbH as an analyst.", "Hartmann & Vogel GmbH", "ORGANIZATION"),
        ("Ship it to 1847 Birch Lane, Tulsa, OK 74103 please", "1847 Birch Lane, Tulsa, OK 74103", "ADDRESS"),
        ('{"first_name": "Ingrid", "status": "pending"}', "Ingrid", "PERSON"),
        ("您好，我叫欧阳文静，想查一下订单", "欧阳文静", "PERSON"),
        ("请寄到杭州市西湖区文三路188号，谢谢", "杭州市西湖区文三路188号", "ADDRESS"),
        ("起诉甲公司", "甲公司", "ORGANIZATION"),
        ("我家住在哈尔滨，冬天很冷", "哈尔滨", "LOCATION"),
        ("昨天和阿强一起吃了火锅", "阿强", "PERSON"),
    ],
)  # fmt: skip
def test_names_are_found_whole(text: str, value: str, kind: str) -> None:
    assert (value, kind) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The keyboard is black and costs 45.90 dollars.",
        "Please check the status of my order and cancel the second item.",
        "def load_rows(path): return [row for row in path]",
        "这个手机多少钱？请问什么时候发货？",
        "今天天气很好，我们去吃饭吧。",
        "12345 67890",
        "",
        "!?",
    ],
)
def test_ordinary_text_has_none(text: str) -> None:
    assert found(text) == []


def test_the_language_chooses_the_script() -> None:
    text = "我叫王小明，my name is Peter Schneider."
    assert [v for v, _ in found(text, "en")] == ["Peter Schneider"]
    assert [v for v, _ in found(text, "zh")] == ["王小明"]
    assert [v for v, _ in found(text)] == ["王小明", "Peter Schneider"]


def test_offsets_are_code_points() -> None:
    text = "😀 my name is Peter Schneider"
    (span,) = find_names(text)
    assert text[span.start : span.end] == "Peter Schneider"


def test_a_long_text_is_searched_in_pieces() -> None:
    text = "Please check the status of my order.\n" * 1500 + "My name is Peter Schneider."
    spans = find_names(text)
    assert [text[s.start : s.end] for s in spans[-1:]] == ["Peter Schneider"]
    assert spans == sorted(spans)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Peter ", "Schneider", " in ", "Berlin", "王小明", "，", "12 ", "\n", "😀", "Inc."]),
        max_size=12,
    ).map("".join)
)  # fmt: skip
def test_sorted_disjoint_inside_and_the_same_again(text: str) -> None:
    spans = find_names(text)
    assert spans == sorted(spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert all(0 <= s.start < s.end <= len(text) and 0 < s.score <= 1 for s in spans)
    assert find_names(text) == spans


def test_probabilities_sum_to_one() -> None:
    words = tokens_of("My name is Peter Schneider from Berlin, and the keyboard is black. " * 5).words
    totals = shipped().posteriors(words).sum(axis=1)
    assert totals.min() > 0.999
    assert totals.max() < 1.001


def test_tokens_cover_words_digits_and_single_characters() -> None:
    tokens = tokens_of("Ann_b 12号\n x")
    assert tokens.words == ["Ann", "_", "b", "12", "号", "\n", "x"]
    assert [("Ann_b 12号\n x"[a:b]) for a, b in zip(tokens.starts, tokens.ends, strict=True)][:5] == [
        *("Ann", "_", "b", "12", "号")
    ]
