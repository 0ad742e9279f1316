"""Which answers of the training calls are classes, and which are too rare to be learnt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rightsizer.students.answers import most_written
from rightsizer.types import Example, Message
from rightsizer.views.answer import canonical_answer

if TYPE_CHECKING:
    import numpy.typing as npt

MIN_EXAMPLES = 3
MIN_GROUPS = 2
# A class of rare answers teaches the student to abstain on their like; a handful teaches nothing.
MIN_RARE = 10


@dataclass(frozen=True)
class Classes:
    """`rows` are the examples used, `labels` their class; ``answers[i]`` is None for the rare answers' class.

    `learnable` is the share of all examples whose answer is a class of its own.
    """

    answers: tuple[Message | None, ...]
    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int32]
    learnable: float
    n_distinct: int

    @property
    def n_answers(self) -> int:
        return sum(a is not None for a in self.answers)


def find_classes(examples: Sequence[Example]) -> Classes:
    """Answers given in at least `MIN_EXAMPLES` examples of `MIN_GROUPS` groups become classes, in name
    order; the examples of the others form one class without an answer if there are `MIN_RARE` of them."""
    canonical = [canonical_answer(e.completion) for e in examples]
    count: dict[str, int] = defaultdict(int)
    groups: dict[str, set[str]] = defaultdict(set)
    for answer, example in zip(canonical, examples, strict=True):
        count[answer] += 1
        groups[answer].add(example.group)
    frequent = sorted(a for a in count if count[a] >= MIN_EXAMPLES and len(groups[a]) >= MIN_GROUPS)
    index = {a: i for i, a in enumerate(frequent)}
    messages = most_written([e.completion for e in examples])
    answers: list[Message | None] = [messages[a] for a in frequent]
    n_learnable = sum(count[a] for a in frequent)
    if len(examples) - n_learnable >= MIN_RARE and frequent:
        answers.append(None)
    rare = len(frequent) if len(answers) > len(frequent) else -1
    labels = np.array([index.get(a, rare) for a in canonical], np.int32)
    rows = np.flatnonzero(labels >= 0)
    return Classes(tuple(answers), rows, labels[rows], n_learnable / max(len(examples), 1), len(count))
