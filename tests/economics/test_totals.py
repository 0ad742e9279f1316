"""Sums over the log: all is counted once, unpriced calls are in no money, time only where it is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rightsizer.economics.prices import load_prices
from rightsizer.economics.tokens import cost_of
from rightsizer.economics.totals import Totals
from rightsizer.types import Call, Message, Request, TextPart, Usage

TABLE = load_prices()
START = datetime(2026, 11, 1, tzinfo=UTC)


def call(i: int, model: str = "gpt-4o", **more: Any) -> Call:
    said = Message(role="user", parts=(TextPart(content="hello"),))
    defaults: dict[str, Any] = {"usage": Usage(input_tokens=1000, output_tokens=100)}
    request = Request(messages=(said,))
    return Call(
        id=f"call_{i}",
        session_id=f"s{i // 2}",
        model=model,
        request=request,
        response=said,
        **defaults | more,
    )


def totals(*calls: Call, task: str | None = None) -> Totals:
    made = Totals.empty()
    for one in calls:
        made.add(one, cost_of(one, TABLE), task)
    return made


def test_sums() -> None:
    made = totals(call(0), call(1), call(2))
    spend = made.all
    assert (spend.calls, len(spend.sessions), spend.input_tokens, spend.output_tokens) == (3, 2, 3000, 300)
    assert spend.usd == pytest.approx(3 * (1000 * 2.5 + 100 * 10) / 1e6)
    assert spend.models == {"gpt-4o": (3, pytest.approx(spend.usd))}
    assert made.tasks == {}


def test_tasks_add_up_to_all() -> None:
    made = Totals.empty()
    for i in range(10):
        one = call(i)
        made.add(one, cost_of(one, TABLE), ("a", "b", None)[i % 3])
    assert sum(s.calls for s in made.tasks.values()) == 7
    assert made.tasks["a"].usd + made.tasks["b"].usd == pytest.approx(made.all.usd * 0.7)


def test_unpriced_calls_are_counted_and_named_but_in_no_money() -> None:
    spend = totals(call(0), call(1, "in-house-7"), call(2, "in-house-7")).all
    assert (spend.calls, spend.priced_calls, spend.unpriced_models) == (3, 1, {"in-house-7": 2})
    assert spend.usd == totals(call(0)).all.usd


def test_calls_without_a_model_name_are_unpriced() -> None:
    assert totals(call(0, "")).all.unpriced_models == {"(no model named)": 1}


def test_span_is_known_only_where_most_calls_carry_a_time() -> None:
    timed = [call(i, timestamp=START + timedelta(hours=12 * i)) for i in range(5)]
    assert totals(*timed).all.span_days == pytest.approx(2.0)
    assert totals(*timed, call(9), call(10)).all.span_days is None
    assert totals(call(0)).all.span_days is None


def test_times_with_and_without_zone_compare() -> None:
    naive = START.replace(tzinfo=None) + timedelta(days=3)
    made = totals(call(0, timestamp=START), call(1, timestamp=naive))
    assert made.all.span_days == pytest.approx(3.0)


def test_inexact_prices_leave_a_note() -> None:
    made = totals(call(0, "gpt-4o-foo"), call(1, "gpt-4o"))
    assert set(made.notes) == {"gpt-4o-foo"}
