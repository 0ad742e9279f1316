"""Preferences from disagreements: where the student said something else than the teacher, prefer the teacher.

Direct Preference Optimization (Rafailov et al. 2023) with trl. The pairs come from the student's mistakes,
on calls of the train split or of shadow traffic, so that what is learned is what it really gets wrong.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rightsizer.errors import InputError
from rightsizer.scoring.agree import agree
from rightsizer.students.decoder import DecoderStudent
from rightsizer.students.decoder_format import DecoderFormat
from rightsizer.training.decoder.fit import Fitted, _has_bf16
from rightsizer.training.decoder.lean import keeps_logits, lean_preferences
from rightsizer.training.decoder.load import adapter_config
from rightsizer.training.decoder.memory import on_gpu
from rightsizer.training.decoder.recipe import Recipe
from rightsizer.training.trained import Progress
from rightsizer.types import Example, Message, Request, TaskPolicy

BATCH = 16


@dataclass(frozen=True)
class Pair:
    """One disagreement: what the teacher answered, and what the student did."""

    request: Request
    chosen: Message
    rejected: Message


def disagreements(
    examples: Sequence[Example], answers: Sequence[Message | None], policy: TaskPolicy
) -> list[Pair]:
    """Pairs from a student's answers to `examples`, in order; what it did not answer teaches nothing here."""
    pairs = []
    for example, answer in zip(examples, answers, strict=True):
        if answer is None:
            continue
        judged = agree(
            example.completion, answer, ignore_fields=policy.ignore_fields, tools=example.prompt.tools
        )
        if judged.loss:
            pairs.append(Pair(example.prompt, example.completion, answer))
    return pairs


def own_answers(
    model: Any,
    form: DecoderFormat,
    params: Mapping[str, Any],
    examples: Sequence[Example],
    progress: Progress | None = None,
) -> list[Message | None]:
    """What `model`, as it is in memory, answers to these examples; None where it gives no valid answer."""
    student = DecoderStudent(Path(), {**params, "shots": 0})  # the examples' prompts have theirs already
    student.__dict__.update({"format": form, "_model": model.eval()})
    side, form.tokenizer.padding_side = form.tokenizer.padding_side, "left"
    found: list[Message | None] = []
    try:
        for start in range(0, len(examples), BATCH):
            part = examples[start : start + BATCH]
            found += [p.message for p in student.predict([e.prompt for e in part])]
            if progress is not None:
                progress("own answers", len(found), len(examples))
    finally:
        form.tokenizer.padding_side = side
    return found


def prefer(
    model: Any,
    form: DecoderFormat,
    pairs: Sequence[Pair],
    recipe: Recipe,
    work: Path,
    *,
    progress: Progress | None = None,
) -> Fitted:
    """Train `model` (a base, or one with an adapter that is trained on) on the pairs.

    Plain DPO may lower the probability of both answers as long as the wrong one falls faster; here that
    probability is the confidence, so the preferred answer's likelihood stays in the loss (Pang et al. 2024).

    Raises:
        InputError: there is no disagreement to learn from.
    """
    import torch
    from datasets import Dataset
    from transformers import set_seed
    from trl import DPOConfig, DPOTrainer

    from rightsizer.training.decoder.watch import Watch, be_silent

    if not pairs:
        raise InputError(
            "the student disagrees nowhere: there is nothing to prefer",
            hint="keep it as it is, or let it answer more calls (`release --shadow`)",
        )
    set_seed(recipe.seed)
    began = time.perf_counter()
    tokenizer = form.tokenizer
    if hasattr(tokenizer, "add_bos_token"):
        tokenizer.add_bos_token = False  # the template has written it
    end = tokenizer.eos_token
    rows = {
        "prompt": [form.prompt(p.request) for p in pairs],
        "chosen": [form.completion(p.chosen) + end for p in pairs],
        "rejected": [form.completion(p.rejected) + end for p in pairs],
    }
    with lean_preferences(not on_gpu() and keeps_logits(model)):
        trainer = DPOTrainer(
            model=model,
            args=DPOConfig(
                output_dir=str(work),
                beta=recipe.beta,
                loss_type=["sigmoid", "sft"] if recipe.anchor else ["sigmoid"],
                loss_weights=[1.0, recipe.anchor] if recipe.anchor else None,
                per_device_train_batch_size=recipe.batch_size,
                gradient_accumulation_steps=recipe.accumulate,
                learning_rate=recipe.learning_rate,
                num_train_epochs=recipe.epochs,
                max_steps=recipe.max_steps,
                max_length=recipe.max_tokens,
                bf16=recipe.bf16 and _has_bf16(),
                use_cpu=not torch.cuda.is_available(),
                gradient_checkpointing=bool(recipe.checkpoints),
                logging_steps=10,
                logging_first_step=True,
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
                dataloader_pin_memory=False,
                seed=recipe.seed,
            ),
            train_dataset=Dataset.from_dict(rows),
            processing_class=tokenizer,
            peft_config=adapter_config(recipe, model),
            callbacks=[Watch(progress, recipe)],
        )
    be_silent(trainer)
    trainer.train()
    state = trainer.state
    return Fitted(
        model=trainer.model,
        steps=int(state.global_step),
        seconds=time.perf_counter() - began,
        losses=tuple(float(h["loss"]) for h in state.log_history if "loss" in h),
        held_out_loss=None,
        resumed_at=0,
        n_pairs=len(pairs),
    )
