"""Names that only prose says: one word, initials, taken for a place, or a surname with a title."""

from __future__ import annotations

import pytest

from rightsizer.curation.pii import Span
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.collect import Collector
from rightsizer.curation.pseudonyms.knowledge import Knowledge
from rightsizer.curation.pseudonyms.names import believed


def _believed(text: str, value: str, kind: str, score: float = 0.9) -> set[tuple[str, str]]:
    at = text.index(value)
    return set(believed(Span(at, at + len(value), kind, score), text))


@pytest.mark.parametrize(
    ("text", "value", "kind", "found"),
    [
        ("old Jorunn McAllory 07700", "old Jorunn McAllory", "ADDRESS", "Jorunn McAllory"),
        ("was Sunniva Okpa of Elm Ltd.", "Sunniva Okpa of Elm Ltd", "ORGANIZATION", "Sunniva Okpa"),
        ("the technician Thandeka came", "Thandeka", "PERSON", "Thandeka"),
        ("你们梁师傅上门修空调", "梁师傅", "PERSON", "梁师傅"),
        ("from K. Wiśniewski", "K. Wiśniewski", "PERSON", "K. Wiśniewski"),
    ],
)  # fmt: skip
def test_is_believed(text: str, value: str, kind: str, found: str) -> None:
    assert (f.PERSON, found) in _believed(text, value, kind)


@pytest.mark.parametrize(
    ("text", "value", "kind", "score"),
    [
        ("in New Jersey today", "New Jersey", "LOCATION", 0.9),
        ("the Grand Hotel is full", "Grand Hotel", "ORGANIZATION", 0.9),
        ("about Thandeka", "Thandeka", "PERSON", 0.6),
        ("the Table below", "Table", "PERSON", 0.95),
        ("flights to Lisbon", "Lisbon", "PERSON", 0.95),
    ],
)
def test_is_not(text: str, value: str, kind: str, score: float) -> None:
    assert {v for k, v in _believed(text, value, kind, score) if k == f.PERSON} == set()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("call me after 6. D. Oyelarane", f.PERSON, "D. Oyelarane"),
        ("name on card MR K R NAIDOO", f.PERSON, "K R NAIDOO"),
        ("passport in the bag, surname Wasilewska.", f.PERSON, "Wasilewska"),
        ("the card 4929 1180 3345 7761 fails", f.ID, "4929 1180 3345 7761"),
        ("prescription RX 5520918", f.ID, "RX 5520918"),
        ("NI number QQ 12 34 57 C.", f.ID, "QQ 12 34 57 C"),
        ("booking ZX8QPM", f.ID, "ZX8QPM"),
        ("the guest in room 1108", f.ADDRESS, "room 1108"),
        ("出险地点在中山北路与新模范马路路口", f.ADDRESS, "中山北路与新模范马路"),
        ("在住院部1508房26床", f.ADDRESS, "1508房26床"),
    ],
)
def test_is_told_by_its_form(text: str, kind: str, value: str) -> None:
    assert (kind, value) in _collected(text)


@pytest.mark.parametrize(
    "text",
    [
        "item ID 4894369688 is out",
        "USD 1200000 in all",
        "see I. The end",
        "MISS ANY CLASS",
        "12 000 000 units",
    ],
)
def test_is_told_by_nothing(text: str) -> None:
    assert {k for k, _ in _collected(text)} <= {f.ID} - {"PERSON"}
    assert not any(" " in v for _, v in _collected(text))


def test_the_last_digits_of_a_card_are_said_in_many_ways() -> None:
    collector = Collector(Policy(), Knowledge())
    collector.read("charged by mistake, last 4 of my card 8831, thanks")
    assert collector.found.endings == {"8831"}


def _collected(text: str) -> set[tuple[str, str]]:
    collector = Collector(Policy(), Knowledge())
    collector.read(text)
    collector.read_names()
    return collector.found.values
