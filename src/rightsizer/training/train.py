"""Train one candidate (S5): the table of methods and the checks before them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rightsizer.errors import InputError
from rightsizer.training.trained import Progress, Trained
from rightsizer.types import Candidate, Example, Task

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder

__all__ = ["METHODS", "Method", "Progress", "Trained", "train"]


class Method(Protocol):
    """Trains a candidate on the train split and leaves the student in the folder `out`."""

    def __call__(
        self,
        candidate: Candidate,
        task: Task,
        examples: Sequence[Example],
        out: Path,
        *,
        seed: int = 0,
        encoder: Encoder | None = None,
        progress: Progress | None = None,
    ) -> Trained: ...


# method → where it is; imported on use, since some bring heavy libraries.
METHODS: dict[str, str] = {
    "majority": "rightsizer.training.repeat:train_majority",
    "cache": "rightsizer.training.repeat:train_cache",
    "tfidf-linear": "rightsizer.training.train:_without_encoder",
    "minilm-linear": "rightsizer.training.label:train_label",
    "minilm-tuned": "rightsizer.training.label_tuned:train_tuned_label",
    "structured": "rightsizer.training.structured:train_structured",
    "lora": "rightsizer.training.decoder.train:train_decoder",
    "qlora": "rightsizer.training.decoder.train:train_decoder",
    "dora": "rightsizer.training.decoder.train:train_decoder",
    "full": "rightsizer.training.decoder.train:train_decoder",
    "prompted": "rightsizer.training.prompted:train_prompted",
}


def train(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train `candidate` on `examples` and leave the student in the folder `out`.

    Raises:
        InputError: an example is not of the train split, there is none, or the method is unknown.
    """
    foreign = next((e for e in examples if e.split != "train"), None)
    if foreign is not None:
        raise InputError(
            f"example {foreign.call_id} is of the {foreign.split} split, not of the train split",
            hint="pass only the examples whose split is 'train'",
        )
    if not examples:
        raise InputError(f"task {task.id} has no training examples", hint="import more calls of this task")
    if candidate.method not in METHODS:
        raise InputError(
            f"there is no training method '{candidate.method}'",
            hint=f"use one of {', '.join(sorted(METHODS))}",
        )
    module, _, name = METHODS[candidate.method].partition(":")
    method: Method = getattr(import_module(module), name)
    return method(candidate, task, examples, out, seed=seed, encoder=encoder, progress=progress)


def _without_encoder(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """The lexical label student: it serves in an installation without an encoder."""
    from rightsizer.training.label import train_label

    return train_label(candidate, task, examples, out, seed=seed, encoder=None, progress=progress)
