"""Students, datasets and scores with known truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rightsizer.types import Dataset, DatasetRow, Score, Student

Scores = list[Score]


@pytest.fixture
def student() -> Student:
    return Student(
        id="student_1",
        task_id="task_1",
        dataset_id="dataset_1",
        rung="linear",
        method="tfidf-linear",
        artifact="artifacts/student_1",
        artifact_hash="a" * 64,
    )


@pytest.fixture
def make_scores() -> Callable[..., Scores]:
    """Scores with uniform confidences and a chance of loss `risk(confidence)`; a share `answered` speaks."""

    def make(
        prefix: str,
        n: int,
        risk: Callable[[float], float],
        *,
        per_session: int = 1,
        seed: int = 0,
        answered: float = 1.0,
    ) -> Scores:
        rng = np.random.default_rng([seed, len(prefix), n])
        confidence, u, speaks = rng.random(n).tolist(), rng.random(n).tolist(), rng.random(n) < answered
        return [
            Score(
                call_id=f"{prefix}-call-{i}",
                group=f"{prefix}-session-{i // per_session}",
                confidence=confidence[i] if speaks[i] else 0.0,
                answered=bool(speaks[i]),
                loss=float(u[i] < risk(confidence[i])) if speaks[i] else 1.0,
            )
            for i in range(n)
        ]

    return make


@pytest.fixture
def make_dataset() -> Callable[[Scores, Scores], Dataset]:
    def make(calibration: Scores, test: Scores) -> Dataset:
        rows = [
            DatasetRow(call_id=s.call_id, group=s.group, split=split, digest="0")
            for split, scores in (("calibration", calibration), ("test", test))
            for s in scores
        ]
        train = DatasetRow(call_id="train-1", group="train", split="train", digest="0")
        return Dataset(id="dataset_1", task_id="task_1", content_hash="d" * 64, rows=(train, *rows))

    return make
