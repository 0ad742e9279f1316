"""A sample report of any size, built from invented tasks by the real `build_report`."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from rightsizer.economics.prices import load_prices
from rightsizer.economics.report import Report, Totals, build_report
from rightsizer.economics.tokens import cost_of
from rightsizer.types import (
    Call,
    Evaluation,
    Funnel,
    Message,
    Request,
    Route,
    Student,
    Task,
    TextPart,
    Usage,
)

NAMES = (
    "Routes a support message to a team",
    "客服意图分类",
    "Extracts order number, date and amount",
    "Chooses the next tool of the shop agent",
    "Writes the reply to the customer",
    "Judges whether the refund policy applies",
    "Summarises a call transcript for the account manager, in three sentences, without names or numbers",
    "提取发票字段：号码、日期、金额、税率和供应商名称",
)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _evaluation(i: int, rng: random.Random) -> Evaluation | None:
    verdict = ("pass", "pass", "pass", "fail", "fail", "undecided", None, "pass")[i % 8]
    if verdict is None:
        return None
    alpha, coverage = (0.02, 0.05)[i % 2], rng.uniform(0.55, 0.97)
    risk = alpha * rng.uniform(0.2, 0.6)
    grid = tuple(
        {
            "coverage": c / 20,
            "risk": alpha * 0.2 + 0.15 * (c / 20) ** 6,
            "risk_upper": alpha * 0.55 + 0.17 * (c / 20) ** 5,
            "threshold": 1 - c / 20,
        }
        for c in range(2, 21)
    )
    passed = verdict == "pass"
    return Evaluation(
        id=f"evaluation_{i:03}",
        student_id=f"student_{i:03}",
        task_id=f"task_{i:03}",
        dataset_id=f"dataset_{i:03}",
        verdict=verdict,  # type: ignore[arg-type]
        reason="" if passed else "free-text replies: an exact-match student cannot be proved",
        threshold=0.6 if passed else None,
        alpha=alpha,
        delta=0.05,
        n_calibration=900,
        n_test=600,
        n_sessions_calibration=450,
        n_sessions_test=300,
        coverage=coverage if passed else 0.0,
        agreement=1 - risk if passed else None,
        agreement_low=1 - alpha * 0.9 if passed else None,
        calls_needed=640 if verdict == "undecided" else None,
        grid=grid,
        baselines={"majority": 0.31, "cache": 0.12, "self_agreement": 0.97},
    )


def _call(task: int, n: int, rng: random.Random, *, days: float) -> Call:
    model = ("gpt-4o-2024-11-20", "gpt-4.1", "llama-3.3-70b-instruct", "in-house-7")[
        task % 4 if task % 5 else 0
    ]
    usage = (
        Usage(input_tokens=rng.randint(300, 6000), output_tokens=rng.randint(5, 200)) if task % 3 else None
    )
    return Call(
        id=f"call_{task}_{n}",
        session_id=f"s{n // 2}",
        timestamp=NOW - timedelta(days=days * rng.random()) if days else None,
        model=model,
        request=Request(
            messages=(Message(role="user", parts=(TextPart(content="hello " * rng.randint(20, 400)),)),)
        ),
        response=Message(role="assistant", parts=(TextPart(content="ok"),)),
        usage=usage,
    )


def build_sample(n_tasks: int, *, days: float = 14.0, calls: int = 120) -> Report:
    rng = random.Random(n_tasks)
    prices, totals = load_prices(), Totals.empty()
    tasks, evaluations, students, routes = [], [], [], []
    for i in range(n_tasks):
        n = max(8, int(calls * rng.paretovariate(1.2)) % 900)
        for k in range(n):
            call = _call(i, k, rng, days=days)
            totals.add(call, cost_of(call, prices), f"task_{i:03}")
        name = NAMES[i % 8] + (f" ({i // 8 + 1})" if i >= 8 else "")
        output = ("label", "label", "fields", "tool_call", "text", "text", "text", "fields")[i % 8]
        tasks.append(
            Task(
                id=f"task_{i:03}", name=name, output=output, type="intent", n_calls=n, readiness=rng.random()
            )  # type: ignore[arg-type]
        )
        if evaluation := _evaluation(i, rng):
            evaluations.append(evaluation)
            students.append(_student(i))
            if evaluation.verdict == "pass" and i % 2 == 0:
                routes.append(_route(i))
    for k in range(60):
        call = _call(3, 10_000 + k, rng, days=days)
        totals.add(call, cost_of(call, prices), None)
    n = totals.all.calls
    funnel = Funnel(
        id="funnel_1",
        at=NOW,
        n_in=n,
        n_kept=n - 55,
        dropped=(("error", 12), ("truncated", 8), ("duplicate", 35)),
    )
    return build_report(
        tasks=tasks,
        evaluations=evaluations,
        students=students,
        routes=routes,
        totals=totals,
        prices=prices,
        now=NOW,
        funnel=funnel,
    )


def _student(i: int) -> Student:
    return Student(
        id=f"student_{i:03}",
        task_id=f"task_{i:03}",
        dataset_id="d",
        rung="linear",
        method=("tfidf-linear", "minilm-linear")[i % 2],
        artifact="students/x",
        artifact_hash="0",
        size_bytes=1_250_000,
        train_s=8.4,
    )


def _route(i: int) -> Route:
    mode = ("live", "canary", "shadow")[i % 3]
    share = 1.0 if mode == "live" else 0.05
    return Route(
        task_id=f"task_{i:03}",
        student_id=f"student_{i:03}",
        release_id="r",
        mode=mode,  # type: ignore[arg-type]
        share=share,
        threshold=0.6,
    )


@pytest.fixture(scope="session")
def sample() -> Callable[..., Report]:
    """`sample(n_tasks, days=14, calls=120)`."""
    cache: dict[tuple[int, float, int], Report] = {}

    def build(n_tasks: int, *, days: float = 14.0, calls: int = 120) -> Report:
        key = (n_tasks, days, calls)
        if key not in cache:
            cache[key] = build_sample(n_tasks, days=days, calls=calls)
        return cache[key]

    return build
