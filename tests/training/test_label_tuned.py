"""A label student with an encoder of its own: learns, refuses strangers, and needs no torch to serve."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rightsizer.errors import InputError
from rightsizer.students.artifact import load_student, read
from rightsizer.students.encoder import Encoder
from rightsizer.testing.label_calls import FOREIGN, label_examples, labelled, requests
from rightsizer.training import strangers
from rightsizer.training.train import Trained, train
from rightsizer.types import Candidate, Example, Task

TASK = Task(id="task_1", name="intents", output="label")
PARAMS = {"epochs": 4, "lr": 3e-3, "batch": 16, "dropout": 0.0, "frozen_layers": 1}


def fit(rows: list[Example], out: Path, encoder: Encoder | None, **params: object) -> Trained:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    pytest.importorskip("transformers", reason="the extra 'train' is not installed")
    candidate = Candidate(rung="encoder", method="minilm-tuned", params={**PARAMS, **params})
    return train(candidate, TASK, rows, out, encoder=encoder)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_learns_refuses_strangers_and_carries_its_encoder(
    tmp_path: Path, tiny_encoder: Encoder, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if precision == "int8":  # a small task, and an encoder to which all texts are alike, meet some too
        for name, value in (("FROM_CALLS", 0), ("LONELY", 0.9), ("WORTH_TEACHING", 1)):
            monkeypatch.setattr(strangers, name, value)
    trained = fit(label_examples(320), tmp_path / "s", tiny_encoder, precision=precision)
    assert trained.recipe["n_strangers"] > 20
    assert (trained.recipe["n_taught"] > 10) == (precision == "int8")
    assert read(tmp_path / "s").encoder is None  # all it needs lies in its folder
    student = load_student(tmp_path / "s")
    test = label_examples(160, seed=1, split="test")
    found = student.predict([e.prompt for e in test])
    served = [(p.message.text, e.completion.text) for p, e in zip(found, test, strict=True) if p.message]
    assert len(served) >= 0.75 * len(test)
    assert sum(a == b for a, b in served) >= 0.97 * len(served)
    foreign = student.predict(requests(FOREIGN))
    assert sum(p.message is not None for p in foreign) <= 1


def test_serves_without_torch(tmp_path: Path, tiny_encoder: Encoder) -> None:
    fit(label_examples(200), tmp_path / "s", tiny_encoder, epochs=1)
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from pathlib import Path\n"
        "from rightsizer.students.artifact import load_student\n"
        "from rightsizer.students.encoder import load_encoder\n"
        "from rightsizer.testing.label_calls import requests\n"
        "student = load_student(Path(sys.argv[1]), encoder=load_encoder(Path(sys.argv[2])))\n"
        "print(len(student.predict(requests(['where is my lamp']))))"
    )
    folder = tiny_encoder.files.folder
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s"), str(folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "1"


def test_two_answers_are_enough(tmp_path: Path, tiny_encoder: Encoder) -> None:
    """No class can be hidden from two: the judge goes without strangers."""
    kept = ("track", "cancel")
    rows = [e for e in label_examples(320) if any(k in e.completion.text for k in kept)]
    trained = fit(rows, tmp_path / "s", tiny_encoder, epochs=2)
    assert trained.recipe["n_strangers"] == 0
    student = load_student(tmp_path / "s", encoder=tiny_encoder)
    assert student.predict([rows[0].prompt])[0].message is not None


def test_open_answers_are_not_tuned_for(tmp_path: Path, tiny_encoder: Encoder) -> None:
    rows = [labelled(f"sentence {i}", f"answer {i}", name=f"open-0-{i}", group=i) for i in range(60)]
    assert "open answers" in fit(rows, tmp_path / "s", tiny_encoder).notes[0]


def test_no_weights_to_tune(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="weights can be tuned"):
        fit(label_examples(80), tmp_path / "s", None)
