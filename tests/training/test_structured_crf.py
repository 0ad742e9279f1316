"""The tagger's training: the gradient is the likelihood's, and what is learned is what was taught."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rightsizer.training.structured_crf import (
    Packed,
    _objective,
    allowed,
    label_set,
    train_tagger,
    vocabulary_of,
)

LABELS = label_set(["x"])


def some(seed: int, size: int = 0) -> tuple[list[list[list[int]]], list[list[int]], list[np.ndarray] | None]:
    """Random texts of different lengths with permitted labels, and vectors where `size` is not 0."""
    rng = np.random.default_rng(seed)
    texts, gold = [], []
    for length in (3, 1, 5, 3):
        texts.append([sorted(set(rng.integers(0, 4, 2).tolist())) for _ in range(length)])
        path = [int(rng.integers(0, 2))]
        for _ in range(length - 1):
            path.append(int(rng.choice([0, 1] if path[-1] == 0 else [0, 1, 2])))
        gold.append(path)
    vectors = [rng.normal(size=(len(t), size)) for t in texts] if size else None
    return texts, gold, vectors


def test_labels_and_the_transitions_bio_permits() -> None:
    labels = label_set(["x", "y"])
    assert labels == ["O", "B-x", "I-x", "B-y", "I-y"]
    step, first = allowed(labels)
    assert first.tolist() == [True, True, False, True, False]
    assert [labels[i] for i in np.flatnonzero(step[:, 2])] == ["B-x", "I-x"]


def test_features_seen_once_are_left_out() -> None:
    assert vocabulary_of([[["a", "b"], ["a"]], [["c"]]]) == {"a": 0}


@pytest.mark.parametrize("size", [0, 2])
def test_the_objective_is_the_negative_log_likelihood(size: int) -> None:
    texts, gold, vectors = some(1, size)
    packed = Packed.build(texts, gold, 4, vectors)
    rng = np.random.default_rng(2)
    flat = rng.normal(size=(size + 4 + 3 + 2) * 3) * 0.5
    value, _ = _objective(flat, packed, 4, allowed(LABELS), 0.0)
    dense, weights, step, first, last = np.split(flat, np.cumsum([size * 3, 12, 9, 3]))
    dense, weights, step = dense.reshape(size, 3), weights.reshape(4, 3), step.reshape(3, 3)

    def total(i: int, path: tuple[int, ...]) -> float:
        score = first[path[0]] + last[path[-1]] + sum(step[a, b] for a, b in itertools.pairwise(path))
        for t, label in enumerate(path):
            score += weights[texts[i][t], label].sum()
            if vectors is not None:
                score += vectors[i][t] @ dense[:, label]
        return float(score)

    expected = 0.0
    for i, path in enumerate(gold):
        permitted = [
            p
            for p in itertools.product(range(3), repeat=len(path))
            if p[0] != 2 and not any(a == 0 and b == 2 for a, b in itertools.pairwise(p))
        ]
        expected += float(np.logaddexp.reduce([total(i, p) for p in permitted])) - total(i, tuple(path))
    assert value == pytest.approx(expected, rel=1e-4)


def test_the_gradient_is_that_of_the_objective() -> None:
    texts, gold, vectors = some(3, 2)
    packed = Packed.build(texts, gold, 4, vectors)
    masks = allowed(LABELS)
    flat = np.random.default_rng(4).normal(size=(2 + 4 + 3 + 2) * 3) * 0.5
    _, gradient = _objective(flat, packed, 4, masks, 0.7)
    for i in range(len(flat)):
        step = np.zeros_like(flat)
        step[i] = 1e-3
        above, below = (_objective(flat + s, packed, 4, masks, 0.7)[0] for s in (step, -step))
        assert gradient[i] == pytest.approx((above - below) / 2e-3, abs=2e-3)


def test_a_learnable_pattern_is_learned() -> None:
    words = ["table", "for", "two", "three", "at", "noon"]
    vocabulary = {w: i for i, w in enumerate(words)}
    texts = [[[0], [1], [2]], [[0], [1], [3]], [[4], [5]], [[0], [1], [3], [4], [5]]] * 5
    gold = [[0, 0, 1], [0, 0, 1], [0, 0], [0, 0, 1, 0, 0]] * 5
    tagger = train_tagger(texts, gold, LABELS, vocabulary)
    found = tagger.tag([["for"], ["two"], ["at"]])
    assert [(s.first, s.last) for s in found.spans] == [(1, 2)]
    assert found.log_probability > np.log(0.5)


def test_vectors_teach_what_words_do_not() -> None:
    rng = np.random.default_rng(5)
    texts = [[[0], [0]] for _ in range(60)]
    vectors = [rng.normal(size=(2, 3)) for _ in texts]
    gold = [[int(v[t, 0] > 0) for t in range(2)] for v in vectors]
    tagger = train_tagger(texts, gold, LABELS, {"w": 0}, vectors=vectors)
    seen = tagger.tag([["w"], ["w"]], np.array([[2.0, 0, 0], [-2.0, 0, 0]], np.float32))
    assert [(s.first, s.last) for s in seen.spans] == [(0, 1)]


def test_training_is_deterministic_and_bears_texts_without_tokens() -> None:
    texts, gold, _ = some(6)
    a = train_tagger([*texts, []], [*gold, []], LABELS, {w: i for i, w in enumerate("abcd")})
    b = train_tagger([*texts, []], [*gold, []], LABELS, {w: i for i, w in enumerate("abcd")})
    assert np.array_equal(a.emission, b.emission)
    assert train_tagger([[]], [[]], LABELS, {"a": 0}).tag([["a"]]).spans == []
