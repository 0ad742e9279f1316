"""What prose alone tells of people, in Britain, the United States and China."""

from __future__ import annotations

import json
from datetime import date

import pytest

from rightsizer.curation.pseudonyms.dates import readings
from rightsizer.curation.pseudonyms.fields import is_time, kind_of_field
from rightsizer.curation.pseudonyms.places import find_in_prose
from rightsizer.curation.pseudonyms.said import find_said
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.types import Call, Message, Request, TextPart, ToolCallResponsePart


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("You are living in Lakemont, 80273. You want", "80273"),
        ("Sure! Harriet Grant, 80273.", "80273"),
        ("Send it to Harriet Grant, 80273", "80273"),
        ("it is 4 Elm Row, Norwich NR8 9SL please", "NR8 9SL"),
        ("a note for Wanda Feather (w.f@example.com)", "Wanda Feather"),
        ("From: Wanda Feather <w.f@example.com>", "Wanda Feather"),
        ("copy in my flatmate Wanda Feather too", "Wanda Feather"),
        ("I, Jasper Ingram, of Elm Row", "Jasper Ingram"),
        ("被告吕文博，住址不详", "吕文博"),
        ("委托人：令狐诗涵，电话", "令狐诗涵"),
        ("案号（2024）鲁0602民初6705号，", "（2024）鲁0602民初6705号"),
    ],
)
def test_said(text: str, value: str) -> None:
    assert value in [v for _, v in find_said(text)]


@pytest.mark.parametrize(
    "text",
    [
        "In March, 10000 people came",
        "In January, 20500. Then",
        "Total, 12000 units",
        "Revenue was up, 45000 more",
    ],
)
def test_a_number_that_counts_is_no_postcode(text: str) -> None:
    assert [kind for kind, _ in find_said(text) if kind == "POSTCODE"] == []


def test_towns_before_british_postcodes_and_flats() -> None:
    found = find_in_prose("of Flat 12, 38 Bay Row, Norwich, NR8 9SL")
    assert {("CITY", "Norwich"), ("ADDRESS", "Flat 12"), ("ADDRESS", "38 Bay Row")} <= set(found)
    assert find_in_prose("Postcode NR8 9SL") == []


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("foreName", "PERSON"),
        ("surName", "PERSON"),
        ("staffNo", "ID"),
        ("complaint_ref", "ID"),
        ("page_no", None),
        ("line_number", None),
        ("colour", None),
    ],
)
def test_fields(key: str, kind: str | None) -> None:
    assert kind_of_field(key) == kind


def test_times_are_no_ids() -> None:
    assert is_time("createdAt")
    assert is_time("expires_at")
    assert not is_time("mpanCore")


def test_day_and_month_may_be_the_other_way_round() -> None:
    assert readings(date(1968, 5, 6)) == (date(1968, 5, 6), date(1968, 6, 5))
    assert readings(date(1968, 5, 16)) == (date(1968, 5, 16),)


def test_a_session_of_structure_and_prose() -> None:
    result = {
        "mpanCore": "9619082606647",
        "premises": {"postTown": "Norwich", "postCode": "NR8 9SL"},
        "holder": {"foreName": "Aoife", "surName": "Nyström"},
        "住址": "云南省大理市下关镇清潭新村487号",
    }
    said = "MPAN 9619082606647. BOOKED FOR AOIFE NYSTRÖM at NR8 9SL，住清潭新村487号"
    messages = (
        Message(
            role="tool",
            parts=(ToolCallResponsePart(id="1", response=json.dumps(result, ensure_ascii=False)),),
        ),
        Message(role="user", parts=(TextPart(content=said),)),
    )
    call = Call(id="c", session_id="s", request=Request(messages=messages))
    rewriter = SessionRewriter([call], b"k" * 32, names=lambda text: [])
    new = rewriter.rewrite(call)
    text = "\n".join(m.text for m in new.request.messages)
    for value in (
        "9619082606647",
        "Norwich",
        "NR8 9SL",
        "Aoife",
        "AOIFE",
        "Nyström",
        "NYSTRÖM",
        "清潭新村487号",
    ):
        assert value not in text, value
    assert rewriter.restore(new) == call
