"""The quick trial finds what words decide, and finds nothing where nothing does."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import pytest

from rightsizer.tasks.drift import estimate_drift
from rightsizer.tasks.policy import load_policy
from rightsizer.tasks.scan import Fact, scan
from rightsizer.tasks.sketch import MOST, sketch, unpack
from rightsizer.tasks.trial import Trial, run_trial, served_share
from rightsizer.views.view import view

RULES = load_policy().trial
TEAMS = {"saddle": "sales", "brake": "repairs", "invoice": "billing"}


def sort_mail(logs: SimpleNamespace, n: int, noise: float) -> list[Fact]:
    """Calls whose label follows from one word, or (share `noise`) from nothing."""
    rng = random.Random(0)
    calls = []
    for i in range(n):
        word = rng.choice(sorted(TEAMS))
        label = rng.choice(sorted(TEAMS.values())) if rng.random() < noise else TEAMS[word]
        user = logs.message("user", f"Customer {rng.randrange(1000)} writes about a {word}, please look")
        calls.append(logs.make_call(i, [user], logs.message("assistant", json.dumps({"team": label}))))
    return scan(calls).facts


def test_a_learnable_task_is_served_and_noise_is_not(logs: SimpleNamespace) -> None:
    clear = list(run_trial(sort_mail(logs, 240, 0.0), RULES).values())
    random_ = list(run_trial(sort_mail(logs, 240, 1.0), RULES).values())
    assert len(clear) == len(random_) == 240
    assert served_share(clear, RULES.agreement) > 0.95
    assert served_share(random_, RULES.agreement) < 0.15


def test_it_is_the_same_each_time_and_whatever_the_order(logs: SimpleNamespace) -> None:
    facts = sort_mail(logs, 90, 0.3)
    once, again = run_trial(facts, RULES), run_trial(facts, RULES)
    assert once == again


def test_too_few_calls_are_not_tried(logs: SimpleNamespace) -> None:
    assert run_trial(sort_mail(logs, RULES.least_calls - 1, 0.0), RULES) == {}


def test_served_share_takes_the_surest_while_enough_are_right() -> None:
    sure = [Trial(hit=i < 9, sure=10 - i, odds=1.0, majority=False) for i in range(10)]
    assert served_share(sure, 0.9) == 1.0
    assert served_share(sure, 0.95) == 0.9
    assert served_share([Trial(True, 1.0, 0.5, False)] * 4, 0.9) == pytest.approx(0.5)
    assert served_share([], 0.9) == 0.0


def test_a_sketch_is_small_and_the_same_for_the_same_request(logs: SimpleNamespace) -> None:
    call = logs.make_call(1, [logs.message("user", "long " + " ".join(map(str, range(900))))], None)
    made = sketch(view(call.request))
    assert made == sketch(view(call.request))
    assert len(unpack(made)) <= MOST
    assert len(set(unpack(made).tolist())) == len(unpack(made))


def test_drift_is_seen_beyond_chance(logs: SimpleNamespace) -> None:
    def answered(labels: list[str]) -> list[Fact]:
        user = logs.message("user", "hello there")
        made = [logs.make_call(i, [user], logs.message("assistant", a)) for i, a in enumerate(labels)]
        return scan(made).facts

    assert estimate_drift(answered(["yes"] * 40 + ["no"] * 40)) > 0.9
    assert estimate_drift(answered(["yes", "no"] * 40)) < 0.1
    assert estimate_drift(answered(["yes"])) == 0.0
