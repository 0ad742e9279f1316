"""The tagger's best labelling and its probabilities equal those found by trying every labelling."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rightsizer.students.structured_tagger import Tagger

LABELS = ["O", "B-x", "I-x"]


def tagger(seed: int, dense: bool = False) -> Tagger:
    rng = np.random.default_rng(seed)

    def normal(*size: int) -> np.ndarray:
        return rng.normal(size=size).astype(np.float32) * 1.5

    transition, start = normal(3, 3), normal(3)
    transition[0, 2] = start[2] = -1e4  # I-x follows neither O nor the beginning
    return Tagger(
        labels=LABELS,
        vocabulary={"a": 0, "b": 1, "c": 2},
        emission=normal(3, 3),
        transition=transition,
        start=start,
        end=normal(3),
        dense=normal(2, 3) if dense else None,
    )


def brute(t: Tagger, scores: np.ndarray) -> tuple[tuple[int, ...], float, float, np.ndarray]:
    """(best path, its score, log Z, posteriors) by enumeration."""
    n = len(scores)
    found = {}
    for path in itertools.product(range(3), repeat=n):
        total = t.start[path[0]] + t.end[path[-1]] + sum(scores[i, y] for i, y in enumerate(path))
        found[path] = float(total + sum(t.transition[a, b] for a, b in itertools.pairwise(path)))
    best = max(found, key=lambda p: found[p])
    log_z = float(np.logaddexp.reduce(list(found.values())))
    posterior = np.zeros((n, 3))
    for path, score in found.items():
        for i, y in enumerate(path):
            posterior[i, y] += math.exp(score - log_z)
    return best, found[best], log_z, posterior


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("length", [1, 2, 5])
def test_labelling_and_probabilities_are_exact(seed: int, length: int) -> None:
    model = tagger(seed)
    rng = np.random.default_rng(seed + 100)
    features = [[str(x) for x in rng.choice(list("abcz"), size=2, replace=False)] for _ in range(length)]
    best, score, log_z, posterior = brute(model, model.scores(features))
    found = model.tag(features)
    assert found.log_probability == pytest.approx(score - log_z, abs=1e-3)
    assert found.min_marginal == pytest.approx(min(posterior[i, y] for i, y in enumerate(best)), abs=1e-3)
    starts = [i for i, y in enumerate(best) if LABELS[y] == "B-x"]
    assert [s.first for s in found.spans] == starts


def test_spans_join_b_and_the_i_after_it() -> None:
    model = Tagger(
        labels=LABELS,
        vocabulary={"o": 0, "b": 1, "i": 2},
        emission=np.eye(3, dtype=np.float32) * 20,
        transition=np.zeros((3, 3), np.float32),
        start=np.zeros(3, np.float32),
        end=np.zeros(3, np.float32),
    )
    found = model.tag([["b"], ["i"], ["b"], ["o"], ["b"]])
    assert [(s.field, s.first, s.last) for s in found.spans] == [("x", 0, 2), ("x", 2, 3), ("x", 4, 5)]
    assert found.log_probability == pytest.approx(0.0, abs=1e-3)


def test_token_vectors_count_where_they_are_weighed() -> None:
    model = tagger(3, dense=True)
    vectors = np.array([[5.0, 0.0], [0.0, 5.0]], np.float32)
    plain, seen = model.scores([["a"], ["b"]]), model.scores([["a"], ["b"]], vectors)
    assert model.dense is not None
    assert seen - plain == pytest.approx(vectors @ model.dense)


def test_an_empty_text_has_the_empty_labelling_for_sure() -> None:
    found = tagger(0).tag([])
    assert (found.spans, found.log_probability, found.min_marginal) == ([], 0.0, 1.0)


def test_a_long_text_does_not_overflow() -> None:
    found = tagger(1).tag([["a", "b", "c"]] * 4000)
    assert math.isfinite(found.log_probability)
    assert found.log_probability <= 1e-3
