"""An index finds what an expression of all values finds."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rightsizer.curation.known_values import KnownValues

signs = st.text(alphabet="ab1@+. 中京-", min_size=1, max_size=5)


def by_expression(values: list[str], text: str) -> list[tuple[int, int]]:
    """The plain way: all values in one expression, the longest first."""
    forms = []
    for value in sorted(set(values), key=lambda v: (-len(v), v)):
        before = "(?<![A-Za-z0-9])" if re.match("[A-Za-z0-9]", value) else ""
        after = "(?![A-Za-z0-9])" if re.search("[A-Za-z0-9]$", value) else ""
        forms.append(before + re.escape(value) + after)
    return [m.span() for m in re.compile("|".join(forms)).finditer(text)] if forms else []


@given(
    values=st.lists(signs.filter(lambda v: re.match("[ab1中京]", v) is not None), max_size=40),
    text=st.lists(signs, max_size=12).map("".join),
)
def test_as_an_expression_would(values: list[str], text: str) -> None:
    known = KnownValues(values)
    expected = by_expression(values, text)
    assert list(known.places(text)) == expected
    assert known.any_in(text) or not expected


@given(
    text=st.lists(st.sampled_from(["+1 555 0100", "(555) 0100", "x", " ", "y+1 555 0100z"]), max_size=6).map(
        "".join
    )
)
def test_values_that_begin_with_a_sign(text: str) -> None:
    values = ["+1 555 0100", "(555) 0100"]
    assert list(KnownValues(values).places(text)) == by_expression(values, text)
