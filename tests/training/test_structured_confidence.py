"""The confidence: its order is that of being right, and no row is judged by a student that saw it."""

from __future__ import annotations

import numpy as np
import pytest

from rightsizer.students.structured import Raw, StructuredStudent
from rightsizer.students.structured_linear import Softmax
from rightsizer.training.structured_confidence import (
    Draft,
    coverage_at,
    cross_fit,
    field_matches,
    fit_confidence,
    fold_of,
)
from rightsizer.training.structured_fit import Fitter
from rightsizer.training.structured_rows import Row, read_rows
from rightsizer.types import Example, Message, Request, TextPart


def draft(signal: float, right: bool) -> Draft:
    return Draft(0, Raw("json", {}, {"sum": signal, "s": signal}), right, {})


def drafts(n: int = 400) -> list[Draft]:
    """Rows whose chance of being right rises with their signal."""
    rng = np.random.default_rng(0)
    signals = rng.normal(size=n)
    return [draft(float(s), bool(rng.random() < 1 / (1 + np.exp(-3 * s)))) for s in signals]


def test_confidence_orders_by_the_chance_of_being_right() -> None:
    found = fit_confidence(drafts())
    assert found is not None
    values = [found.of({"s": s, "sum": s}) for s in (-2.0, 0.0, 2.0)]
    assert values == sorted(values)
    assert values[0] < 0.1 < 0.9 < values[2]


@pytest.mark.parametrize("right", [True, False])
def test_without_contrast_there_is_no_confidence(right: bool) -> None:
    assert fit_confidence([draft(0.1 * i, right) for i in range(50)]) is None
    assert fit_confidence([draft(1.0, True), draft(0.0, False)]) is None


def test_coverage_is_the_largest_share_within_the_error() -> None:
    rows = [*[draft(2.0, True)] * 19, draft(1.0, False), *[draft(0.0, False)] * 20]
    assert coverage_at(rows, None, 80, 0.05) == pytest.approx(20 / 80)
    assert coverage_at(rows, None, 80, 0.0) == pytest.approx(19 / 80)
    assert coverage_at([], None, 0, 0.05) == 0.0


def test_absent_and_null_differ_and_numbers_are_numbers() -> None:
    assert field_matches({("a",): 1, ("b",): None}, {("a",): 1.0}) == {"a": True, "b": False}
    assert field_matches({("a", "c"): "x"}, {("a", "c"): "y"}) == {"a.c": False}


def test_groups_never_straddle_folds() -> None:
    folds = {fold_of(f"s{i}", 3, 0) for i in range(50)}
    assert folds == {0, 1, 2}
    assert fold_of("s1", 3, 0) == fold_of("s1", 3, 0)


class Spy(Fitter):
    """Remembers which rows each fit used; its students decline everything."""

    used: list[set[int]]

    def fit(self, use: object) -> StructuredStudent:
        self.used.append(set(use))  # type: ignore[call-overload]
        nothing = np.zeros((0, 1), np.float32)
        router = Softmax(["reply"], {}, nothing, nothing.sum(axis=0))
        return StructuredStudent(None, router, {}, {}, frozenset())


def row(i: int) -> Row:
    text = Message(role="user", parts=(TextPart(content=f"t {i}"),))
    example = Example(
        call_id=str(i), session_id=str(i), group=f"s{i % 7}", split="train",
        prompt=Request(messages=(text,)), completion=text,
    )  # fmt: skip
    return read_rows([example], None)[0]


def test_every_fold_is_fitted_without_its_rows() -> None:
    rows = [row(i) for i in range(40)]
    spy = Spy(rows, {}, {}, {}, None)
    object.__setattr__(spy, "used", [])
    assert cross_fit(spy, 3, ()) == []
    for use in spy.used:
        left_out = {r.group for i, r in enumerate(rows) if i not in use}
        assert left_out
        assert left_out.isdisjoint(rows[i].group for i in use)
    assert sum(len(rows) - len(use) for use in spy.used) == len(rows)
