"""The ONNX graph computes what BERT's equations say, token by token."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rightsizer.errors import ArtifactError
from rightsizer.students.bert_onnx import build_onnx, check_supported, load_weights

HEADS = 3


def norm(x: np.ndarray, w: dict[str, np.ndarray], name: str) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return centred / spread * w[f"{name}.weight"] + w[f"{name}.bias"]


def dense(x: np.ndarray, w: dict[str, np.ndarray], name: str) -> np.ndarray:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def reference(w: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """BERT of one unpadded text, written from the paper: no batching, a loop over heads."""
    erf = np.vectorize(math.erf)
    e = "embeddings"
    x = w[f"{e}.word_embeddings.weight"][ids] + w[f"{e}.position_embeddings.weight"][: len(ids)]
    x = norm(x + w[f"{e}.token_type_embeddings.weight"][0], w, f"{e}.LayerNorm")
    for i in range(2):
        a = f"encoder.layer.{i}.attention"
        q, k, v = (dense(x, w, f"{a}.self.{n}") for n in ("query", "key", "value"))
        size = x.shape[1] // HEADS
        mixed = []
        for h in range(HEADS):
            part = slice(h * size, (h + 1) * size)
            scores = np.exp(q[:, part] @ k[:, part].T / math.sqrt(size))
            mixed.append(scores / scores.sum(1, keepdims=True) @ v[:, part])
        x = norm(dense(np.hstack(mixed), w, f"{a}.output.dense") + x, w, f"{a}.output.LayerNorm")
        inner = dense(x, w, f"encoder.layer.{i}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        x = norm(
            dense(inner, w, f"encoder.layer.{i}.output.dense") + x, w, f"encoder.layer.{i}.output.LayerNorm"
        )
    return x


def run(model: Path, ids: list[list[int]]) -> np.ndarray:
    import onnxruntime as ort

    width = max(map(len, ids))
    tokens = np.array([one + [9] * (width - len(one)) for one in ids], np.int64)  # padding must not matter
    mask = np.array([[1] * len(one) + [0] * (width - len(one)) for one in ids], np.int64)
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    found: Any = session.run(["last_hidden_state"], {"input_ids": tokens, "attention_mask": mask})[0]
    return np.asarray(found)


def test_graph_equals_the_equations(bert_folder: Path, tmp_path: Path) -> None:
    weights = load_weights(bert_folder / "model.safetensors")
    texts = [[2, 4, 5, 6, 3], [2, 16, 17, 18, 19, 20, 21, 3], [2, 3]]
    states = run(build_onnx(bert_folder, tmp_path / "m.onnx"), texts)
    for row, ids in zip(states, texts, strict=True):
        assert np.abs(row[: len(ids)] - reference(weights, ids)).max() < 2e-5


@pytest.mark.parametrize(
    "change", [{"model_type": "gpt2"}, {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}]
)
def test_other_architectures_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ArtifactError, match=next(iter(change))):
        check_supported({"model_type": "bert", **change}, Path("m"))


def test_a_missing_tensor_is_named(bert_folder: Path, tmp_path: Path) -> None:
    config = json.loads((bert_folder / "config.json").read_text())
    (bert_folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(ArtifactError, match=r"encoder\.layer\.2"):
        build_onnx(bert_folder, tmp_path / "m.onnx")


def test_missing_weights_say_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"model\.safetensors is missing") as caught:
        load_weights(tmp_path / "model.safetensors")
    assert "pickled" in caught.value.hint
