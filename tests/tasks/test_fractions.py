"""Where groups are few, more of them calibrate: up to half, and only where that can bring a proof."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rightsizer.tasks.groups import fractions_for, split_of

USUAL = (0.6, 0.25, 0.15)
LEAST = 54.6  # alpha 5 %, delta 6 %


@pytest.mark.parametrize("n", [350, 5000])
def test_enough_groups_keep_the_usual_shares(n):
    assert fractions_for(n, USUAL, least_clean=LEAST) == pytest.approx(USUAL)


def test_few_groups_calibrate_on_what_a_proof_wants():
    train, calibration, test = fractions_for(250, USUAL, least_clean=LEAST)
    assert calibration * 250 == pytest.approx(1.6 * LEAST)
    assert test == pytest.approx(0.15)
    assert train + calibration + test == pytest.approx(1.0)


def test_never_more_than_half():
    assert fractions_for(148, USUAL, least_clean=LEAST) == pytest.approx((0.35, 0.5, 0.15))


@pytest.mark.parametrize("n", [0, 20, 100])
def test_out_of_reach_keeps_the_usual_shares(n):
    assert fractions_for(n, USUAL, least_clean=LEAST) == pytest.approx(USUAL)


def test_nothing_is_asked_for_by_default():
    assert fractions_for(148, USUAL, least_clean=0.0) == pytest.approx(USUAL)


def test_no_group_enters_or_leaves_the_test_part():
    names = [f"s{i}" for i in range(500)]
    few = fractions_for(148, USUAL, least_clean=LEAST)
    assert {n for n in names if split_of(n, USUAL, 0) == "test"} == {
        n for n in names if split_of(n, few, 0) == "test"
    }


def test_a_bound_on_calibration_tells_in_steps() -> None:
    shares = (0.6, 0.25, 0.15)
    assert fractions_for(8000, shares, most_calibration=2000) == pytest.approx(shares)
    assert fractions_for(50, shares) == pytest.approx(shares)
    found = [fractions_for(n, shares, most_calibration=2000) for n in range(8000, 40_000, 100)]
    for n, (train, calibration, test) in zip(range(8000, 40_000, 100), found, strict=True):
        assert train + calibration + test == pytest.approx(1)
        assert calibration / test == pytest.approx(5 / 3)
        assert 1999 <= n * calibration <= 2501
    assert all(a <= b + 1e-12 for (a, *_), (b, *_) in pairwise(found))
    assert len({f"{train:.6f}" for train, *_ in found}) == 8
