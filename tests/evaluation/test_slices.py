"""Agreement by slice, and the floor that takes a pass back."""

from __future__ import annotations

import pytest

from rightsizer.evaluation.evaluate import evaluate
from rightsizer.evaluation.slices import below_floor, slice_scores, with_slices
from rightsizer.types import Example, Message, Request, Score, Slice, TaskPolicy, TextPart


def example(i: int, label: str, said: str) -> Example:
    message = Message(role="user", parts=(TextPart(content=said),))
    answer = Message(role="assistant", parts=(TextPart(content=label),))
    return Example(
        call_id=str(i), session_id=str(i), group=str(i), split="test",
        prompt=Request(messages=(message,)), completion=answer,
        outcome={"resolved": i % 2 == 0, "note": None},
    )  # fmt: skip


def score(i: int, loss: float, confidence: float = 0.9) -> Score:
    return Score(call_id=str(i), group=str(i), confidence=confidence, answered=True, loss=loss)


@pytest.fixture
def slices() -> tuple[Slice, ...]:
    """60 Chinese calls of which half disagree, 60 English ones that all agree but are served only half."""
    examples = [example(i, "a", "请帮我退款") for i in range(60)]
    examples += [example(i, "b", "where is it") for i in range(60, 120)]
    scores = [score(i, float(i % 2)) for i in range(60)]
    scores += [score(i, 0.0, 0.9 if i % 2 else 0.1) for i in range(60, 120)]
    return slice_scores(examples, scores, 0.5, "label", TaskPolicy())


def test_counts_by_language_label_and_outcome(slices) -> None:
    rows = {(s.by, s.value): (s.calls, s.served, s.agreed) for s in slices}
    assert rows["language", "Chinese"] == (60, 60, 30)
    assert rows["language", "not Chinese"] == (60, 30, 30)
    assert rows["label", "b"] == (60, 30, 30)
    assert rows["outcome resolved", "true"][0] == 60


def test_the_interval_is_exact_and_contains_what_was_seen(slices) -> None:
    low = next(s for s in slices if s.value == "Chinese")
    assert low.agreement_low == pytest.approx(0.3681, abs=1e-3)  # Clopper–Pearson, 30 of 60
    assert low.agreement_high == pytest.approx(0.6319, abs=1e-3)


def test_a_kind_with_one_value_tells_nothing(slices) -> None:
    assert "step" not in {s.by for s in slices}


def test_the_floor_names_only_what_is_certainly_below_it(slices) -> None:
    assert {s.value for s in below_floor(slices, 0.8)} == {"Chinese", "a", "false"}
    assert below_floor(slices, 0.5) == []
    assert below_floor(slices, 0.0) == []


def test_too_few_served_calls_never_refuse() -> None:
    few = Slice(by="label", value="x", calls=19, served=19, agreed=0, agreement_low=0, agreement_high=0.2)
    assert below_floor([few], 0.9) == []


def test_the_floor_takes_a_pass_back_and_says_where(slices, student, make_scores, make_dataset) -> None:
    scores = [make_scores(p, n, lambda c: 0.005) for p, n in (("cal", 900), ("test", 300))]
    passed = evaluate(student, make_dataset(*scores), *scores, alpha=0.05, delta=0.1)
    assert passed.verdict == "pass"
    assert with_slices(passed, slices, 0.0).verdict == "pass"
    refused = with_slices(passed, slices, 0.8)
    assert (refused.verdict, refused.threshold, refused.coverage) == ("fail", None, 0.0)
    assert "30 of 60" in refused.reason
