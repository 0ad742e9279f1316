"""The gate as a verb: score a student on sealed splits, decide, and sign what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from rightsizer.errors import EvidenceError, InputError, NotFound
from rightsizer.evaluation.certificate import Verification, issue, verify
from rightsizer.evaluation.evaluate import evaluate
from rightsizer.evaluation.run import score
from rightsizer.evaluation.slices import slice_scores, with_slices
from rightsizer.evaluation.spending import next_batch
from rightsizer.pipeline.collect import filed_under
from rightsizer.pipeline.curated import read_copy, reads_copies_only
from rightsizer.pipeline.learn import Learning, calibration_growth, curated_example
from rightsizer.pipeline.predict import load_verified, student_hash
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.tasks.dataset import materialise
from rightsizer.types import (
    Certificate,
    Dataset,
    DeltaBatch,
    Evaluation,
    ProbeRecord,
    Release,
    Score,
    Split,
    Student,
    Task,
)


def evaluate_student(
    ws: Workspace, student: Student, *, alpha: float | None = None, progress: Progress = silent
) -> Evaluation:
    """Put one student through the gate; spends a batch of δ of its own. Issues a certificate if it passes."""
    ws.enter("evaluate", student=student.id)
    learning = learning_of(ws, student)
    (delta,) = spend(ws, 1)
    calibration = scored(ws, student, learning, "calibration", progress)
    test = scored(ws, student, learning, "test", progress)
    evaluation = decide(ws, student, learning, calibration, test, delta=delta, alpha=alpha)
    return keep(ws, evaluation, student, learning.dataset, calibration + test)


def learning_of(ws: Workspace, student: Student) -> Learning:
    """The frozen dataset that a student learned from, with its examples."""
    task = ws.find(Task, student.task_id)
    dataset = ws.find(Dataset, student.dataset_id)
    if reads_copies_only(ws):
        return Learning(task, dataset, tuple(read_copy(ws, dataset)), ())
    calls = ws.store.calls.scan(task_id=filed_under(task), kept_only=True)
    return Learning(task, dataset, tuple(materialise(dataset, calls, curated_example(ws))), ())


def spend(ws: Workspace, decisions: int) -> list[float]:
    """Take the next batch of δ for so many decisions, and write down that it is spent."""
    ledger = ws.store.records.list(DeltaBatch)
    batch = next_batch(ledger, decisions, total=ws.settings.gate.delta)
    ws.store.records.put(batch)
    return [batch.delta_each] * decisions


def scored(
    ws: Workspace, student: Student, learning: Learning, split: Split, progress: Progress = silent
) -> list[Score]:
    """The student's answers on one split, judged against the teacher's."""
    return score(
        load_verified(ws, student),
        learning.part(split),
        learning.task.policy,
        progress=lambda done, total: progress(f"{split} · {learning.task.name}", done, total),
    )


def decide(
    ws: Workspace,
    student: Student,
    learning: Learning,
    calibration: Sequence[Score],
    test: Sequence[Score],
    *,
    delta: float,
    alpha: float | None = None,
) -> Evaluation:
    """The gate's decision on these scores; stores nothing."""
    task, gate, policy = learning.task, ws.settings.gate, learning.task.policy
    alpha = alpha or policy.alpha or gate.alpha(task.output)
    # Where no call offers tools nothing can write, and all of the level is for one class.
    offers = any(e.prompt.tools for e in learning.examples)
    alpha_write = policy.alpha_write or (gate.alpha_write if offers else 0.0)
    evaluation = evaluate(
        student,
        learning.dataset,
        calibration,
        test,
        alpha=alpha,
        delta=delta,
        min_coverage=gate.min_coverage,
        alpha_write=min(alpha, alpha_write) if alpha_write else None,
        tool_risk=policy.tool_risk,
        baselines=baselines(ws, learning),
        growth=calibration_growth(ws, learning),
    )
    slices = slice_scores(
        learning.examples, [*calibration, *test], evaluation.threshold, task.output, policy,
        threshold_write=evaluation.threshold_write,
    )  # fmt: skip
    return with_slices(evaluation, slices, gate.slice_floor)


def baselines(ws: Workspace, learning: Learning) -> dict[str, float]:
    """What would be reached on the test split without a student: by the commonest answer, by exact repeats
    (`cache`), by a list of words (`rules`), and by the best model that was probed untrained, if any was.

    `self_agreement` is how often the LLM agrees with itself where an input recurs in the log: hardly any
    student does better.
    """
    from rightsizer.evaluation.run import majority_agreement
    from rightsizer.training.repeat import repeat_agreement
    from rightsizer.training.rules import find_rules

    train, test, policy = learning.part("train"), learning.part("test"), learning.task.policy
    rules = find_rules(train, policy)
    found = {
        "majority": majority_agreement(train, test, policy),
        "cache": repeat_agreement(train, test, policy),
        "rules": rules.agreement(test, policy) if rules else 0.0,
    }
    probed = [p.n_agree / p.n_calls for p in ws.store.records.list(ProbeRecord, task_id=learning.task.id)]
    ceiling = learning.task.readiness_parts.get("steady")
    told = {"untrained": max(probed, default=None), "self_agreement": ceiling}
    return found | {name: value for name, value in told.items() if value is not None}


def keep(
    ws: Workspace, evaluation: Evaluation, student: Student, dataset: Dataset, scores: Sequence[Score]
) -> Evaluation:
    """Store the evaluation; if it passed, with its evidence and a signed certificate."""
    ws.store.records.put(evaluation)
    if evaluation.threshold is None:
        return evaluation
    certificate, evidence = issue(evaluation, student, dataset, scores, ws.signing_key, now=datetime.now(UTC))
    path = ws.home / certificate.evidence
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(evidence)
    ws.store.records.put(certificate)
    return evaluation


def certificate_of(ws: Workspace, student_id: str) -> Certificate | None:
    """The newest certificate of a student; None if it never passed."""
    found = ws.store.records.list(Certificate, student_id=student_id)
    return found[-1] if found else None


def verify_certificate(ws: Workspace, key: str) -> Verification:
    """Recompute a certificate from its evidence and the files that serve, offline.

    `key` is a certificate, or the release, student or task whose newest certificate is meant.

    Raises:
        NotFound: nothing matches, or what matches has no certificate.
        EvidenceError: the evidence file cannot be read.
    """
    ws.enter("models.read", verify=True)
    certificate = _certificate(ws, key)
    student = ws.find(Student, certificate.student_id)
    try:
        evidence = (ws.home / certificate.evidence).read_bytes()
    except OSError as error:
        raise EvidenceError(
            f"the evidence of {certificate.id} cannot be read: {error}",
            hint="restore the home folder from a backup, or evaluate the student again",
        ) from error
    return verify(certificate, evidence, student_hash(ws, student), ws.signing_key.public_key())


def _certificate(ws: Workspace, key: str) -> Certificate:
    with suppress(NotFound):
        return ws.find(Certificate, key)
    with suppress(NotFound):
        return ws.find(Certificate, ws.find(Release, key).certificate_id)
    owners: tuple[tuple[type[Student | Task], str], ...] = ((Student, "student_id"), (Task, "task_id"))
    for kind, column in owners:
        with suppress(NotFound):
            owner = ws.find(kind, key).id
            issued = ws.store.records.list(Certificate, **{column: owner})
            if not issued:
                raise InputError(f"nothing was proved for '{key}'", hint="see 'rightsizer evaluations list'")
            return issued[-1]
    raise NotFound(
        f"no certificate '{key}'", hint="name a task, student or release: 'rightsizer routes list'"
    )
