"""Dates in every usual form are read, and written again in the same form."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rightsizer.curation.pseudonyms.dates import find_dates

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("2024-05-20", "2024-05-27"),
        ("2024-05-20T10:00:00Z", "2024-05-27T10:00:00Z"),
        ("2024/5/2", "2024/5/9"),
        ("2024.05.31", "2024.06.07"),
        ("05/28/2024", "06/04/2024"),
        ("25.12.2023", "01.01.2024"),
        ("May 1st", "May 8th"),
        ("May 25th, 2024", "June 1st, 2024"),
        ("SEPT 5, 2024", "SEP 12, 2024"),
        ("3 June 2021", "10 June 2021"),
        ("the 3rd of June", "the 10th of June"),
        ("28-Feb-2024", "6-Mar-2024"),
        ("2024年5月20日", "2024年5月27日"),
        ("5月6号", "5月13号"),
        ("２０２４年０５月０６日", "2024年05月13日"),
        ("Feb 29", "Mar 7"),
    ],
)
def test_a_date_a_week_later(text: str, later: str) -> None:
    (found,) = find_dates(text, 2024)
    assert text[: found.start] + found.write(found.day + WEEK) + text[found.end :] == later


@pytest.mark.parametrize(
    "text",
    ["2024-13-45", "order 2024-05-20-001", "May I 5", "in 2024", "10/20", "5 may be 6"],
)
def test_what_is_no_date(text: str) -> None:
    assert not [f for f in find_dates(text, 2024) if f.year]


def test_a_missing_year_is_completed() -> None:
    (found,) = find_dates("on March 3rd", 2021)
    assert (found.day, found.year) == (date(2021, 3, 3), False)
