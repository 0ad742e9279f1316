"""Rows of a batch padded to one length; the teacher's own rows too, where its tokenizer is another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

IGNORED = -100


@dataclass(frozen=True)
class Collator:
    """Pads ``input_ids`` and ``labels`` (and ``teacher_…``) on the right."""

    pad_id: int
    teacher_pad_id: int | None = None

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        batch = _pad([r["input_ids"] for r in rows], [r["labels"] for r in rows], self.pad_id)
        if self.teacher_pad_id is not None:
            theirs = _pad(
                [r["teacher_input_ids"] for r in rows],
                [r["teacher_labels"] for r in rows],
                self.teacher_pad_id,
            )
            batch |= {f"teacher_{name}": value for name, value in theirs.items()}
        return batch


def _pad(ids: Sequence[Sequence[int]], labels: Sequence[Sequence[int]], pad_id: int) -> dict[str, Any]:
    import torch

    longest = max(map(len, ids))
    return {
        "input_ids": torch.tensor([[*i, *[pad_id] * (longest - len(i))] for i in ids]),
        "labels": torch.tensor([[*one, *[IGNORED] * (longest - len(one))] for one in labels]),
        "attention_mask": torch.tensor([[1] * len(i) + [0] * (longest - len(i)) for i in ids]),
    }
