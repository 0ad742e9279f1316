"""What a student gets right inside its answers, on a test split that its gate has looked at. Descriptive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from rightsizer.errors import InputError
from rightsizer.pipeline.predict import load_verified
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.prove import learning_of
from rightsizer.pipeline.workspace import Workspace
from rightsizer.scoring.agree import agree
from rightsizer.scoring.metrics import PRF, argument_prf, schema_errors
from rightsizer.scoring.similarity import chrf
from rightsizer.scoring.tool_risk import writes
from rightsizer.types import Evaluation, Example, Message, Prediction, Student, TaskPolicy

BATCH = 64


@dataclass(frozen=True)
class Share:
    """`right` of `n`; nothing can be said where `n` is 0."""

    right: int
    n: int

    @property
    def value(self) -> float | None:
        return self.right / self.n if self.n else None


@dataclass(frozen=True)
class Measures:
    """One set of calls, by several rules.

    `exact` is what the gate counts; `relaxed` compares strings as BFCL does; `valid` could be executed as it
    is; `tool` is the right set of tools where the LLM called some; `restraint` is calling none where tools
    were offered and the LLM called none (BFCL's irrelevance); `arguments` counts leaves; `similarity` is chrF
    over answers that are text.
    """

    calls: int
    answered: int
    exact: Share
    relaxed: Share
    valid: Share
    tool: Share
    restraint: Share
    arguments: PRF
    similarity: float | None


@dataclass(frozen=True)
class StudentMeasures:
    """Over all that the student answers, and over what its certified threshold would have served."""

    student_id: str
    answered: Measures
    served: Measures | None


def measure_student(ws: Workspace, student: Student, *, progress: Progress = silent) -> StudentMeasures:
    """Ask the student on the test split again, and measure its answers by every rule.

    Raises:
        InputError: its gate has not looked at the test split yet.
    """
    ws.enter("evaluate", student=student.id)
    evaluation = evaluated(ws, student)
    learning = learning_of(ws, student)
    test, predictor = learning.part("test"), load_verified(ws, student)
    found: list[Prediction] = []
    for start in range(0, len(test), BATCH):
        found += predictor.predict([e.prompt for e in test[start : start + BATCH]])
        progress(f"measures · {learning.task.name}", len(found), len(test))
    policy = learning.task.policy
    served = [_kept(e, p, evaluation, policy) for e, p in zip(test, found, strict=True)]
    return StudentMeasures(
        student_id=student.id,
        answered=measures(test, [p.message for p in found], policy),
        served=measures(test, served, policy) if evaluation.threshold is not None else None,
    )


def evaluated(ws: Workspace, student: Student) -> Evaluation:
    """The student's newest evaluation.

    Raises:
        InputError: there is none: its test split is still sealed.
    """
    found = ws.store.records.list(Evaluation, student_id=student.id)
    if not found:
        raise InputError(
            f"{student.id} was not evaluated: its test split is still sealed",
            hint=f"rightsizer evaluate {student.id}",
        )
    return found[-1]


def measures(examples: Sequence[Example], answers: Sequence[Message | None], policy: TaskPolicy) -> Measures:
    """Every rule over the calls that were answered (None: not answered)."""
    pairs = [(e, a) for e, a in zip(examples, answers, strict=True) if a is not None]

    def share(rows: list[bool]) -> Share:
        return Share(sum(rows), len(rows))

    def agrees(example: Example, answer: Message, relaxed: bool) -> bool:
        judged = agree(
            example.completion, answer, ignore_fields=policy.ignore_fields, tools=example.prompt.tools,
            relaxed=relaxed,
        )  # fmt: skip
        return judged.loss == 0

    offered = [(e, a) for e, a in pairs if e.prompt.tools]
    texts = [(e, a) for e, a in pairs if not e.completion.tool_calls and not a.tool_calls]
    return Measures(
        calls=len(examples),
        answered=len(pairs),
        exact=share([agrees(e, a, False) for e, a in pairs]),
        relaxed=share([agrees(e, a, True) for e, a in pairs]),
        valid=share([not schema_errors(a, e.prompt) for e, a in pairs]),
        tool=share([_names(e.completion) == _names(a) for e, a in offered if e.completion.tool_calls]),
        restraint=share([not a.tool_calls for e, a in offered if not e.completion.tool_calls]),
        arguments=argument_prf([(e.completion, a) for e, a in pairs]),
        similarity=fmean(chrf(e.completion.text, a.text) for e, a in texts) if texts else None,
    )


def _names(message: Message) -> list[str]:
    return sorted(c.name for c in message.tool_calls)


def _kept(example: Example, found: Prediction, evaluation: Evaluation, policy: TaskPolicy) -> Message | None:
    """The answer if the certified threshold would have served it."""
    threshold = evaluation.threshold
    if found.message is None or threshold is None:
        return None
    if evaluation.threshold_write is not None and writes(
        found.message, example.prompt.tools, policy.tool_risk
    ):
        threshold = evaluation.threshold_write
    return found.message if found.confidence >= threshold else None
