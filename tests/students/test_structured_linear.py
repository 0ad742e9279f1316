"""The classifier at run time: log-probabilities that are ones, whatever features come."""

from __future__ import annotations

import numpy as np
import pytest

from rightsizer.students.structured_linear import Softmax

MODEL = Softmax(
    classes=["a", "b"],
    vocabulary={"x": 0, "y": 1},
    weights=np.array([[2.0, -2.0], [-1.0, 1.0]], np.float32),
    bias=np.array([0.1, -0.1], np.float32),
)


def test_log_probabilities_sum_to_one_and_follow_the_weights() -> None:
    logs = MODEL.log_probabilities(["x", "unknown"])
    assert float(np.exp(logs).sum()) == pytest.approx(1.0, abs=1e-5)
    assert logs[0] - logs[1] == pytest.approx(4.2, abs=1e-4)


def test_a_feature_counts_once_and_more_features_weigh_less_each() -> None:
    assert MODEL.log_probabilities(["x", "x"]) == pytest.approx(MODEL.log_probabilities(["x"]))
    both = MODEL.log_probabilities(["x", "y"])
    assert both[0] - both[1] == pytest.approx(0.2 + 2.0 / np.sqrt(2), abs=1e-4)


def test_nothing_known_leaves_the_bias() -> None:
    logs = MODEL.log_probabilities(["?"])
    assert logs[0] - logs[1] == pytest.approx(0.2, abs=1e-4)


def test_one_class_is_certain() -> None:
    only = Softmax(["a"], {}, np.zeros((0, 1), np.float32), np.zeros(1, np.float32))
    assert only.log_probabilities(["x"]) == pytest.approx([0.0])


def test_an_embedding_is_weighed_by_the_dense_part() -> None:
    dense = np.array([[1.0, -1.0]], np.float32)
    model = Softmax(MODEL.classes, MODEL.vocabulary, MODEL.weights, MODEL.bias, dense)
    logs = model.log_probabilities([], np.array([3.0], np.float32))
    assert logs[0] - logs[1] == pytest.approx(6.2, abs=1e-4)


def test_known_share() -> None:
    assert MODEL.known_share(["x", "q"]) == 0.5
    assert MODEL.known_share([]) == 1.0
