"""Memory of a training run, estimated before it starts.

Weights; gradients and Adam's two moments of what is trained (Kingma & Ba 2015); activations of one batch with
the logits, which for a large vocabulary outweigh everything else. An estimate, to refuse what cannot fit.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from rightsizer.errors import InputError
from rightsizer.training.decoder.recipe import Recipe

BYTES = {"lora": 2.0, "dora": 2.0, "full": 4.0, "qlora": 0.57}
BYTES_CPU = {**BYTES, "lora": 4.0, "dora": 4.0}
# Gradient, two moments, and the 32-bit master copy of a trained weight.
TRAINED_BYTES = 4 + 8 + 4
# 16-bit tensors of hidden size a layer keeps per token for the backward pass (attention and MLP together).
KEPT_PER_LAYER = 34
LOGIT_BYTES = 4 * 2
HEADROOM = 1.1


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes of a run by what takes them."""

    weights_bytes: int
    trained_bytes: int
    activations_bytes: int

    @property
    def total_bytes(self) -> int:
        return round(HEADROOM * (self.weights_bytes + self.trained_bytes + self.activations_bytes))


def estimate(
    config: Any, recipe: Recipe, *, parameters: int, longest_tokens: int, half: bool = True
) -> TrainingMemory:
    """The memory that training takes; `config` is the model's, `parameters` how many it has.

    `half`: the frozen weights are held in 16 bits, as on a GPU; on a processor they are not.
    """
    text = config.get_text_config()
    width, layers = int(text.hidden_size), int(text.num_hidden_layers)
    trained = parameters if recipe.tuning == "full" else 2 * recipe.rank * 10 * width * layers
    tokens = recipe.batch_size * min(longest_tokens, recipe.max_tokens)
    kept = tokens * layers * width * KEPT_PER_LAYER
    logits = tokens * int(text.vocab_size) * LOGIT_BYTES
    return TrainingMemory(
        weights_bytes=round(parameters * (BYTES if half else BYTES_CPU)[recipe.tuning]),
        trained_bytes=trained * TRAINED_BYTES,
        activations_bytes=kept + logits,
    )


def on_gpu() -> bool:
    """Whether training would run on a GPU."""
    import torch

    return bool(torch.cuda.is_available())


def available_bytes() -> int:
    """Free memory of where training would run: the first GPU's, else this machine's."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def require_memory(needed: TrainingMemory, free_bytes: int, recipe: Recipe) -> None:
    """Refuse what cannot fit, with what to change.

    Raises:
        InputError: more is needed than there is.
    """
    if needed.total_bytes <= free_bytes:
        return
    smaller = (
        "a smaller batch_size or max_tokens"
        if needed.activations_bytes > needed.weights_bytes
        else ("qlora, or a smaller base model" if recipe.tuning != "qlora" else "a smaller base model")
    )
    raise InputError(
        f"training {recipe.base} by {recipe.tuning} takes about {needed.total_bytes / 1e9:.1f} GB; "
        f"{free_bytes / 1e9:.1f} GB are free",
        hint=f"use {smaller}",
    )
