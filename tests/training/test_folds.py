"""Folds keep groups whole and shares even."""

from __future__ import annotations

import numpy as np

from rightsizer.training.folds import deal_folds


def test_groups_stay_whole_and_labels_even() -> None:
    groups = [f"g{i // 2}" for i in range(600)]
    labels = np.array([i // 2 % 4 for i in range(600)], np.int32)
    folds = deal_folds(groups, labels, 3)
    assert all(len(set(folds[np.array(groups) == g])) == 1 for g in set(groups))
    for fold in range(3):
        shares = np.bincount(labels[folds == fold], minlength=4)
        assert shares.max() - shares.min() <= 4
        assert 180 <= shares.sum() <= 220


def test_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    groups = [f"g{i}" for i in range(50)]
    labels = np.zeros(50, np.int32)
    folds = deal_folds(groups, labels, 5, seed=1)
    assert np.array_equal(deal_folds(groups[::-1], labels, 5, seed=1)[::-1], folds)
    assert not np.array_equal(deal_folds(groups, labels, 5, seed=2), folds)


def test_fewer_groups_than_folds() -> None:
    assert set(deal_folds(["a", "a", "b"], np.zeros(3, np.int32), 5)) == {0, 1}
