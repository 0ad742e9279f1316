"""The report as data: it adds up, it says its unit, and what is not proved is never in what is proved."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rightsizer.economics.assumptions import DAYS_PER_MONTH
from rightsizer.economics.prices import load_prices
from rightsizer.economics.report import Report, Totals, build_report
from rightsizer.economics.tokens import cost_of
from rightsizer.types import (
    Call,
    Evaluation,
    Message,
    OutputKind,
    Release,
    Request,
    Route,
    Student,
    Task,
    TextPart,
    Usage,
    Verdict,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TABLE = load_prices()
SAID = Message(role="user", parts=(TextPart(content="hello"),))


def totals(tasks: dict[str | None, int], *, span_days: float = 10.0, model: str = "gpt-4o") -> Totals:
    made = Totals.empty()
    n = sum(tasks.values())
    ids = [task for task, k in tasks.items() for _ in range(k)]
    for i, task in enumerate(ids):
        at = NOW - timedelta(days=span_days * i / max(1, n - 1)) if span_days else None
        usage = Usage(input_tokens=1000, output_tokens=100)
        call = Call(
            id=f"c{i}", session_id=f"s{i}", timestamp=at, model=model, usage=usage,
            request=Request(messages=(SAID,)), response=SAID,
        )  # fmt: skip
        made.add(call, cost_of(call, TABLE), task)
    return made


def evaluation(task: str, verdict: Verdict, coverage: float = 0.9) -> Evaluation:
    passed = verdict == "pass"
    return Evaluation(
        id=f"evaluation_{task}",
        student_id=f"student_{task}",
        task_id=task,
        dataset_id="d",
        verdict=verdict,
        reason="" if passed else "because",
        threshold=0.5 if passed else None,
        alpha=0.05,
        delta=0.05,
        n_calibration=300,
        n_test=200,
        n_sessions_calibration=300,
        n_sessions_test=200,
        coverage=coverage if passed else 0.0,
        agreement=0.99 if passed else None,
        agreement_low=0.95 if passed else None,
        calls_needed=500 if verdict == "undecided" else None,
        grid=({"threshold": 0.5, "coverage": 0.9, "risk": 0.01, "risk_upper": 0.03}, {"threshold": 0.1}),
    )


def task(id_: str, output: OutputKind = "label", **more: Any) -> Task:
    return Task(id=id_, name=f"Task {id_}", output=output, readiness=0.6, **more)


def report(**more: Any) -> Report:
    base: dict[str, Any] = {
        "tasks": [task("a"), task("b"), task("c"), task("d")],
        "evaluations": [evaluation("a", "pass"), evaluation("b", "fail"), evaluation("c", "undecided")],
        "students": [
            Student(
                id="student_a", task_id="a", dataset_id="d", rung="linear", method="tfidf-linear",
                artifact="x", artifact_hash="0", size_bytes=10, train_s=2.0,
            )
        ],
        "totals": totals({"a": 400, "b": 300, "c": 200, "d": 50, None: 50}),
        "prices": TABLE,
        "now": NOW,
    }  # fmt: skip
    return build_report(**base | more)


def test_verdicts_reasons_and_proof() -> None:
    made = {r.id: r for r in report().tasks}
    assert {k: r.verdict for k, r in made.items()} == {
        "a": "replace",
        "b": "keep",
        "c": "undecided",
        "d": "undecided",
    }
    assert made["b"].reason == "Because."
    assert made["c"].calls_needed == 500
    proof = made["a"].proof
    assert proof is not None
    assert (proof.method, proof.coverage, proof.agreement_low) == ("tfidf-linear", 0.9, 0.95)
    assert [(p.coverage, p.risk_high) for p in proof.grid] == [(0.9, 0.03)]
    assert made["d"].proof is None


def test_money_adds_up() -> None:
    made = report()
    parts = sum(r.cost_usd.point for r in made.tasks)
    assert parts == pytest.approx(made.log.cost_usd.point * 0.95)
    assert sum(r.cost_share for r in made.tasks) == pytest.approx(0.95)
    assert made.headline.calls_outside == pytest.approx(0.05)
    assert made.headline.cost.point == pytest.approx(made.log.cost_usd.point * made.scale)


def test_dearest_first() -> None:
    costs = [r.cost_usd.point for r in report().tasks]
    assert costs == sorted(costs, reverse=True)


def test_only_what_passed_is_in_the_proved_saving() -> None:
    made = report()
    by_id = {r.id: r for r in made.tasks}
    assert made.headline.proved_saving == by_id["a"].savings.gross
    assert made.headline.calls_movable.point == pytest.approx(0.9 * 0.4)
    assert made.headline.possible_saving.low == 0.0
    assert made.headline.possible_saving.high > 0
    assert by_id["b"].savings.gross.high == 0.0
    assert (made.headline.n_replace, made.headline.n_keep, made.headline.n_undecided) == (1, 1, 2)


def test_saving_never_exceeds_what_the_task_costs() -> None:
    made = report()
    for row in made.tasks:
        assert row.savings.gross.high <= row.cost_usd.high * made.scale * (1 + 1e-9)


def test_a_log_over_days_is_projected_to_a_month() -> None:
    made = report()
    assert made.unit == "month"
    assert made.scale == pytest.approx(DAYS_PER_MONTH / 10)
    assert made.headline.net_saving_month is not None
    assert "10.0 days" in " ".join(made.assumptions)


@pytest.mark.parametrize("span", [0.0, 0.5])
def test_a_short_or_timeless_log_is_per_thousand_calls(span: float) -> None:
    made = report(totals=totals({"a": 400, "b": 300}, span_days=span))
    assert made.unit == "1,000 calls"
    assert made.headline.cost.point == pytest.approx(made.log.cost_usd.point / 0.7)
    assert made.headline.net_saving_month is None


def test_alternatives_compare_the_same_calls() -> None:
    ways = {a.kind: a for a in report().alternatives}
    assert set(ways) == {"incumbent", "student", "cheap_llm", "small_model"}
    assert ways["student"].usd.point < ways["incumbent"].usd.point
    assert ways["cheap_llm"].model
    assert ways["cheap_llm"].as_of
    assert "not measured" in ways["cheap_llm"].note
    served = 0.9 * (1 - 0.02)
    assert ways["student"].usd.point == pytest.approx(ways["incumbent"].usd.point * (1 - served), rel=0.01)


def test_says_when_a_cheap_untrained_llm_would_cost_less() -> None:
    made = report(evaluations=[evaluation("a", "pass", coverage=0.2)])
    warnings = [a.text for a in made.advice if a.warn]
    assert any("cheapest untrained LLM" in w and "measured" in w for w in warnings)


def test_says_when_the_volume_does_not_pay_and_when_it_does() -> None:
    small = report()
    assert any("does not pay" in a.text for a in small.advice)
    many = report(totals=totals({"a": 4000}, span_days=1.2), tasks=[task("a")])
    assert any("a month remains" in a.text and not a.warn for a in many.advice)
    assert many.headline.payback_days is not None


def test_unpriced_models_are_said_and_save_nothing() -> None:
    made = report(totals=totals({"a": 100, "b": 50}, model="in-house-7"))
    assert made.log.unpriced_calls == 150
    assert any("in-house-7" in note and "no known price" in note for note in made.price_notes)
    assert made.headline.proved_saving.point == 0.0
    assert not made.tasks[0].cost_known
    assert made.alternatives == ()
    assert [a.warn for a in made.advice] == [True]
    assert "prices.file" in made.advice[0].text


def test_without_sums_by_task_the_tasks_own_sums_are_used() -> None:
    own = task("a", n_calls=400, n_sessions=40, input_tokens=400_000, output_tokens=40_000, cost_usd=1.4)
    log = totals({None: 1000})
    row = report(tasks=[own], totals=log).tasks[0]
    assert (row.calls, row.sessions, row.cost_usd.point) == (400, 40, 1.4)
    assert row.cost_share == pytest.approx(0.4)
    assert row.savings.gross.point > 0


def test_routes_say_what_answers_now() -> None:
    route = Route(task_id="a", student_id="student_a", release_id="r", mode="live", share=1.0, threshold=0.5)
    release = Release(
        id="r",
        task_id="a",
        student_id="student_a",
        certificate_id="c",
        mode="live",
        share=1.0,
        created_at=NOW,
    )
    made = report(routes=[route], releases=[release])
    assert made.headline.n_live == 1
    row = next(r for r in made.tasks if r.id == "a")
    assert (row.mode, row.since) == ("live", NOW)


def test_json_round_trip() -> None:
    made = report()
    assert Report.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("empty", [totals({}), totals({None: 5})])
def test_no_tasks_is_a_report_too(empty: Totals) -> None:
    made = report(tasks=[], evaluations=[], totals=empty)
    assert made.tasks == ()
    assert made.title
    assert made.headline.proved_saving.point == 0.0


def test_prices_carry_their_date_and_sources() -> None:
    made = report()
    assert made.prices_as_of == TABLE.as_of
    assert made.price_sources
    assert made.limits
