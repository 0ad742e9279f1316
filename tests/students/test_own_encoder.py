"""An encoder in a student's folder gives the vectors of its weights, as exactly as it was exported."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rightsizer.errors import ArtifactError
from rightsizer.students.artifact import Artifact, read, save
from rightsizer.students.encoder import load_encoder
from rightsizer.students.own_encoder import (
    MODEL,
    encoder_of,
    export_encoder,
    open_encoder,
    pack_encoder,
    untuned_of,
)
from rightsizer.testing.tiny_bert import tiny_weights

TEXTS = ["where is my parcel", "a b c", "包裹"]


def packed(folder: Path, precision: str, seed: int = 0) -> tuple[dict[str, object], dict[str, bytes]]:
    model = export_encoder(folder, tiny_weights(seed), precision)
    tokenizer = (folder / "tokenizer.json").read_bytes()
    return pack_encoder(model, tokenizer, size=12, max_tokens=16, pooling="mean", precision=precision)


def test_untouched_weights_give_the_shared_encoders_vectors(bert_folder: Path) -> None:
    shared = load_encoder(bert_folder)
    assert shared is not None
    own = open_encoder(*packed(bert_folder, "fp32"))
    assert np.allclose(own.encode(TEXTS), shared.encode(TEXTS), atol=1e-6)
    other = open_encoder(*packed(bert_folder, "fp32", seed=1))
    assert np.abs(other.encode(TEXTS) - shared.encode(TEXTS)).max() > 0.01
    assert other.identity != own.identity


def test_int8_is_another_smaller_encoder_and_batches_do_not_matter(bert_folder: Path) -> None:
    exact, small = (packed(bert_folder, p) for p in ("fp32", "int8"))
    own = open_encoder(*small)
    assert own.identity != open_encoder(*exact).identity
    together = own.encode(TEXTS)
    assert np.allclose(together, open_encoder(*exact).encode(TEXTS), atol=0.2)
    alone = open_encoder(*small).encode(TEXTS[:1])
    assert np.array_equal(alone[0], together[0])


def test_it_travels_in_the_artifact(bert_folder: Path, tmp_path: Path) -> None:
    params, blobs = packed(bert_folder, "fp32")
    save(Artifact("label", {"own_encoder": params}, blobs=blobs), tmp_path / "s")
    found = read(tmp_path / "s")
    own = encoder_of(found, None)
    assert own is not None
    assert own.identity == open_encoder(params, blobs).identity


def test_without_an_encoder_of_its_own_the_shared_one_is_used_if_named(bert_folder: Path) -> None:
    shared = load_encoder(bert_folder)
    assert shared is not None
    named = Artifact("label", {}, encoder=shared.identity)
    assert encoder_of(named, shared) is shared
    assert encoder_of(dataclasses.replace(named, encoder=None), shared) is None


def test_a_missing_part_is_noticed(bert_folder: Path) -> None:
    params, blobs = packed(bert_folder, "fp32")
    with pytest.raises(KeyError):
        open_encoder(params, {MODEL: blobs[MODEL]})


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("same_layers", [0, 1, 2])
def test_a_tuned_model_also_says_what_it_said_untuned(
    bert_folder: Path, precision: str, same_layers: int
) -> None:
    """From one file: layers at the bottom that were not tuned are there, and run, once."""
    shared = load_encoder(bert_folder)
    assert shared is not None
    before, tuned = tiny_weights(0), tiny_weights(1)
    still = ("embeddings.", *(f"encoder.layer.{i}." for i in range(same_layers)))
    weights = {name: (before if name.startswith(still) else tuned)[name] for name in tuned}
    models = [export_encoder(bert_folder, weights, precision, untuned=both) for both in (False, True)]
    tokenizer = (bert_folder / "tokenizer.json").read_bytes()
    alone, both = (
        open_encoder(*pack_encoder(m, tokenizer, size=12, max_tokens=16, pooling="mean", precision=precision))
        for m in models
    )
    exact = 1e-6 if precision == "fp32" else 0.2
    assert np.allclose(both.encode(TEXTS), alone.encode(TEXTS), atol=1e-6)
    untuned = untuned_of(both, None)
    assert untuned is not None
    assert np.allclose(untuned.encode(TEXTS), shared.encode(TEXTS), atol=exact)
    if same_layers < 2:
        assert np.abs(untuned.encode(TEXTS) - both.encode(TEXTS)).max() > 0.01
    assert untuned_of(alone, shared) is shared
    assert untuned.identity != both.identity


def test_what_is_not_tuned_is_kept_once(bert_folder: Path) -> None:
    import onnx

    before, tuned = tiny_weights(0), tiny_weights(1)
    still = ("embeddings.", "encoder.layer.0.")
    weights = {name: (before if name.startswith(still) else tuned)[name] for name in tuned}

    def products(model: bytes) -> int:
        return sum(n.op_type == "MatMul" for n in onnx.load_from_string(model).graph.node)

    alone = products(export_encoder(bert_folder, weights, "fp32"))
    assert products(export_encoder(bert_folder, weights, "fp32", untuned=True)) == 1.5 * alone


def test_words_have_one_vector_only(bert_folder: Path) -> None:
    with pytest.raises(ArtifactError, match="embeddings"):
        export_encoder(bert_folder, tiny_weights(1), "fp32", untuned=True)
