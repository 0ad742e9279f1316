"""Fine-tuning separates the classes, starts from the same seed alike, and stops when it no longer helps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rightsizer.errors import MissingExtra
from rightsizer.students.encoder import Encoder
from rightsizer.students.own_encoder import export_encoder, open_encoder, pack_encoder
from rightsizer.testing.label_calls import label_examples
from rightsizer.training import encoder_tune
from rightsizer.training.encoder_tune import Tuned, Tuning, tune_encoder
from rightsizer.training.strangers import make_requests

FAST = Tuning(epochs=4, lr=3e-3, batch=16, dropout=0.0, max_tokens=16, frozen_layers=0)


def material(n: int = 240) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Texts, labels, and which rows are held out."""
    rows = label_examples(n)
    answers = sorted({e.completion.text for e in rows})
    labels = np.array([answers.index(e.completion.text) for e in rows], np.int32)
    return [e.prompt.messages[-1].text for e in rows], labels, np.arange(n) // 8 % 6 == 5


def tune(encoder: Encoder, how: Tuning = FAST, seed: int = 0) -> Tuned:
    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    pytest.importorskip("transformers", reason="the extra 'train' is not installed")
    if how.lora_rank:
        pytest.importorskip("peft", reason="the extra 'train' is not installed")
    folder: Path = encoder.files.folder  # type: ignore[attr-defined]
    return tune_encoder(folder, *material(), how, seed=seed)


def test_held_out_accuracy_and_loss_improve(tiny_encoder: Encoder) -> None:
    tuned = tune(tiny_encoder)
    assert max(tuned.accuracies) > 0.5  # one in eight by chance
    assert np.mean(tuned.losses[-5:]) < 0.7 * np.mean(tuned.losses[:5])
    assert np.allclose(np.linalg.norm(tuned.classes, axis=1), 1, atol=1e-5)


def test_words_keep_their_place_and_layers_move(tiny_encoder: Encoder) -> None:
    from safetensors.numpy import load_file

    before = load_file(tiny_encoder.files.folder / "model.safetensors")  # type: ignore[attr-defined]
    after = tune(tiny_encoder).weights
    assert {f"bert.{name}" for name in after} >= set(before) - {"bert.embeddings.position_ids"}
    words = "embeddings.word_embeddings.weight"
    assert np.array_equal(after[words], before[f"bert.{words}"])
    moved = "encoder.layer.1.output.dense.weight"
    assert np.abs(after[moved] - before[f"bert.{moved}"]).max() > 1e-3


def test_equal_seeds_give_equal_weights(tiny_encoder: Encoder) -> None:
    a, b, c = (tune(tiny_encoder, seed=seed).classes for seed in (0, 0, 1))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_lora_is_merged_into_plain_weights(tiny_encoder: Encoder) -> None:
    full = tune(tiny_encoder)
    lora = tune(tiny_encoder, Tuning(epochs=4, lr=1e-2, batch=16, dropout=0.0, max_tokens=16, lora_rank=4))
    assert set(lora.weights) == set(full.weights)
    assert np.mean(lora.losses[-5:]) < 0.8 * np.mean(lora.losses[:5])


def test_the_lower_half_stays_unless_told_otherwise(tiny_encoder: Encoder) -> None:
    from safetensors.numpy import load_file

    before = load_file(tiny_encoder.files.folder / "model.safetensors")  # type: ignore[attr-defined]
    after = tune(tiny_encoder, replace(FAST, epochs=1, frozen_layers=-1)).weights
    moved = [
        float(np.abs(after[name] - before[f"bert.{name}"]).max())
        for name in (f"encoder.layer.{i}.output.dense.weight" for i in range(2))
    ]
    assert moved[0] == 0 < moved[1]


def test_frozen_layers_that_run_once_or_in_every_step_give_the_same_student(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they say is kept as bfloat16, so the same but for rounding."""
    how = replace(FAST, epochs=1, frozen_layers=1)
    once = tune(tiny_encoder, how)
    monkeypatch.setattr(encoder_tune, "CACHED_TOKENS", 0)
    always = tune(tiny_encoder, how)
    assert set(once.weights) == set(always.weights)
    assert not np.array_equal(once.classes, always.classes)
    assert (once.classes * always.classes).sum(1).min() > 0.99
    for name in ("encoder.layer.0.output.dense.weight", "embeddings.word_embeddings.weight"):
        assert np.array_equal(once.weights[name], always.weights[name])


def test_mixtures_lie_between_texts_of_different_answers(tiny_encoder: Encoder) -> None:
    torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")
    vectors, labels = torch.eye(4)[[0, 0, 1, 2]], torch.tensor([0, 0, 1, 2])
    torch.manual_seed(0)
    between = encoder_tune._between(vectors, labels, 200)
    assert 100 < len(between) < 200
    assert torch.allclose(between.norm(dim=1), torch.ones(len(between)))
    assert (between > 0.3).sum(1).tolist() == [2] * len(between)
    alone = encoder_tune._between(vectors, torch.zeros(4), 200)
    assert len(alone) == 0
    assert float(encoder_tune._none_loss(alone @ vectors.T, torch.tensor(0.3))) == 0


def test_no_class_is_near_the_strangers_it_has_met(tiny_encoder: Encoder) -> None:
    """Strangers that were not met, of the same kind, are told from known texts better."""
    texts, labels, held_out = material()
    strangers = make_requests("en", 300, 0)
    folder: Path = tiny_encoder.files.folder  # type: ignore[attr-defined]

    def gap(met: list[str]) -> float:
        tuned = tune_encoder(folder, texts, labels, held_out, FAST, strangers=met)
        model = export_encoder(folder, tuned.weights, "fp32")
        tokenizer = (folder / "tokenizer.json").read_bytes()
        packed = pack_encoder(
            model, tokenizer, size=tiny_encoder.size, max_tokens=16, pooling="mean", precision="fp32"
        )
        encoder = open_encoder(*packed)
        known = [t for t, out in zip(texts, held_out, strict=True) if out]
        near = [(encoder.encode(some) @ tuned.classes.T).max(1) for some in (known, strangers[150:])]
        return float((near[0][:, None] > near[1][None, :]).mean())

    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    pytest.importorskip("transformers", reason="the extra 'train' is not installed")
    assert gap(strangers[:150]) > gap([]) + 0.05


@pytest.mark.parametrize(("drop", "kept"), [(0.02, "last"), (0.5, "best")])
def test_weights_that_are_hardly_worse_win_by_being_later(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch, drop: float, kept: str
) -> None:
    """40 held-out rows cannot tell 0.60 from 0.58, but 0.60 from 0.10."""
    seen: list[np.ndarray] = []

    def look(run: object, rows: object, classes: Any) -> float:
        seen.append(classes.detach().clone().numpy())
        return 0.6 if len(seen) == 2 else 0.6 - drop

    pytest.importorskip("torch", reason="the extra 'train' is not installed")
    monkeypatch.setattr(encoder_tune._Run, "_accuracy", look)
    tuned = tune(tiny_encoder, replace(FAST, patience=99))
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in seen]
    assert len(seen) > 4
    assert np.allclose(tuned.classes, unit[-1] if kept == "last" else unit[1], atol=1e-6)
    assert not np.allclose(unit[1], unit[-1], atol=1e-3)


def test_stops_when_it_no_longer_helps(tiny_encoder: Encoder) -> None:
    """A rate so high that what was learnt is forgotten: the run ends long before its 40 passes."""
    hot = Tuning(epochs=40, lr=0.05, batch=16, dropout=0.0, max_tokens=16, patience=2, warm_up=0.3)
    tuned = tune(tiny_encoder, hot)
    assert len(tuned.accuracies) < 30
    assert tuned.accuracies[-1] < max(tuned.accuracies)


def test_without_torch_it_says_what_to_install(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_tune, "can_tune", lambda: False)
    with pytest.raises(MissingExtra, match="train"):
        tune_encoder(tiny_encoder.files.folder, *material(), FAST)  # type: ignore[attr-defined]
