"""Fit a verifier on calls that the model behind the server has not learned from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rightsizer.errors import InputError
from rightsizer.scoring.agree import agree
from rightsizer.students.prompted import PromptedStudent
from rightsizer.students.verifier import FEATURES, Verifier, features, look
from rightsizer.types import Example, TaskPolicy

# Fewer answers of either kind leave nothing to tell apart.
LEAST_OF_A_KIND = 10


def reserved(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """The calls of this share of the groups: those that a decoder trained with the same seed kept for early
    stopping, so that they are new to its weights."""
    groups = sorted({e.group for e in examples})
    random.Random(seed).shuffle(groups)
    chosen = set(groups[: int(share * len(groups))])
    return [e for e in examples if e.group in chosen]


def fit_verifier(student: PromptedStudent, examples: Sequence[Example], policy: TaskPolicy) -> Verifier:
    """Ask the student's server about `examples` and learn which of its answers agree with the teacher.

    Raises:
        InputError: too few right, or too few wrong answers to tell them apart.
        UpstreamError: the server failed.
    """
    from sklearn.linear_model import LogisticRegression

    rows: list[list[float]] = []
    right: list[bool] = []
    with ThreadPoolExecutor(student.how.parallel) as pool:
        votes = list(pool.map(lambda e: student.vote(e.prompt), examples))
    for example, vote in zip(examples, votes, strict=True):
        looked = look(example.prompt, student.book)
        for option in vote.options:
            rows.append(features(looked, option.completion, option.share))
            judged = agree(
                example.completion,
                option.completion.message,
                ignore_fields=policy.ignore_fields,
                tools=example.prompt.tools,
            )
            right.append(judged.loss == 0)
    if min(sum(right), len(right) - sum(right)) < LEAST_OF_A_KIND:
        raise InputError(
            f"{sum(right)} right and {len(right) - sum(right)} wrong answers are too few for a verifier",
            hint="ask about more calls, or leave the verifier out",
        )
    columns = list(zip(*rows, strict=True))
    mean = [sum(c) / len(c) for c in columns]
    scale = [
        (sum((x - m) ** 2 for x in c) / len(c)) ** 0.5 or 1.0 for c, m in zip(columns, mean, strict=True)
    ]
    scaled = [[(x - m) / s for x, m, s in zip(row, mean, scale, strict=True)] for row in rows]
    model = LogisticRegression(C=1.0, max_iter=1_000).fit(scaled, right)
    assert len(mean) == len(FEATURES)
    return Verifier(
        mean=tuple(mean),
        scale=tuple(scale),
        weights=tuple(map(float, model.coef_[0])),
        bias=float(model.intercept_[0]),
    )
