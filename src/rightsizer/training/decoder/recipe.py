"""What a decoder is trained with: all of it, so that recipe and calls together give the student again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rightsizer.types import Frozen

Tuning = Literal["lora", "qlora", "dora", "full"]
Objective = Literal["sequence", "logits", "preferences"]


class Recipe(Frozen):
    """Settings of one training run; the defaults are for a narrow task and a model of up to ten billion."""

    base: str = Field(description="folder of the base model, or its name on a hub")
    tuning: Tuning = "lora"
    objective: Objective = "sequence"
    pairs: Literal["own", "shadow"] = Field(
        "own", description="of preferences: what the base answers now, or what was answered in shadow"
    )
    start: str = Field("", description="folder of a decoder student to go on from, instead of the bare base")
    teacher: str = Field("", description="folder of a teacher model, for distillation of logits")
    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    learning_rate: float = Field(2e-4, gt=0)
    epochs: float = Field(3.0, gt=0)
    max_steps: int = Field(-1, description="-1: as the epochs say")
    batch_size: int = Field(8, ge=1)
    accumulate: int = Field(1, ge=1, description="batches summed before a step")
    warmup_share: float = Field(0.03, ge=0, lt=1)
    shots: int = Field(0, ge=0, description="retrieved examples in the prompt, in training as in serving")
    max_tokens: int = Field(4_096, ge=16, description="longer examples are left out, and counted")
    temperature: float = Field(2.0, gt=0, description="of distilled logits (Hinton et al. 2015)")
    mix: float = Field(0.5, ge=0, le=1, description="share of the teacher's distribution in the loss")
    beta: float = Field(0.1, gt=0, description="of preferences: how close to the reference (DPO)")
    anchor: float = Field(1.0, ge=0, description="of preferences: weight of the likelihood of the preferred")
    holdout: float = Field(0.1, ge=0, lt=0.5, description="share of the groups for early stopping; 0: none")
    patience: int = Field(2, ge=1, description="epochs without improvement before stopping")
    save_steps: int = Field(200, ge=1, description="steps between points a crashed run goes on from")
    bf16: bool = True
    checkpoints: bool | None = Field(
        None, description="activations are computed again instead of kept; unset: on a GPU"
    )
    seed: int = 0
