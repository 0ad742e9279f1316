"""S4–S5 as verbs: freeze a dataset, shortlist candidates, train students."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rightsizer.candidates.shortlist import shortlist
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.near_duplicates import near_duplicate_groups
from rightsizer.pipeline.predict import masked_example
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.feedback import Outcomes
from rightsizer.types import Call, Candidate, Dataset, Example, Message, Request, Student, Task, new_id


@dataclass(frozen=True)
class Learning:
    """What one task has to learn from, and what is worth trying."""

    task: Task
    dataset: Dataset
    examples: tuple[Example, ...]
    candidates: tuple[Candidate, ...]

    def part(self, split: str) -> list[Example]:
        return [e for e in self.examples if e.split == split]


def curated_example(ws: Workspace) -> Callable[[Call], tuple[Request, Message]]:
    """The function that turns a kept call into (prompt, completion), masked where masking is on."""
    if not ws.settings.curate.mask:
        return _as_is
    cache = MaskCache()
    return lambda call: masked_example(call, cache)


def _as_is(call: Call) -> tuple[Request, Message]:
    assert call.response is not None  # curation set calls without an answer aside
    return call.request, call.response


def prepare(ws: Workspace, task: Task, *, progress: Progress = silent) -> Learning:
    """Freeze the task's dataset (split by session) and list the candidates for it (S4)."""
    from rightsizer.tasks.dataset import freeze

    total = ws.store.calls.count(task_id=task.id, kept_only=True)
    ws.enter("dataset", task=task.id, calls=total)
    known = Outcomes(ws.store.records).join(ws.store.calls.scan(task_id=task.id, kept_only=True))
    calls = counted(known, f"dataset · {task.name}", total, progress)
    split = ws.settings.split
    dataset, examples = freeze(
        task,
        calls,
        curate_example=curated_example(ws),
        near_duplicates=near_duplicate_groups,
        group_key=split.group_key or None,
        fractions=(split.train, split.calibration, split.test),
        seed=split.seed,
    )
    ws.store.records.put(dataset)
    candidates = candidates_for(ws, task, dataset.count("train"))
    return Learning(task, dataset, tuple(examples), tuple(candidates))


def candidates_for(ws: Workspace, task: Task, n_train: int) -> list[Candidate]:
    """Candidates in ladder order, the refused ones with their reason."""
    from rightsizer.training.encoder_tune import can_tune

    tuning = ws.precision if ws.settings.train.tune and can_tune() else None
    return shortlist(task, n_train, ws.encoder is not None, tuning)


def train_students(
    ws: Workspace, learning: Learning, *, only: Sequence[str] = (), progress: Progress = silent
) -> list[Student]:
    """Train every accepted candidate (or those whose method is in `only`) on the train split (S5)."""
    from rightsizer.training.train import train

    ws.enter("train", task=learning.task.id, dataset=learning.dataset.id)
    students = []
    train_split = learning.part("train")[: ws.settings.train.max_examples]
    for candidate in learning.candidates:
        if not candidate.accepted or (only and candidate.method not in only):
            continue
        student_id = new_id("student")
        artifact = f"artifacts/students/{student_id}"

        def tell(what: str, done: float, total: float | None, method: str = candidate.method) -> None:
            progress(f"train {method} · {learning.task.name} · {what}", done, total)

        trained = train(
            candidate,
            learning.task,
            train_split,
            ws.home / artifact,
            seed=ws.settings.train.seed,
            encoder=ws.encoder,
            progress=tell,
        )
        student = Student(
            id=student_id,
            task_id=learning.task.id,
            dataset_id=learning.dataset.id,
            rung=trained.rung,
            method=trained.method,
            artifact=artifact,
            artifact_hash=trained.artifact_hash,
            size_bytes=trained.size_bytes,
            train_s=trained.train_s,
            recipe=trained.recipe,
            created_at=datetime.now(UTC),
        )
        ws.store.records.put(student)
        students.append(student)
    return students
