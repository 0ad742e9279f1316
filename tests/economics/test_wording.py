"""Figures as words: no rounding that promises more than there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.economics.savings import Range
from rightsizer.economics.wording import (
    count,
    days,
    money,
    money_range,
    percent,
    reason_words,
    share,
    short,
    size,
)


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0"),
        (0.000123, "$0.00012"),
        (0.079, "$0.079"),
        (0.5, "$0.50"),
        (1.234, "$1.23"),
        (480.2, "$480"),
        (9_999, "$9,999"),
        (12_345, "$12.3k"),
        (4_560_000, "$4.56M"),
        (-12.5, "−$12.50"),
    ],
)
def test_money(usd: float, text: str) -> None:
    assert money(usd) == text


@given(st.floats(1e-9, 1e9))
def test_money_is_close_and_short(usd: float) -> None:
    text = money(usd)
    assert len(text) <= 12
    factor = {"k": 1e3, "M": 1e6}.get(text[-1], 1)
    value = float(text.strip("$kM").replace(",", "")) * factor
    assert value == pytest.approx(usd, rel=0.06, abs=1e-8)


def test_money_range_is_one_figure_where_edges_read_the_same() -> None:
    assert money_range(Range(low=1.001, point=1.002, high=1.003)) == "$1.00"
    assert money_range(Range(low=1, point=2, high=3)) == "$1.00 – $3.00"


@pytest.mark.parametrize(
    ("value", "text"), [(0.9996, "99.9 %"), (1.0, "100 %"), (0.98, "98 %"), (0.0, "0 %"), (0.9749, "97.4 %")]
)
def test_percent_never_rounds_up(value: float, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 %"), (0.001, "<1 %"), (0.37, "37 %"), (0.999, "99 %"), (1.0, "100 %")]
)
def test_share_is_all_only_when_it_is(value: float, text: str) -> None:
    assert share(value) == text


def test_counts_sizes_spans() -> None:
    assert (count(950), count(12_400), count(1_240_000)) == ("950", "12,400", "1.2M")
    assert (size(900), size(1_250_000)) == ("900 B", "1.2 MB")
    assert (days(14.0), days(1.5), days(0.5), days(0.001)) == (
        "14 days",
        "1.5 days",
        "12.0 hours",
        "1 minutes",
    )


def test_short_cuts_at_width() -> None:
    assert short("abc  def", 10) == "abc def"
    assert len(short("客服意图分类" * 10, 12)) == 12
    assert reason_words("truncated") == "cut off"
    assert reason_words("some-new-reason") == "some new reason"
