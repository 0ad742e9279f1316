"""Each way of rewriting copied text does what it says, and says None where it does not apply."""

from __future__ import annotations

from typing import Any

import pytest

from rightsizer.students.structured_transforms import TRANSFORMS, Rewriting, number_from_words


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("seven", 7),
        ("twenty-five", 25),
        ("Thirty two", 32),
        ("a couple", 2),
        ("十", 10),
        ("二十五", 25),
        ("十二", 12),
        ("两", 2),
        ("三百零五", 305),
        ("一千二百", 1200),
        ("百", None),
        ("三十百", None),
        ("twenty-twelve", None),
        ("十十", None),
        ("二五", None),
        ("", None),
        ("some", None),
    ],
)
def test_number_words(text: str, number: int | None) -> None:
    assert number_from_words(text) == number


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lower", "Jazz", "jazz"),
        ("title", "new york", "New York"),
        ("number", "$1,200.50", 1200.5),
        ("number", "12", 12),
        ("number", "12 people", None),
        ("number-text", "1,200", "1200"),
        ("words-number", "four", 4),
        ("first-number", "12 people", 12),
        ("first-number", "for two of us", 2),
        ("first-number", "nobody", None),
        ("first-number-text", "party of 6", "6"),
        ("digits", "(555) 123-2002", "5551232002"),
        ("digits", "none", None),
        ("no-blanks", "W 12 3", "W123"),
        ("snake", "credit card", "credit_card"),
        ("iso-date", "2025年3月4日", "2025-03-04"),
        ("iso-date", "March 4th, 2025", "2025-03-04"),
        ("iso-date", "4 Mar 2025", "2025-03-04"),
        ("iso-date", "3/14/2025", "2025-03-14"),
        ("iso-date", "14/3/2025", None),
        ("iso-date", "tomorrow", None),
        ("iso-date-day-first", "14/3/2025", "2025-03-14"),
        ("iso-date-day-first", "3/14/2025", None),
        ("month-day", "March 5th", "03-05"),
        ("month-day", "3月5日", "03-05"),
        ("month-day", "March", None),
        ("scaled-number", "5k", 5000),
        ("scaled-number", "1.2 million", 1_200_000),
        ("scaled-number", "3万", 30_000),
        ("scaled-number", "5 apples", None),
        ("clock", "7pm", "19:00"),
        ("clock", "12:05 a.m.", "00:05"),
        ("clock", "18:30", "18:30"),
        ("clock", "25:00", None),
        ("clock", "7", None),
    ],
)
def test_transforms(name: str, text: str, value: Any) -> None:
    assert TRANSFORMS[name](text) == value


def test_a_rewriting_chooses_by_form_and_falls_back_to_the_usual() -> None:
    rewriting = Rewriting("words-number", {"9": "number"}, {"a few": 3})
    assert rewriting.apply("12") == 12
    assert rewriting.apply("five") == 5
    assert rewriting.apply("A  few") == 3
    assert rewriting.apply("many") is None
