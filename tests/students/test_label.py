"""The label student at run time: scores, abstention, and the file it is kept in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rightsizer.errors import ArtifactError
from rightsizer.students.artifact import load_student, save
from rightsizer.students.features import TextFeatures
from rightsizer.students.label import LabelStudent, Linear
from rightsizer.students.novelty import EVIDENCE, Judge, Space
from rightsizer.testing.label_calls import answer, requests

WIDTH = len(EVIDENCE)


class Axes:
    """An encoder of three words: each is an axis; anything else is far from all."""

    identity = "axes"
    size = 4

    def encode(self, texts: list[str], *, progress: object = None) -> np.ndarray:
        words = ["yes", "no", "never"]
        return np.eye(4, dtype=np.float32)[[words.index(t) if t in words else 3 for t in texts]]


def student(floor: float = 0.0) -> LabelStudent:
    """Says what the word says; "never" is of the class of rare answers. Only nearness counts as known."""
    near = np.zeros(WIDTH + 1, np.float32)
    near[EVIDENCE.index("near_any")] = 4.0
    near[-1] = -2.0
    return LabelStudent(
        mask=None,
        answers=(answer("YES"), answer("NO"), None),
        features=TextFeatures({}, np.zeros(0, np.float32)),
        linear=Linear(
            np.zeros((0, 3), np.float16), 2 * np.eye(4, 3, dtype=np.float32), -np.ones(3, np.float32), 1.0
        ),
        space=Space(
            np.eye(3, 4, dtype=np.float32),
            np.arange(3, dtype=np.int32),
            np.eye(3, 4, dtype=np.float32),
            np.eye(4, dtype=np.float32),
        ),
        judge=Judge(np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32), near, near, floor),
        projection=np.zeros((0, 0), np.float16),
        encoder=Axes(),
    )


def test_answers_by_the_highest_score() -> None:
    assert [p.message for p in student().predict(requests(["yes", "no"]))] == [answer("YES"), answer("NO")]


def test_rare_answers_and_strangers_are_told_apart() -> None:
    never, stranger = student(floor=0.2).predict(requests(["never", "who are you"]))
    assert (never.message, stranger.message) == (None, None)
    assert "too rarely" in never.reason
    assert "unlike" in stranger.reason


def test_without_a_floor_a_stranger_is_only_doubtful() -> None:
    known, stranger = student().predict(requests(["yes", "who are you"]))
    assert stranger.message is not None
    assert stranger.confidence < known.confidence


def test_nothing_asked_nothing_answered() -> None:
    assert student().predict([]) == []


def test_file_and_back(tmp_path: Path) -> None:
    texts = ["yes", "no", "never", "other"]
    save(student(0.2).to_artifact(), tmp_path)
    again = load_student(tmp_path, encoder=Axes())  # type: ignore[arg-type]
    assert again.predict(requests(texts)) == student(0.2).predict(requests(texts))


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    whole = student().to_artifact()
    arrays = {k: v for k, v in whole.arrays.items() if k != "judge.right"}
    save(type(whole)(whole.kind, whole.params, arrays, whole.encoder), tmp_path)
    with pytest.raises(ArtifactError, match="sound 'label'"):
        load_student(tmp_path, encoder=Axes())  # type: ignore[arg-type]
