"""Giant texts: the same findings as by comparing all with all, which takes time with the square."""

from __future__ import annotations

import base64
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from rightsizer.curation.pseudonyms.dates import find_dates
from rightsizer.curation.pseudonyms.derived import handles_of
from rightsizer.curation.pseudonyms.keys import Draw
from rightsizer.curation.pseudonyms.people import rewrite_handle
from rightsizer.curation.pseudonyms.replace import Replacer
from rightsizer.curation.pseudonyms.values import Hit, Value, ValueIndex

PIECES = [
    "order 2024-05-17",
    "2024-05-17",
    "in May 2024",
    "5月份",
    "Ann",
    " and ",
    "17 May 2024",
    "%41%6e%6e",
    "x1 ",
]


def compared(replacer: Replacer, text: str) -> list[Hit]:
    """Every hit with every date."""
    hits = list(replacer.index.hits(text))
    dates = []
    for found in find_dates(text, replacer.year):
        over = [h for h in hits if h.start < found.end and found.start < h.end]
        if not any(h.end - h.start > found.end - found.start for h in over):
            hits = [h for h in hits if h not in over]
            dates.append(Hit(found.start, found.end, found.write(found.day + replacer.shift)))
    taken = [*hits, *dates]
    return sorted(taken)


@given(text=st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))
def test_dates_give_way_to_longer_values_only(text: str) -> None:
    index = ValueIndex()
    for old, new in (("order 2024-05-17", "order A"), ("Ann", "Eva"), ("17", "18")):
        index.add(Value(old, new))
    replacer = Replacer(index, shift=timedelta(weeks=3))
    assert replacer._hits(text) == compared(replacer, text)


def test_months_stay_out_of_what_is_replaced_anyway() -> None:
    index = ValueIndex()
    index.add(Value("Plan of May 2024", "PLAN"))
    replacer = Replacer(index, shift=timedelta(weeks=5), months=1)
    assert replacer.text("Plan of May 2024, made in May 2024") == "PLAN, made in June 2024"


def test_encoded_pieces_are_written_in_their_places() -> None:
    index = ValueIndex()
    index.add(Value("Ann", "Wilhelmina"))
    hidden = base64.b64encode(b"Ann Lee said hello").decode()
    text = f"{hidden} then a%20Ann%20b then {hidden}"
    again = base64.b64encode(b"Wilhelmina Lee said hello").decode()
    assert Replacer(index).text(text) == f"{again} then a%20Wilhelmina%20b then {again}"


def test_a_handle_of_a_thousand_names_is_rewritten() -> None:
    words = {"ann": "Eva", "lee": "Fox"}
    new = rewrite_handle("annlee" * 3000, words, Draw(b"k" * 32, "x"))
    assert new == "evafox" * 3000


@given(
    words=st.lists(
        st.text(alphabet="annleo.-_7", min_size=4, max_size=12).filter(lambda w: w[0].isalpha()), max_size=6
    )
)
def test_handles_of_many_names_are_those_of_few(words: list[str]) -> None:
    """Beyond so many names texts are no longer skipped by one expression: the same is found."""
    others = [f"Q{chr(97 + i)}{chr(97 + j)}xyzqw" for i in range(10) for j in range(10)]
    text = " ".join(words)
    few, many = (list(handles_of(names, [text])) for names in (["Anna Leone"], ["Anna Leone", *others]))
    assert few == many
