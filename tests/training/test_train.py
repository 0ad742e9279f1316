"""The way into training: what it refuses, and that every method in its table can be reached."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from rightsizer.errors import InputError
from rightsizer.testing.label_calls import label_examples
from rightsizer.training.train import METHODS, train
from rightsizer.types import Candidate, Task

TASK = Task(id="task_1", name="intents", output="label")
MAJORITY = Candidate(rung="cache", method="majority")


def test_other_splits_are_refused(tmp_path: Path) -> None:
    rows = [*label_examples(10), *label_examples(1, split="calibration")]
    with pytest.raises(InputError, match="of the calibration split"):
        train(MAJORITY, TASK, rows, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_examples(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training examples"):
        train(MAJORITY, TASK, [], tmp_path)


def test_unknown_method_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'magic'") as caught:
        train(Candidate(rung="linear", method="magic"), TASK, label_examples(5), tmp_path)
    assert all(name in caught.value.hint for name in METHODS)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_is_there(method: str) -> None:
    module, _, name = METHODS[method].partition(":")
    assert callable(getattr(import_module(module), name))
