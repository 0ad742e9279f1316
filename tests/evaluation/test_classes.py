"""Answers that write are proved apart, under a stricter α, or are never served."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rightsizer.errors import InputError
from rightsizer.evaluation.certificate import issue, verify
from rightsizer.evaluation.classes import NEVER, decide_classes
from rightsizer.evaluation.evaluate import evaluate
from rightsizer.evaluation.gate import decide
from rightsizer.types import Score

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SETTINGS = {"alpha": 0.05, "delta": 0.1, "min_coverage": 0.05}


def mixed(make_scores, n_write: int, write_risk: float, n_read: int = 600) -> list[list[Score]]:
    """Calibration and test of a student that is 1 % wrong on reads and `write_risk` on writes."""
    splits = []
    for name, times in (("cal", 2), ("test", 1)):
        reads = make_scores(f"{name}-r", n_read * times, lambda c: 0.01, seed=1)
        writes = make_scores(f"{name}-ww", n_write * times, lambda c: write_risk, seed=2)
        splits.append(reads + [s.model_copy(update={"write": True}) for s in writes])
    return splits


def test_without_a_class_of_their_own_nothing_changes(make_scores) -> None:
    cal, test = mixed(make_scores, 200, 0.0)
    one = decide(cal, test, **SETTINGS)
    both = decide_classes(cal, test, **SETTINGS)
    assert (both.verdict, both.threshold, both.reason) == (one.verdict, one.threshold, one.reason)
    assert both.threshold_write is None


def test_clean_writes_pass_at_the_stricter_alpha(make_scores) -> None:
    decided = decide_classes(*mixed(make_scores, 800, 0.0), alpha_write=0.01, **SETTINGS)
    assert decided.verdict == "pass"
    assert decided.threshold is not None
    assert decided.threshold < 1
    assert decided.threshold_write is not None
    assert decided.threshold_write < 1


def test_writes_that_the_mean_would_hide_are_never_served(make_scores) -> None:
    cal, test = mixed(make_scores, 60, 0.15)
    assert decide(cal, test, **SETTINGS).verdict == "pass"
    decided = decide_classes(cal, test, alpha_write=0.01, **SETTINGS)
    assert decided.verdict == "pass"
    assert decided.threshold_write == NEVER
    assert "writes:" in decided.reason


def test_where_only_writes_are_answered_reads_are_never_served(make_scores) -> None:
    decided = decide_classes(*mixed(make_scores, 900, 0.0, n_read=0), alpha_write=0.01, **SETTINGS)
    assert decided.verdict == "pass"
    assert decided.threshold == NEVER
    assert decided.read is None


def test_a_class_unseen_in_the_test_split_is_never_served_and_costs_no_delta(make_scores) -> None:
    cal, test = mixed(make_scores, 0, 0.0)
    decided = decide_classes(cal, test, alpha_write=0.01, **SETTINGS)
    assert decided.threshold == decide(cal, test, **SETTINGS).threshold
    assert decided.threshold_write == NEVER


def test_alpha_of_writes_may_not_be_laxer(make_scores) -> None:
    with pytest.raises(InputError, match="alpha_write"):
        decide_classes(*mixed(make_scores, 10, 0.0), alpha_write=0.1, **SETTINGS)


def test_hardly_ever_are_bad_writes_certified(make_scores) -> None:
    """Writes are wrong just above their α: certified in at most δ of runs (and its noise)."""
    runs, wrong = 60, 0
    for seed in range(runs):
        cal = make_scores("c", 1500, lambda c: 0.021, seed=1000 + seed)
        test = make_scores("tt", 500, lambda c: 0.021, seed=2000 + seed)
        splits = [[s.model_copy(update={"write": True}) for s in part] for part in (cal, test)]
        wrong += decide_classes(*splits, alpha_write=0.02, **SETTINGS).threshold_write not in (None, NEVER)
    assert wrong <= 11  # P(Bin(60, 0.1) > 11) < 0.02


@pytest.fixture
def issued(make_scores, student, make_dataset):
    scores = mixed(make_scores, 800, 0.0)
    dataset = make_dataset(*scores)
    evaluation = evaluate(student, dataset, *scores, alpha_write=0.01, **SETTINGS)
    return issue(evaluation, student, dataset, scores[0] + scores[1], KEY)


def failing(certificate, evidence: bytes) -> list[str]:
    checks = verify(certificate, evidence, "a" * 64, KEY.public_key()).checks
    return [check.name for check in checks if not check.ok]


def test_a_certificate_of_both_classes_verifies(issued) -> None:
    assert failing(*issued) == []
    assert "answers that call a tool that writes served at confidence" in issued[0].statement


def test_a_changed_threshold_of_writes_is_found(issued) -> None:
    certificate, evidence = issued
    altered = certificate.model_copy(update={"threshold_write": 0.5})
    assert {"signature", "threshold of writes"} <= set(failing(altered, evidence))


def test_writes_passed_off_as_reads_are_found(issued) -> None:
    certificate, evidence = issued
    assert "evidence hash" in failing(certificate, evidence.replace(b', "write": true', b""))
