"""The learning curve of a task: do more calls help, and how many more would be needed?

Cheap students are trained on growing parts of the train split and asked about a fourth of its sessions that
none of them saw. The calibration and the test split are not touched, so a curve costs no δ.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rightsizer.errors import InputError
from rightsizer.evaluation.run import score
from rightsizer.pipeline.learn import Learning
from rightsizer.pipeline.predict import artifact_seal
from rightsizer.pipeline.probe import held_out
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.stats import clopper_pearson, cluster_bootstrap
from rightsizer.students.artifact import load_student, sealed
from rightsizer.types import Candidate, Example, Score

SHARES = (0.25, 0.5, 1.0)
CHEAP = ("tfidf-linear", "minilm-linear", "structured")
LEAST_HELD_OUT = 30
IDLE = 0.01  # a gain certainly below this from doubling the calls is no gain
FARTHEST = 20.0  # a curve is not drawn out further than so many times the calls that it rests on

Advice = Literal["more calls help", "more calls do not help", "cannot tell"]


@dataclass(frozen=True)
class Point:
    """A student of `n_train` calls. An abstention counts as disagreement; the bounds are exact."""

    n_train: int
    n_asked: int
    agreement: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """One method's points, and what follows. `gain` is that of doubling the calls, with its 95 % interval.

    `calls_needed` is how many more calls of the task the drawn-out curve needs until the student agrees on
    1 − `alpha` of all calls; 0 if it does already, None where the curve does not lead there.
    """

    method: str
    points: tuple[Point, ...]
    gain: float
    gain_low: float
    gain_high: float
    advice: Advice
    alpha: float
    calls_needed: int | None


def learning_curve(
    ws: Workspace, learning: Learning, *, alpha: float, progress: Progress = silent
) -> tuple[Curve, ...]:
    """A curve per cheap method that the task allows.

    Raises:
        InputError: no such method, or too few calls to tell anything.
    """
    candidates = [c for c in learning.candidates if c.accepted and c.method in CHEAP]
    if not candidates:
        reasons = "; ".join(dict.fromkeys(c.reason for c in learning.candidates if c.method in CHEAP))
        raise InputError(f"no cheap student fits {learning.task.name}: {reasons}")
    shown, asked = held_out(learning.part("train"), ws.settings.train.seed)
    if len(asked) < LEAST_HELD_OUT:
        raise InputError(
            f"{len(asked)} held-out calls are too few for a curve; {LEAST_HELD_OUT} are the least",
            hint="import more calls of this task",
        )
    return tuple(_curve(ws, learning, c, shown, asked, alpha, progress) for c in candidates)


def _curve(
    ws: Workspace,
    learning: Learning,
    candidate: Candidate,
    shown: Sequence[Example],
    asked: Sequence[Example],
    alpha: float,
    progress: Progress,
) -> Curve:
    parts = [part_of(shown, share, ws.settings.train.seed) for share in SHARES]
    scores = []
    for i, part in enumerate(parts):
        progress(f"curve {candidate.method} · {len(part):,} calls", i, len(parts))
        scores.append(_trained(ws, learning, candidate, part, asked))
    points = tuple(_point(len(p), s) for p, s in zip(parts, scores, strict=True))
    differences = [a.loss - b.loss for a, b in zip(scores[-2], scores[-1], strict=True)]
    gain = cluster_bootstrap(differences, [s.group for s in scores[-1]])
    n_train = len(learning.part("train"))
    per_call = len(learning.examples) / max(1, n_train)  # calls of the task for one to train on
    return Curve(
        candidate.method, points, gain.mean, gain.low, gain.high, advise(gain.low, gain.high), alpha,
        calls_to_reach(points, alpha, per_call),
    )  # fmt: skip


def part_of(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """About this share of the examples, by whole groups; a smaller part lies within a larger one."""
    groups = sorted({e.group for e in examples})
    random.Random(seed).shuffle(groups)
    kept = set(groups[: max(1, round(share * len(groups)))])
    return [e for e in examples if e.group in kept]


def _trained(
    ws: Workspace, learning: Learning, candidate: Candidate, part: Sequence[Example], asked: Sequence[Example]
) -> list[Score]:
    from rightsizer.training.train import train

    with tempfile.TemporaryDirectory() as folder, sealed(artifact_seal(ws)):
        out = Path(folder) / "student"
        part = part[: ws.settings.train.max_examples]
        train(candidate, learning.task, part, out, seed=ws.settings.train.seed, encoder=ws.encoder)
        return score(load_student(out, encoder=ws.encoder), asked, learning.task.policy)


def _point(n_train: int, scores: Sequence[Score]) -> Point:
    agreed = sum(s.loss == 0 for s in scores)
    low, high = clopper_pearson(agreed, len(scores))
    return Point(n_train, len(scores), agreed / len(scores), low, high)


def advise(low: float, high: float) -> Advice:
    """From the interval of the gain that doubling the calls brought."""
    if low > 0:
        return "more calls help"
    return "more calls do not help" if high < IDLE else "cannot tell"


def calls_to_reach(points: Sequence[Point], alpha: float, per_call: float = 1.0) -> int | None:
    """More calls until the error is `alpha`, where it falls as a power of their number (Hestness 2017).

    The slope is that between the first and the last point. None where it does not fall, has no error to
    fall from, or would have to fall further than `FARTHEST` times the calls.
    """
    first, last = points[0], points[-1]
    before, now = 1 - first.agreement, 1 - last.agreement
    if now <= alpha:
        return 0
    if not before > now > 0 or last.n_train <= first.n_train:
        return None
    slope = math.log(before / now) / math.log(last.n_train / first.n_train)
    factor = (now / alpha) ** (1 / slope) if slope > 0.02 else math.inf
    return math.ceil((factor - 1) * last.n_train * per_call) if factor <= FARTHEST else None
