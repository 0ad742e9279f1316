"""What a person sees of a run: the step, of how many, and the loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import PrinterCallback, TrainerCallback

from rightsizer.training.decoder.recipe import Recipe
from rightsizer.training.decoder.saved_points import seal_points
from rightsizer.training.trained import Progress


def be_silent(trainer: Any) -> None:
    """No lines of transformers on stdout: what is printed there is a command's own."""
    trainer.remove_callback(PrinterCallback)


class Watch(TrainerCallback):  # type: ignore[misc]
    """Tells progress after every step; the bar makes the time left of it."""

    def __init__(self, progress: Progress | None, recipe: Recipe) -> None:
        self._progress = progress
        self._what = recipe.objective if recipe.objective != "sequence" else recipe.tuning
        self._loss = ""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        if logs and "loss" in logs:
            self._loss = f" · loss {float(logs['loss']):.3f}"

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        if self._progress is not None:
            self._progress(f"{self._what}{self._loss}", float(state.global_step), float(state.max_steps))


class KeepPoints(TrainerCallback):  # type: ignore[misc]
    """Seals each saved point as soon as it is whole."""

    def __init__(self, points: Path, work: Path) -> None:
        self._points, self._work = points, work

    def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        seal_points(self._points, self._work)
