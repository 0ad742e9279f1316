"""Scoring a predictor on examples."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rightsizer.errors import InputError
from rightsizer.evaluation.run import BATCH, majority_agreement, score
from rightsizer.types import Example, Message, Prediction, Request, TaskPolicy, TextPart


def say(content: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=content),))


def example(i: int, reply: str, split: str = "test") -> Example:
    request = Request(messages=(Message(role="user", parts=(TextPart(content=str(i)),)),))
    return Example(
        call_id=f"c{i}", session_id=f"s{i}", group=f"g{i}", split=split, prompt=request, completion=say(reply)
    )


class Fixed:
    """Answers every request with one prediction, and keeps the sizes of its batches."""

    def __init__(self, prediction: Prediction, short: int = 0) -> None:
        self.prediction, self.short, self.batches = prediction, short, []

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        self.batches.append(len(requests))
        return [self.prediction] * (len(requests) - self.short)


def test_scores_come_in_order_with_the_first_difference():
    examples = [example(0, "yes"), example(1, "no")]
    first, second = score(Fixed(Prediction(message=say("yes"), confidence=0.9)), examples, TaskPolicy())
    assert (first.call_id, first.group, first.loss, first.confidence) == ("c0", "g0", 0.0, 0.9)
    assert (second.loss, second.reason, second.answered) == (1.0, "text differs", True)


def test_abstaining_is_no_agreement():
    (only,) = score(Fixed(Prediction(message=None, reason="novel")), [example(0, "yes")], TaskPolicy())
    assert (only.answered, only.loss, only.reason) == (False, 1.0, "novel")


def test_policy_says_what_counts():
    examples = [example(0, '{"a": 1, "note": "x"}')]
    predictor = Fixed(Prediction(message=say('{"a": 1, "note": "y"}'), confidence=1.0))
    assert score(predictor, examples, TaskPolicy())[0].loss == 1.0
    assert score(predictor, examples, TaskPolicy(ignore_fields=("note",)))[0].loss == 0.0


def test_batches_and_progress():
    seen: list[tuple[int, int]] = []
    predictor = Fixed(Prediction(message=say("yes"), confidence=1.0))
    n = BATCH + 5
    score(predictor, [example(i, "yes") for i in range(n)], TaskPolicy(), lambda d, t: seen.append((d, t)))
    assert predictor.batches == [BATCH, 5]
    assert seen == [(BATCH, n), (n, n)]


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan"), float("inf")])
def test_confidence_outside_the_unit_interval_is_refused(confidence):
    with pytest.raises(InputError, match="outside"):
        score(Fixed(Prediction(message=say("yes"), confidence=confidence)), [example(0, "yes")], TaskPolicy())


def test_another_number_of_predictions_is_refused():
    with pytest.raises(InputError, match="0 predictions for 1"):
        score(Fixed(Prediction(message=None), short=1), [example(0, "yes")], TaskPolicy())


def test_majority_is_the_commonest_answer_of_training():
    train = [example(i, a) for i, a in enumerate(["a", "b", "b ", "c"])]
    test = [example(i, a) for i, a in enumerate(["b", "a", "b", "b"])]
    assert majority_agreement(train, test, TaskPolicy()) == 0.75
    assert majority_agreement([], test, TaskPolicy()) == 0.0
    assert majority_agreement(train, [], TaskPolicy()) == 0.0
