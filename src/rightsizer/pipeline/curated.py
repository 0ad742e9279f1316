"""Masked copies of datasets, sealed under their own key: for the trainer, who may not read raw calls."""

from __future__ import annotations

from collections.abc import Sequence

from rightsizer.errors import NotFound
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store import jsonbytes
from rightsizer.store.blocks import compress, decompress
from rightsizer.store.roles import COMPARTMENTS
from rightsizer.types import Dataset, Example, Task


def keep_copy(ws: Workspace, dataset: Dataset, examples: Sequence[Example]) -> None:
    """Keep the examples of a dataset, if `store.curated_copies` says so."""
    if ws.settings.store.curated_copies:
        content = jsonbytes.dump([example.model_dump(mode="json") for example in examples])
        ws.store.keep_curated(dataset.id, compress(content))


def reads_copies_only(ws: Workspace) -> bool:
    """Whether this role may read curated copies and not raw calls."""
    opened = COMPARTMENTS[ws.store.access.role]
    return "curated" in opened and "raw" not in opened


def read_copy(ws: Workspace, dataset: Dataset) -> list[Example]:
    """The examples of a dataset from its copy. Raises `NotFound` if none is kept."""
    content = ws.store.curated(dataset.id)
    if content is None:
        raise NotFound(
            f"of the dataset {dataset.id} no copy is kept",
            hint="a curator makes one: rightsizer --set store.curated_copies=true shortlist TASK",
        )
    return [Example.model_validate(row) for row in jsonbytes.load(decompress(content))]


def newest_copy(ws: Workspace, task: Task) -> tuple[Dataset, list[Example]]:
    """The newest dataset of a task and its examples. Raises `NotFound` if there is none, or no copy of it."""
    datasets = ws.store.records.list(Dataset, task_id=task.id)
    if not datasets:
        raise NotFound(
            f"the task {task.name} has no dataset", hint="a curator makes one: rightsizer shortlist TASK"
        )
    return datasets[-1], read_copy(ws, datasets[-1])
