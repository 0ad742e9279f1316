"""One training run with trl: supervised or distilled, from a point saved before a crash if there is one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rightsizer.training.decoder.collate import IGNORED, Collator
from rightsizer.training.decoder.data import Tokenized
from rightsizer.training.decoder.distil import make_trainer
from rightsizer.training.decoder.lean import keeps_logits, make_lean
from rightsizer.training.decoder.load import adapter_config
from rightsizer.training.decoder.memory import on_gpu
from rightsizer.training.decoder.recipe import Recipe
from rightsizer.training.decoder.saved_points import opened_points
from rightsizer.training.trained import Progress

KEPT = 2  # saved points


@dataclass(frozen=True)
class Fitted:
    """A trained model in memory, and how its training went."""

    model: Any
    steps: int
    seconds: float
    losses: tuple[float, ...]
    held_out_loss: float | None
    resumed_at: int
    n_pairs: int = 0


@dataclass(frozen=True)
class Teacher:
    """A larger model whose logits are learned; `rows` are its own where its tokenizer is another."""

    model: Any
    pad_id: int
    rows: tuple[dict[str, list[int]], ...] | None = None


def fit(
    model: Any,
    tokenizer: Any,
    train: Tokenized,
    held_out: Tokenized | None,
    recipe: Recipe,
    work: Path,
    *,
    teacher: Teacher | None = None,
    progress: Progress | None = None,
) -> Fitted:
    """Train `model`; `work` keeps the points from which a crashed run goes on (`saved_points`)."""
    with opened_points(work, _room(model, recipe)) as points:
        return _fit(model, tokenizer, train, held_out, recipe, (points, work), teacher, progress)


def _fit(
    model: Any,
    tokenizer: Any,
    train: Tokenized,
    held_out: Tokenized | None,
    recipe: Recipe,
    folders: tuple[Path, Path],
    teacher: Teacher | None,
    progress: Progress | None,
) -> Fitted:
    from transformers import set_seed
    from transformers.trainer_utils import get_last_checkpoint
    from trl import SFTTrainer

    from rightsizer.training.decoder.watch import KeepPoints, Watch, be_silent

    points, work = folders
    set_seed(recipe.seed)
    began = time.perf_counter()
    last = get_last_checkpoint(str(points)) if points.is_dir() else None
    made: Any = SFTTrainer if on_gpu() or not keeps_logits(model) else make_lean(SFTTrainer)
    if teacher is not None:
        made = make_trainer(SFTTrainer, teacher.model.eval(), recipe, teacher.rows is None)
    watch = Watch(progress, recipe)
    trainer = made(
        model=model,
        args=arguments(recipe, points, held_out is not None),
        train_dataset=_dataset(train.rows, teacher.rows if teacher else None),
        eval_dataset=None if held_out is None else _dataset(held_out.rows, None),
        data_collator=Collator(
            tokenizer.pad_token_id, teacher.pad_id if teacher and teacher.rows is not None else None
        ),
        processing_class=tokenizer,
        peft_config=adapter_config(recipe, model),
        callbacks=[
            watch,
            *([KeepPoints(points, work)] if points != work else []),
            *_stopping(recipe, held_out),
        ],
    )
    be_silent(trainer)
    trainer.train(resume_from_checkpoint=last)
    state = trainer.state
    return Fitted(
        model=trainer.model,
        steps=int(state.global_step),
        seconds=time.perf_counter() - began,
        losses=tuple(float(h["loss"]) for h in state.log_history if "loss" in h),
        held_out_loss=float(state.best_metric) if state.best_metric is not None else None,
        resumed_at=int(last.rpartition("-")[2]) if last else 0,
    )


def _room(model: Any, recipe: Recipe) -> int:
    """Bytes of the points that lie side by side: trained weights and the two moments of each."""
    numbers = sum(int(p.numel()) for p in model.parameters())
    trained = numbers if recipe.tuning == "full" else numbers // 10  # adapters, generously
    return 3 * 4 * trained * (KEPT + 1)


def arguments(recipe: Recipe, work: Path, has_held_out: bool) -> Any:
    """trl's arguments for a recipe. A batch holds rows of similar length: less padding."""
    import torch
    from trl import SFTConfig

    checked = {
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
    }
    return SFTConfig(
        output_dir=str(work),
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulate,
        learning_rate=recipe.learning_rate,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps,
        lr_scheduler_type="cosine",
        warmup_steps=recipe.warmup_share,
        max_length=None,
        bf16=recipe.bf16 and _has_bf16(),
        use_cpu=not torch.cuda.is_available(),
        gradient_checkpointing=bool(recipe.checkpoints),
        train_sampling_strategy="group_by_length",
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        logging_steps=10,
        logging_first_step=True,
        save_total_limit=KEPT,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        seed=recipe.seed,
        data_seed=recipe.seed,
        **(checked if has_held_out else {"save_strategy": "steps", "save_steps": recipe.save_steps}),
    )


def _has_bf16() -> bool:
    import torch

    return not torch.cuda.is_available() or torch.cuda.is_bf16_supported()


def _stopping(recipe: Recipe, held_out: Tokenized | None) -> list[Any]:
    if held_out is None:
        return []
    from transformers import EarlyStoppingCallback

    return [EarlyStoppingCallback(early_stopping_patience=recipe.patience)]


def _dataset(rows: Sequence[dict[str, list[int]]], theirs: Sequence[dict[str, list[int]]] | None) -> Any:
    from datasets import Dataset

    columns: dict[str, list[Any]] = {
        "input_ids": [r["input_ids"] for r in rows],
        "labels": [_labels(r) for r in rows],
        "length": [len(r["input_ids"]) for r in rows],  # or transformers reads all rows to sort them
    }
    if theirs is not None:
        columns |= {
            "teacher_input_ids": [r["input_ids"] for r in theirs],
            "teacher_labels": [_labels(r) for r in theirs],
        }
    return Dataset.from_dict(columns)


def _labels(row: dict[str, list[int]]) -> list[int]:
    return [i if m else IGNORED for i, m in zip(row["input_ids"], row["completion_mask"], strict=True)]
