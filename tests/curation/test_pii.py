"""Findings are sorted, disjoint, in code points of the original text, and do not depend on the gate."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.curation.pii import PATTERNS, Span, is_free, narrow, resolve, scan

pieces = st.one_of(
    st.sampled_from([canary(kind, seed) for kind in KINDS for seed in (0, 1)]),
    st.sampled_from(
        [
            "phone: ",
            "卡号",
            "，",
            " ",
            "\n",
            "-",
            ".",
            "order #",
            "订单号",
            "2024-05-01",
            "12",
            "(555) ",
            "555-1234",
            "😀",
            "IBAN ",
            "version ",
            "http://",
            "@",
            "SSN ",
            "536904399",
            "10.0.0.1",
            "x",
            "Z9",
            "密码：",
            "token=",
            "\u3000",
        ]
    ),
    st.text(alphabet="0123456789-. ()abcXYZ中文０１９＠", max_size=12),
)
texts = st.lists(pieces, max_size=10).map("".join)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_sorted_disjoint_and_inside(text: str) -> None:
    spans = scan(text)
    assert spans == sorted(spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert all(0 <= s.start < s.end <= len(text) and 0 < s.score <= 1 for s in spans)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_the_gate_changes_nothing(text: str) -> None:
    assert scan(text) == scan(text, patterns=PATTERNS)


def test_offsets_are_code_points_of_the_original() -> None:
    text = "😀邮箱ａ＠ｅｘａｍｐｌｅ．ｏｒｇ。和b@example.org"
    assert [text[s.start : s.end] for s in scan(text)] == ["ａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "b@example.org"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mail \u200bada@acme\u200b.com\u200b now", "ada@acme\u200b.com"),
        ("卡号4111\u00ad1111\u00ad1111\u00ad1111！", "4111\u00ad1111\u00ad1111\u00ad1111"),
        ("电话138\u200b1234\u200b5678", "138\u200b1234\u200b5678"),
        ("\ufeff13812345678", "13812345678"),
        ("😀\u200b😀 \u202aada@ac\u2060me.com\u202c", "ada@ac\u2060me.com"),
    ],
)
def test_signs_that_show_nothing_hide_nothing(text: str, value: str) -> None:
    assert [text[s.start : s.end] for s in scan(text)] == [value]
    assert scan(text) == scan(text, patterns=PATTERNS)
    assert scan("\u200b\u00ad") == []


def test_narrow_keeps_length_and_ascii() -> None:
    assert narrow("Ａ１－２　Ｂ–c") == "A1-2 B-c"
    plain = "nothing wide here"
    assert narrow(plain) is plain
    assert narrow("全部中文") == "全部中文"


def test_of_overlapping_spans_the_surest_then_the_longest_stays() -> None:
    spans = [Span(0, 9, "LONG", 0.5), Span(2, 5, "SURE", 0.9), Span(10, 12, "A", 0.7), Span(10, 14, "B", 0.7)]
    assert resolve(spans) == [Span(2, 5, "SURE", 0.9), Span(10, 14, "B", 0.7)]


def test_free_is_what_touches_nothing() -> None:
    taken = [(2, 4), (6, 9)]
    free = [(a, b) for a in range(11) for b in range(a + 1, 11) if is_free(taken, a, b)]
    assert free == [
        (a, b) for a in range(11) for b in range(a + 1, 11) if not {2, 3, 6, 7, 8} & set(range(a, b))
    ]
    assert is_free([], 0, 1)


def test_a_long_text_full_of_values_is_searched_in_time() -> None:
    """Quadratic work on 20,000 values would hit the suite's time limit."""
    text = " ".join(f"u{i}@example.org" for i in range(20_000))
    assert len(scan(text)) == 20_000


@pytest.mark.parametrize("text", ["", "a", "ab", "\ud800", "\udcff" * 10, "\0" * 5, "\u2028"])
def test_odd_texts_give_nothing(text: str) -> None:
    assert scan(text) == []


def test_lang_is_accepted() -> None:
    for lang in ("auto", "en", "zh"):
        assert [s.type for s in scan("a@example.org", lang)] == ["EMAIL_ADDRESS"]


def test_what_is_left_of_an_address_around_a_number_is_none() -> None:
    assert [s.type for s in scan("VIN 1HGCM82633A004352", names=True)] == ["VIN"]
    text = "寄到杭州市西湖区文三路188号，电话13800138000"
    assert [s.type for s in scan(text, names=True)] == ["ADDRESS", "PHONE_NUMBER"]


def test_names_among_many_values_are_found_in_time() -> None:
    """Work that grows with the square of 5,000 values would hit the suite's time limit."""
    text = "\n".join(f"u{i}@example.org, Peter Schneider" for i in range(5_000))
    assert sum(s.type == "PERSON" for s in scan(text, "en", names=True)) >= 5_000
