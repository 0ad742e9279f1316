"""Dates and times said with a month alone, and what only looks like one."""

from __future__ import annotations

import pytest

from rightsizer.curation.pii import scan


def dates(text: str) -> list[str]:
    return [text[s.start : s.end] for s in scan(text, names=True) if s.type == "DATE_TIME"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The surgery was in March and went well.", "March"),
        ("I have been waiting since last june", "june"),
        ("My lease ends in mid-September.", "September"),
        ("She was admitted in June 2023.", "June 2023"),
        ("手术是3月做的", "3月"),
        ("合同到十二月底为止", "十二月底"),
        ("5月中旬出院", "5月中旬"),
        ("2023年6月入院", "2023年6月"),
    ],
)
def test_a_month_alone_is_a_date(text: str, value: str) -> None:
    assert dates(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "It may be late, may I ask why?",
        "They march in rows.",
        "用了3个月才好",
        "月亮很圆",
        "Mayor and Junebug arrived.",
    ],
)
def test_what_only_looks_like_a_month_is_none(text: str) -> None:
    assert dates(text) == []
