"""Savings: the arithmetic by hand, ranges that contain their point, and figures that argue against moving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.economics.assumptions import DAYS_PER_MONTH, Assumptions
from rightsizer.economics.prices import PriceRow
from rightsizer.economics.savings import (
    Range,
    cheap_cost,
    cost_per_call,
    coverage_interval,
    estimate_savings,
    movable,
)
from rightsizer.economics.totals import Spend
from rightsizer.types import Evaluation, Verdict

CHEAP = PriceRow(model="c", provider="p", input=0.1, output=0.4, as_of="2026", source="s")


def evaluation(verdict: Verdict, coverage: float = 0.8, sessions: int = 200) -> Evaluation:
    return Evaluation(
        id="e",
        student_id="st",
        task_id="t",
        dataset_id="d",
        verdict=verdict,
        alpha=0.05,
        delta=0.05,
        n_calibration=400,
        n_test=400,
        n_sessions_calibration=sessions,
        n_sessions_test=sessions,
        coverage=coverage if verdict == "pass" else 0.0,
    )


def spend(calls: int = 1000, usd: float = 10.0, low: float | None = None, high: float | None = None) -> Spend:
    return Spend(
        calls=calls,
        priced_calls=calls,
        input_tokens=calls * 1000.0,
        output_tokens=calls * 50.0,
        usd=usd,
        low_usd=usd if low is None else low,
        high_usd=usd if high is None else high,
    )


def test_a_pass_moves_its_coverage_with_an_interval_over_sessions() -> None:
    few, many = (
        movable(evaluation("pass", sessions=30), None),
        movable(evaluation("pass", sessions=3000), None),
    )
    assert few.basis == many.basis == "certified"
    assert few.share.low < many.share.low < 0.8 < many.share.high < few.share.high


def test_a_fail_moves_nothing_whatever_readiness_says() -> None:
    assert movable(evaluation("fail"), 0.9).share.high == 0.0


def test_without_evidence_there_is_only_a_guess_from_nothing_upwards() -> None:
    for found in (movable(None, 0.7), movable(evaluation("undecided"), 0.7)):
        assert found.basis == "readiness"
        assert (found.share.low, found.share.high) == (0.0, 0.7)
    assert movable(None, None).basis == "none"


@given(st.floats(0, 1), st.integers(0, 5000))
def test_coverage_interval_contains_what_was_seen(share: float, n: int) -> None:
    low, high = coverage_interval(share, n)
    assert 0 <= low <= share <= high <= 1


def test_savings_by_hand() -> None:
    assumed = Assumptions(
        core_hour_usd=0.36, student_cpu_s=(0.01, 0.01, 0.01), audit_share=0.1, upkeep_hours_month=1,
        staff_hour_usd=90, retrain_core_hours_month=0, serving_cores=0,
    )  # fmt: skip
    moving = movable(evaluation("pass", coverage=0.5, sessions=10**6), None)
    saved = estimate_savings(spend(), moving, CHEAP, assumed, scale=2.0)
    serving = 0.01 / 3600 * 0.36  # USD of CPU a call
    gain = 0.01 * 0.9 - serving  # a call costs 1 cent; a tenth of the served ones is audited
    assert saved.gross.point == pytest.approx(1000 * 2 * 0.5 * gain)
    rival = (1000 * 0.1 + 50 * 0.4) / 1e6
    assert saved.vs_cheap_llm is not None
    assert saved.vs_cheap_llm.point == pytest.approx(1000 * 2 * 0.5 * (rival - serving))
    assert saved.break_even_calls_per_day is not None
    assert saved.break_even_calls_per_day.point == pytest.approx(90 / DAYS_PER_MONTH / (0.5 * gain))
    assert saved.break_even_vs_cheap_llm == pytest.approx(90 / DAYS_PER_MONTH / (0.5 * (rival - serving)))


def test_break_even_is_where_net_is_zero() -> None:
    assumed = Assumptions()
    moving = movable(evaluation("pass", sessions=500), None)
    saved = estimate_savings(spend(), moving, CHEAP, assumed, scale=1.0)
    assert saved.break_even_calls_per_day is not None
    calls_a_month = saved.break_even_calls_per_day.point * DAYS_PER_MONTH
    at_break_even = estimate_savings(spend(), moving, CHEAP, assumed, scale=calls_a_month / 1000)
    assert at_break_even.gross.point == pytest.approx(saved.fixed_usd_month)


def test_a_student_dearer_than_the_cheap_llm_never_breaks_even_against_it() -> None:
    slow = Assumptions(student_cpu_s=(60, 60, 60))
    saved = estimate_savings(spend(), movable(evaluation("pass"), None), CHEAP, slow, scale=1.0)
    assert saved.break_even_vs_cheap_llm is None
    assert saved.vs_cheap_llm is not None
    assert saved.vs_cheap_llm.point < 0


def test_no_known_price_saves_no_invented_money() -> None:
    unpriced = Spend(calls=1000, input_tokens=1e6, output_tokens=1e4)
    saved = estimate_savings(unpriced, movable(evaluation("pass"), None), CHEAP, Assumptions(), scale=1.0)
    assert saved.gross == Range(low=0, point=0, high=0)
    assert saved.vs_cheap_llm is None
    assert saved.break_even_calls_per_day is None


@given(
    st.floats(0.01, 0.99),
    st.integers(5, 2000),
    st.floats(1e-6, 1e4),
    st.floats(0, 0.5),
    st.integers(1, 10**6),
)
def test_every_range_contains_its_point(share: float, n: int, usd: float, off: float, calls: int) -> None:
    log = spend(calls, usd, usd * (1 - off), usd * (1 + off))
    saved = estimate_savings(
        log, movable(evaluation("pass", share, n), None), CHEAP, Assumptions(), scale=3.0
    )
    ranges = [saved.gross, saved.vs_cheap_llm, cost_per_call(log), cheap_cost(log, CHEAP)]
    for found in ranges:
        assert found is not None
        slack = 1e-9 * (1 + abs(found.point))
        assert found.low - slack <= found.point <= found.high + slack


def test_total_adds_edges() -> None:
    total = Range.total([Range(low=1, point=2, high=3), Range(low=-1, point=0, high=5)])
    assert (total.low, total.point, total.high) == (0, 2, 8)


def test_fixed_costs_follow_the_number_of_tasks_and_are_nothing_without_any() -> None:
    assumed = Assumptions()
    assert assumed.fixed_usd_month(0) == 0
    one, two = assumed.fixed_usd_month(1), assumed.fixed_usd_month(2)
    per_task = assumed.staff_hour_usd * assumed.upkeep_hours_month
    assert two - one == pytest.approx(per_task + assumed.retrain_core_hours_month * assumed.core_hour_usd)


def test_assumptions_are_said_with_their_values() -> None:
    said = " ".join(Assumptions(core_hour_usd=0.123, audit_share=0.07, staff_hour_usd=77).sentences())
    for figure in ("$0.123", "7 %", "$77"):
        assert figure in said
