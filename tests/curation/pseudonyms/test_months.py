"""Months without a day move together by whole months, in English and Chinese, and come back."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.months import find_months, moved
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.types import Call, Message, Request, TextPart


@pytest.mark.parametrize(
    ("text", "three_later"),
    [
        ("I moved in May and left", "I moved in August and left"),
        ("since November, more or less", "since February, more or less"),
        ("due in Nov 2024.", "due in Feb 2025."),
        ("December of 2023", "March of 2024"),
        ("2024年11月入职", "2025年2月入职"),
        ("去年5月买的", "去年8月买的"),
        ("9月份的账单", "12月份的账单"),
        ("二〇二四年吗？十二月份", "二〇二四年吗？三月份"),
        ('{"period": "2024-05"}', '{"period": "2024-08"}'),
    ],
)
def test_a_month_three_months_later(text: str, three_later: str) -> None:
    (found,) = find_months(text)
    assert text[: found.start] + found.write(moved(found.month, 3)) + text[found.end :] == three_later


@pytest.mark.parametrize(
    "text",
    [
        "you may march on",
        "May I ask",
        "on May 5",
        "5月3日",
        "three months",
        "2024-05-03",
        "April said so",
        "12个月",
    ],
)
def test_what_is_no_month_alone(text: str) -> None:
    assert not find_months(text)


def test_months_and_days_of_a_session_move_together_and_come_back() -> None:
    text = "I was hired in May 2024, on May 15, 2024. My rent of June is late. 2024年5月和6月份的账单。"
    call = Call(
        id="c",
        session_id="s",
        request=Request(messages=(Message(role="user", parts=(TextPart(content=text),)),)),
        response=None,
    )
    for n in range(40):
        rewriter = SessionRewriter([call], bytes([n]) * 32, names=lambda _: ())
        new = rewriter.rewrite(call)
        said = new.request.messages[0].text
        assert "May" not in said.split(",")[0]
        assert "5月" not in said
        assert rewriter.rewrite(new) == new
        assert rewriter.restore(new) == call
        months = [f.month for f in find_months(said)]
        before = [f.month for f in find_months(text)]
        assert [moved(m, rewriter.book.months) for m in before] == months
        assert abs(rewriter.book.months * 30.44 - rewriter.book.shift.days) <= 16
