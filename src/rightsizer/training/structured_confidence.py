"""The confidence of a structured student: out-of-fold answers, and a logistic regression on their signals.

The target is the correctness of the *entire* call of a row that the fold's student never saw, so that
the order of confidences is the order that held-out calls will have.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rightsizer.students.structured import Confidence, Raw, violation
from rightsizer.students.structured_answer import Path, code
from rightsizer.training.structured_fit import Fitter
from rightsizer.training.structured_rows import Row
from rightsizer.training.trained import Progress


@dataclass(frozen=True)
class Draft:
    """One out-of-fold answer: what the student drafted, whether it is all right, which fields are."""

    row: int
    raw: Raw
    right: bool
    fields: dict[str, bool]


def fold_of(group: str, folds: int, seed: int) -> int:
    """The fold of a group: a stable digest, so that rows of one group share a fold."""
    return zlib.crc32(f"{seed}:{group}".encode()) % folds


def cross_fit(
    fitter: Fitter, folds: int, ignored: Collection[str], progress: Progress | None = None
) -> list[Draft]:
    """Out-of-fold drafts of every row whose answer the student would not decline."""
    home = [fold_of(row.group, folds, fitter.seed) for row in fitter.rows]
    drafts: list[Draft] = []
    for fold in range(folds):
        inside = [i for i, f in enumerate(home) if f == fold]
        rest = {i for i, f in enumerate(home) if f != fold}
        if not inside or not rest:
            continue
        student = fitter.fit(rest)
        for i in inside:
            row = fitter.rows[i]
            raw = student.draft(row.state, row.vectors)
            if not raw.reason and not violation(row.state.request, raw.action, raw.leaves):
                drafts.append(_judge(i, row, raw, ignored))
        if progress is not None:
            progress("cross-fitting", fold + 1, folds)
    return drafts


def _judge(i: int, row: Row, raw: Raw, ignored: Collection[str]) -> Draft:
    if raw.action != row.answer.action:
        return Draft(i, raw, False, {})
    fields = field_matches(row.answer.leaves, raw.leaves)
    right = all(ok for name, ok in fields.items() if name not in ignored)
    return Draft(i, raw, right, fields)


def field_matches(teacher: Mapping[Path, Any], student: Mapping[Path, Any]) -> dict[str, bool]:
    """Field name → whether both give the same value, for fields that either gives."""
    return {
        ".".join(path): path in teacher and path in student and code(teacher[path]) == code(student[path])
        for path in sorted({*teacher, *student})
    }


def fit_confidence(drafts: Sequence[Draft], c: float = 0.03) -> Confidence | None:
    """The confidence from out-of-fold drafts; None where all were right, all wrong, or too few."""
    from sklearn.linear_model import LogisticRegression

    target = np.array([draft.right for draft in drafts])
    if len(target) < 20 or target.all() or not target.any():
        return None
    names = sorted({name for draft in drafts for name in draft.raw.signals})
    table = np.array([[d.raw.signals.get(name, 0.0) for name in names] for d in drafts], np.float64)
    mean, scale = table.mean(axis=0), table.std(axis=0)
    scale[scale < 1e-9] = 1.0
    model = LogisticRegression(C=c, max_iter=1000).fit((table - mean) / scale, target)
    return Confidence(
        names=names,
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        weights=model.coef_[0].astype(np.float32),
        bias=float(model.intercept_[0]),
    )


def coverage_at(drafts: Sequence[Draft], confidence: Confidence | None, total: int, alpha: float) -> float:
    """Share of `total` rows servable at a mean error of at most `alpha`, by the best threshold in hindsight.

    An optimistic figure for the recipe and nothing else: the gate decides on data of its own.
    """

    def key(draft: Draft) -> float:
        return confidence.of(draft.raw.signals) if confidence else draft.raw.signals["sum"]

    wrong, best = 0, 0
    for served, draft in enumerate(sorted(drafts, key=key, reverse=True), 1):
        wrong += not draft.right
        if wrong <= alpha * served:
            best = served
    return best / total if total else 0.0
