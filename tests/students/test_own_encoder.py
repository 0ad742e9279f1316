"""An encoder in a student's folder gives the vectors of its weights, as exactly as it was exported."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rightsizer.students.artifact import Artifact, read, save
from rightsizer.students.encoder import load_encoder
from rightsizer.students.own_encoder import MODEL, encoder_of, export_encoder, open_encoder, pack_encoder
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
