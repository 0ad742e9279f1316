"""Memory of a training run, estimated before anything is loaded.

Weights, activations and gradients are those of a step without content (`dry_run`); Adam's two moments of what
is trained (Kingma & Ba 2015) come on top. `benchmarks/students/training_memory.py` compares it with what is
measured.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rightsizer.errors import InputError
from rightsizer.training.decoder.dry_run import dry_run
from rightsizer.training.decoder.recipe import Recipe

MOMENTS_BYTES = 4 + 4
# NF4 with its scales quantised again (Dettmers et al. 2023), a weight; in 16 bits it was 2.
FOUR_BIT = 0.516
# What an allocator takes beyond what it gives out: whole pages, pieces that fit nothing else.
HEADROOM = 1.08
# glibc keeps freed blocks that lie between others. Resident memory is at most so many times the estimate.
KEPT_BESIDE_ADAPTER, KEPT_BESIDE_ALL = 2.5, 1.25  # measured: 2.25 and 1.16
GIVE_BACK_FROM = 131_072
M_MMAP_THRESHOLD = -3  # malloc.h
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes of a run by what takes them, at the moment at which it takes most."""

    weights_bytes: int
    optimizer_bytes: int
    step_bytes: int  # activations and gradients

    @property
    def total_bytes(self) -> int:
        return round(HEADROOM * (self.weights_bytes + self.optimizer_bytes + self.step_bytes))


def estimate(
    config: Any, recipe: Recipe, *, longest_tokens: int, answer_tokens: int, gpu: bool
) -> TrainingMemory:
    """The memory that training takes; `config` is the model's.

    `longest_tokens` of a row, of which the last `answer_tokens` are learned.
    """
    tokens = min(longest_tokens, recipe.max_tokens)
    ran = dry_run(config, recipe, tokens=tokens, answer_tokens=min(answer_tokens, tokens - 1), gpu=gpu)
    saved = round(ran.linear * (2 - FOUR_BIT)) if recipe.tuning == "qlora" else 0
    return TrainingMemory(
        weights_bytes=ran.weights_bytes - saved,
        optimizer_bytes=ran.trained * MOMENTS_BYTES,
        step_bytes=ran.peak_bytes - ran.weights_bytes,
    )


def estimate_of(recipe: Recipe, *, longest_tokens: int, answer_tokens: int) -> TrainingMemory:
    """The same of the recipe's base, of which only the configuration is read.

    Raises:
        InputError: it has none.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(recipe.base)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the model {recipe.base} cannot be loaded: its configuration is missing or unknown",
            hint="name a folder as Hugging Face saves a model, or a model of a hub that can be reached",
        ) from error
    return estimate(config, recipe, longest_tokens=longest_tokens, answer_tokens=answer_tokens, gpu=on_gpu())


def on_gpu() -> bool:
    """Whether training would run on a GPU."""
    import torch

    return bool(torch.cuda.is_available())


def available_bytes(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = CGROUP) -> int:
    """Free memory of where training would run: the first GPU's, else this machine's or this container's."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    free = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")]
    try:  # counts what the kernel would give up for it, as it would the pages of files
        told = dict(line.split(":") for line in meminfo.read_text().splitlines())
        free = [int(told["MemAvailable"].split()[0]) * 1024]
    except (OSError, KeyError, ValueError):
        pass
    try:
        limit, used = ((cgroup / name).read_text().strip() for name in ("memory.max", "memory.current"))
        free += [] if limit == "max" else [max(0, int(limit) - int(used))]
    except (OSError, ValueError):
        pass
    return min(free)


def make_room(needed: TrainingMemory, free_bytes: int, recipe: Recipe) -> bool:
    """Refuse what cannot fit; else whether freed memory is given back at once from here on.

    Done only where the run would not fit with what an allocator likes to keep: it takes up to twice the time.

    Raises:
        InputError: more is needed than there is.
    """
    require_memory(needed, free_bytes, recipe)
    kept = KEPT_BESIDE_ALL if recipe.tuning == "full" else KEPT_BESIDE_ADAPTER
    if on_gpu() or kept * needed.total_bytes <= free_bytes:
        return False
    return give_back()


def give_back(from_bytes: int = GIVE_BACK_FROM) -> bool:
    """Return every larger block of this process when it is freed; False if the allocator is not glibc's."""
    import ctypes

    try:
        return bool(ctypes.CDLL("libc.so.6").mallopt(M_MMAP_THRESHOLD, from_bytes))
    except (OSError, AttributeError):
        return False


def require_memory(needed: TrainingMemory, free_bytes: int, recipe: Recipe) -> None:
    """Refuse what cannot fit, with what to change.

    Raises:
        InputError: more is needed than there is.
    """
    if needed.total_bytes <= free_bytes:
        return
    smaller = (
        "checkpoints=true, a smaller batch_size or max_tokens"
        if needed.step_bytes > needed.weights_bytes + needed.optimizer_bytes
        else ("qlora, or a smaller base model" if recipe.tuning != "qlora" else "a smaller base model")
    )
    raise InputError(
        f"training {recipe.base} by {recipe.tuning} takes about {needed.total_bytes / 1e9:.1f} GB; "
        f"{free_bytes / 1e9:.1f} GB are free",
        hint=f"use {smaller}",
    )
