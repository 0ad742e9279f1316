"""The loss over answers alone is the loss over everything, with its gradient, in every architecture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.testing.tiny_lm import ARCHITECTURES

IGNORED = -100


def batch() -> dict[str, Any]:
    """Three rows of unlike length whose answers begin at unlike places; the last has no label at all."""
    import torch

    ids = torch.arange(3 * 24).reshape(3, 24) % 200 + 5
    labels = torch.full_like(ids, IGNORED)
    labels[0, 18:24], labels[1, 11:15] = ids[0, 18:24], ids[1, 11:15]
    mask = torch.ones_like(ids)
    mask[1, 15:], mask[2, 20:] = 0, 0
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_it_is_the_models_own_loss(tiny: Callable[[str], Path], architecture: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from rightsizer.training.decoder.lean import answer_loss, keeps_logits

    model: Any = AutoModelForCausalLM.from_pretrained(tiny(architecture), dtype=torch.float32).train()
    if not keeps_logits(model):
        pytest.skip(f"{architecture} gives all logits or none: trl's own loss is used")
    found, grown = [], []
    for loss in (answer_loss(model, batch()), model(**batch(), use_cache=False).loss):
        model.zero_grad()
        loss.backward()
        found.append(float(loss))
        grown.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    assert found[0] == pytest.approx(found[1], rel=1e-5)
    assert torch.allclose(*grown, atol=1e-5)


def test_a_step_of_several_batches_counts_all_their_tokens(tiny: Callable[[str], Path]) -> None:
    from transformers import AutoModelForCausalLM

    from rightsizer.training.decoder.lean import answer_loss

    model: Any = AutoModelForCausalLM.from_pretrained(tiny("llama"))
    assert float(answer_loss(model, batch(), 20)) == pytest.approx(float(answer_loss(model, batch())) / 2)


def test_rows_without_an_answer_teach_nothing(tiny: Callable[[str], Path]) -> None:
    from transformers import AutoModelForCausalLM

    from rightsizer.training.decoder.lean import answer_loss

    empty = batch()
    empty["labels"][:] = IGNORED
    assert float(answer_loss(AutoModelForCausalLM.from_pretrained(tiny("llama")), empty)) == 0.0


def test_preferences_see_the_log_probabilities_that_trl_would_give(tiny: Callable[[str], Path]) -> None:
    import torch
    from transformers import AutoModelForCausalLM
    from trl.trainer import dpo_trainer
    from trl.trainer.utils import add_fused_lm_head

    from rightsizer.training.decoder.lean import add_lean_head, lean_preferences

    told = batch()
    found = []
    for add in (add_lean_head, add_fused_lm_head):
        model: Any = AutoModelForCausalLM.from_pretrained(tiny("qwen3"), dtype=torch.float32)
        add(model, outputs=("log_probs", "entropy", "mean_logits", "is_top1"))
        found.append(model(**told, use_cache=False, fused_lm_head=True))
        assert model(**told).logits.shape[1] == 24, "asked otherwise, it is the model as it was"
    for name in ("loss", "log_probs", "entropy", "mean_logits", "is_top1"):
        ours, theirs = (getattr(f, name).float() for f in found)
        assert torch.allclose(ours, theirs, atol=1e-5), name
    with lean_preferences(True):
        assert dpo_trainer.add_fused_lm_head is add_lean_head
    assert dpo_trainer.add_fused_lm_head is add_fused_lm_head
