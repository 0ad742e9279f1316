"""Score a predictor on examples: the teacher's logged answer is the measure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rightsizer.errors import InputError
from rightsizer.scoring.agree import agree, answer
from rightsizer.scoring.tool_risk import writes
from rightsizer.types import Example, Message, Prediction, Predictor, Score, TaskPolicy

BATCH = 64


def score(
    predictor: Predictor,
    examples: Sequence[Example],
    policy: TaskPolicy,
    progress: Callable[[int, int], None] | None = None,
) -> list[Score]:
    """One `Score` per example, in order.

    A call that the student does not answer has ``answered=False`` and loss 1: it never counts as
    agreement, and it is never served. `progress(done, total)` is called after each batch.

    Raises:
        InputError: the predictor gave another number of predictions, or a confidence outside [0, 1].
    """
    scores: list[Score] = []
    for batch in _batches(examples):
        predictions = predictor.predict([example.prompt for example in batch])
        if len(predictions) != len(batch):
            raise InputError(f"the predictor gave {len(predictions)} predictions for {len(batch)} requests")
        scores += [_judge(e, p, policy) for e, p in zip(batch, predictions, strict=True)]
        if progress is not None:
            progress(len(scores), len(examples))
    return scores


def _batches(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), BATCH):
        yield examples[start : start + BATCH]


def _judge(example: Example, prediction: Prediction, policy: TaskPolicy) -> Score:
    if not (math.isfinite(prediction.confidence) and 0.0 <= prediction.confidence <= 1.0):
        raise InputError(f"confidence {prediction.confidence} of call {example.call_id} is outside [0, 1]")
    base = {"call_id": example.call_id, "group": example.group, "confidence": prediction.confidence}
    if prediction.message is None:
        return Score(**base, answered=False, loss=1.0, reason=prediction.reason or "abstained")
    judged = _agreement(example, prediction.message, policy)
    write = writes(prediction.message, example.prompt.tools, policy.tool_risk)
    return Score(**base, answered=True, loss=judged[0], reason=judged[1], write=write)


def _agreement(example: Example, message: Message, policy: TaskPolicy) -> tuple[float, str]:
    judged = agree(
        example.completion, message, ignore_fields=policy.ignore_fields, tools=example.prompt.tools
    )
    return float(judged.loss), judged.reason


def majority_agreement(train: Sequence[Example], test: Sequence[Example], policy: TaskPolicy) -> float:
    """Share of `test` on which the commonest answer of `train` agrees: what no model at all would reach.

    0.0 where either is empty. Ties go to the answer that comes first.
    """
    if not train or not test:
        return 0.0

    def key(example: Example) -> str:
        return answer(example.completion, ignore_fields=policy.ignore_fields, tools=example.prompt.tools).key

    commonest = Counter(map(key, train)).most_common(1)[0][0]
    return sum(key(example) == commonest for example in test) / len(test)
