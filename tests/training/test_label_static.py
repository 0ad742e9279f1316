"""A static label student is distilled from the encoder, and serves without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rightsizer.errors import InputError
from rightsizer.students.artifact import load_student, read
from rightsizer.students.encoder import Encoder
from rightsizer.testing.label_calls import FOREIGN, label_examples, requests
from rightsizer.training.static_distil import distil_static
from rightsizer.training.train import train
from rightsizer.types import Candidate, Task

TASK = Task(id="task_1", name="intents", output="label")
CANDIDATE = Candidate(rung="linear", method="static-linear")


@pytest.mark.parametrize("chinese", [False, True], ids=["english", "chinese"])
def test_learns_and_refuses_strangers(tmp_path: Path, tiny_encoder: Encoder, chinese: bool) -> None:
    train(CANDIDATE, TASK, label_examples(320, chinese=chinese), tmp_path / "s", encoder=tiny_encoder)
    assert read(tmp_path / "s").encoder is None
    test = label_examples(160, seed=1, split="test", chinese=chinese)
    student = load_student(tmp_path / "s")
    found = student.predict([e.prompt for e in test])
    right = [
        p.message is not None and p.message.text == e.completion.text
        for p, e in zip(found, test, strict=True)
    ]
    assert np.mean(right) >= 0.85
    assert sum(p.message is not None for p in student.predict(requests(FOREIGN))) <= 1


def test_serves_without_onnx_runtime_or_tokenizers(tmp_path: Path, tiny_encoder: Encoder) -> None:
    train(CANDIDATE, TASK, label_examples(160), tmp_path / "s", encoder=tiny_encoder)
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['onnxruntime', 'onnx', 'tokenizers', 'sklearn']))\n"
        "from pathlib import Path\n"
        "from rightsizer.students.artifact import load_student\n"
        "from rightsizer.testing.label_calls import requests\n"
        "print(load_student(Path(sys.argv[1])).predict(requests(['where is my lamp']))[0].message.text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s")], capture_output=True, text=True, check=True
    )
    assert "track_parcel" in done.stdout


def test_frequent_pieces_weigh_less(tiny_encoder: Encoder) -> None:
    often, seldom = (distil_static(tiny_encoder, [text] * 50) for text in ("where is my parcel", "a b c d"))
    where = often.pieces.index("where")
    size = [np.linalg.norm(s.table[where] * s.scale[where]) for s in (often, seldom)]
    assert 0 < size[0] < 0.5 * size[1]
    assert distil_static(tiny_encoder, ["where is my parcel"] * 50).identity == often.identity
    special = often.pieces.index("[CLS]")
    assert not (often.table[special] * often.scale[special]).any()


def test_without_an_encoder_there_is_nothing_to_distil(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sentence encoder"):
        train(CANDIDATE, TASK, label_examples(80), tmp_path / "s")
