"""Two students of one dataset on the same test calls. Descriptive: it certifies nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rightsizer.errors import InputError
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.prove import learning_of, scored
from rightsizer.pipeline.workspace import Workspace
from rightsizer.stats import Equivalence, Estimate, cluster_bootstrap, mcnemar_exact, tost
from rightsizer.types import Evaluation, Score, Student


@dataclass(frozen=True)
class Comparison:
    """`difference` is first − second of the share of calls that agree, an abstention counting as none.

    `only_first` and `only_second`: calls on which one of them alone agrees. `p_equal`: exact McNemar test,
    for independent calls. The interval and the equivalence test (± `margin`) count sessions.
    """

    first: str
    second: str
    n_calls: int
    agree_first: int
    agree_second: int
    only_first: int
    only_second: int
    p_equal: float
    difference: Estimate
    equivalence: Equivalence
    margin: float


def compare_students(
    ws: Workspace, first: Student, second: Student, *, margin: float = 0.02, progress: Progress = silent
) -> Comparison:
    """Compare on the test split, which the gate of both must have looked at already.

    Raises:
        InputError: other datasets, one of them not evaluated yet, or fewer than two sessions.
    """
    ws.enter("evaluate", student=first.id, beside=second.id)
    if first.dataset_id != second.dataset_id:
        raise InputError(
            f"{first.id} and {second.id} learned from different datasets",
            hint="train both methods in one `rightsizer train TASK`",
        )
    for student in (first, second):
        if not ws.store.records.list(Evaluation, student_id=student.id):
            raise InputError(
                f"{student.id} was not evaluated: its test split is still sealed",
                hint=f"rightsizer evaluate {student.id}",
            )
    learning = learning_of(ws, first)
    a, b = (scored(ws, s, learning, "test", progress) for s in (first, second))
    return compare_scores(first.id, second.id, a, b, margin)


def compare_scores(
    first: str, second: str, a: Sequence[Score], b: Sequence[Score], margin: float
) -> Comparison:
    """The comparison of scores on the same calls in the same order."""
    if [s.call_id for s in a] != [s.call_id for s in b]:
        raise InputError("the two students were not scored on the same calls")
    right = [(x.loss == 0, y.loss == 0) for x, y in zip(a, b, strict=True)]
    differences, groups = [float(x) - float(y) for x, y in right], [s.group for s in a]
    only_first, only_second = sum(x and not y for x, y in right), sum(y and not x for x, y in right)
    return Comparison(
        first=first,
        second=second,
        n_calls=len(right),
        agree_first=sum(x for x, _ in right),
        agree_second=sum(y for _, y in right),
        only_first=only_first,
        only_second=only_second,
        p_equal=mcnemar_exact(only_first, only_second),
        difference=cluster_bootstrap(differences, groups),
        equivalence=tost(differences, groups, margin),
        margin=margin,
    )
