"""Certificates: sign what the gate decided, and recompute it offline from the evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rightsizer.errors import EvidenceError, InputError
from rightsizer.evaluation.classes import Decided, decide_classes
from rightsizer.evaluation.evidence import Evidence, read_evidence, write_evidence
from rightsizer.evaluation.plan import FAMILIES, FAMILY, Family
from rightsizer.evaluation.signing import digest_secret, signing_key
from rightsizer.evaluation.statement import LIMITS, state
from rightsizer.types import Certificate, Dataset, Evaluation, Score, Student, new_id

__all__ = ["Check", "Verification", "issue", "signing_key", "verify"]

PARAMETERS = (
    "evaluation_id",
    "student_id",
    "task_id",
    "artifact_hash",
    "dataset_hash",
    "alpha",
    "delta",
    "alpha_write",
)
LATER = ("alpha_write", "threshold_write", "tool_risk")  # fields that older certificates do not have


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """`ok` = every check holds."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def issue(
    evaluation: Evaluation,
    student: Student,
    dataset: Dataset,
    scores: Sequence[Score],
    key: Ed25519PrivateKey,
    *,
    now: datetime | None = None,
) -> tuple[Certificate, bytes]:
    """The signed certificate of a passed evaluation, and its evidence file.

    `Certificate.evidence` is the path under the home folder where the file belongs.

    Args:
        scores: all scores of both sealed splits, in the order in which they were judged.

    Raises:
        InputError: the evaluation did not pass; only a pass is certified.
        EvidenceError: the scores do not lead to this evaluation.
    """
    if evaluation.verdict != "pass" or evaluation.threshold is None:
        raise InputError(
            f"{evaluation.id} is '{evaluation.verdict}', and only a pass is certified", hint=evaluation.reason
        )
    evidence = write_evidence(
        _header(evaluation, student, dataset),
        _by_split(dataset, scores),
        digest_secret(key, evaluation.id),
    )
    decision = _recompute(read_evidence(evidence))
    base = decision.parts[0]
    found = (decision.verdict, decision.threshold, decision.threshold_write, base.n_calibration, base.n_test)
    stated = (evaluation.threshold, evaluation.threshold_write, evaluation.n_calibration, evaluation.n_test)
    if found != ("pass", *stated):
        raise EvidenceError(f"the scores given do not lead to {evaluation.id}")
    certificate_id = new_id("certificate")
    unsigned = Certificate(
        id=certificate_id,
        task_id=evaluation.task_id,
        student_id=student.id,
        evaluation_id=evaluation.id,
        artifact_hash=student.artifact_hash,
        dataset_hash=dataset.content_hash,
        alpha=evaluation.alpha,
        delta=evaluation.delta,
        threshold=evaluation.threshold,
        alpha_write=evaluation.alpha_write,
        threshold_write=evaluation.threshold_write,
        tool_risk=evaluation.tool_risk,
        statement=state(decision, evaluation.alpha, evaluation.delta, evaluation.alpha_write),
        limits=LIMITS,
        evidence=f"evidence/{certificate_id}.jsonl",
        evidence_hash=hashlib.sha256(evidence).hexdigest(),
        issued_at=now or datetime.now(UTC),
    )
    return unsigned.model_copy(update={"signature": key.sign(signed_bytes(unsigned)).hex()}), evidence


def signed_bytes(certificate: Certificate) -> bytes:
    """What the signature is over: canonical JSON of all but the signature and a later revocation.

    A field that came later is left out while it says nothing, so that older signatures hold.
    """
    idle = {name for name in LATER if getattr(certificate, name) in (None, {})}
    body = certificate.model_dump(mode="json", exclude={"signature", "revoked_at"} | idle)
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def verify(
    certificate: Certificate, evidence: bytes, artifact_hash: str, public_key: Ed25519PublicKey
) -> Verification:
    """Recompute a certificate offline. Every check is made and named, whatever the others say.

    Args:
        artifact_hash: of the files that serve, computed now.
    """
    checks = [
        _signature(certificate, public_key),
        Check(
            "not revoked",
            certificate.revoked_at is None,
            "in force"
            if certificate.revoked_at is None
            else f"revoked at {certificate.revoked_at.isoformat()}",
        ),
        _same("artifact", artifact_hash, certificate.artifact_hash),
        _same("evidence hash", hashlib.sha256(evidence).hexdigest(), certificate.evidence_hash),
    ]
    try:
        parsed = read_evidence(evidence)
        decision = _recompute(parsed)
    except (EvidenceError, InputError) as error:
        return Verification((*checks, Check("evidence", False, error.message)))
    n = f"{len(parsed.calibration)} calibration and {len(parsed.test)} test calls"
    return Verification(
        (
            *checks,
            Check("evidence", True, n),
            *(_same(f"parameter {p}", parsed.header.get(p), getattr(certificate, p)) for p in PARAMETERS),
            _same("verdict", decision.verdict, "pass"),
            _same("threshold", decision.threshold, certificate.threshold),
            _same("threshold of writes", decision.threshold_write, certificate.threshold_write),
            _same("statement", _stated(decision, certificate), certificate.statement),
            _same("limits", LIMITS, certificate.limits),
        )
    )


def _recompute(evidence: Evidence) -> Decided:
    alpha, delta, min_coverage = (_number(evidence, n) for n in ("alpha", "delta", "min_coverage"))
    alpha_write = None if evidence.header.get("alpha_write") is None else _number(evidence, "alpha_write")
    return decide_classes(
        evidence.calibration, evidence.test, alpha=alpha, delta=delta, min_coverage=min_coverage,
        alpha_write=alpha_write, family=_family(evidence),
    )  # fmt: skip


def _family(evidence: Evidence) -> Family:
    """The rules it was decided with; evidence written before there were two families states none."""
    family = _number(evidence, "family") if "family" in evidence.header else 1.0
    if family not in FAMILIES:
        raise EvidenceError(
            f"the evidence names family {family:g} of plans, which this version does not know",
            hint="upgrade rightsizer",
        )
    return FAMILIES[family]


def _stated(decision: Decided, certificate: Certificate) -> str:
    return state(decision, certificate.alpha, certificate.delta, certificate.alpha_write)


def _number(evidence: Evidence, name: str) -> float:
    value = evidence.header.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvidenceError(f"the evidence does not state {name}")
    return float(value)


def _header(evaluation: Evaluation, student: Student, dataset: Dataset) -> dict[str, str | float]:
    own_class: dict[str, str | float] = {}
    if evaluation.alpha_write is not None:
        own_class["alpha_write"] = evaluation.alpha_write
    return own_class | {
        "evaluation_id": evaluation.id,
        "student_id": student.id,
        "task_id": evaluation.task_id,
        "artifact_hash": student.artifact_hash,
        "dataset_hash": dataset.content_hash,
        "alpha": evaluation.alpha,
        "delta": evaluation.delta,
        "min_coverage": evaluation.min_coverage,
        "family": FAMILY,
    }


def _by_split(dataset: Dataset, scores: Sequence[Score]) -> list[tuple[str, list[Score]]]:
    """The scores by the split that the frozen dataset says; a score of a training row is an error."""
    split_of = {row.call_id: row.split for row in dataset.rows}
    parts: dict[str, list[Score]] = {"calibration": [], "test": []}
    for score in scores:
        split = split_of.get(score.call_id)
        if split is None or split not in parts:
            raise EvidenceError(f"{score.call_id} is not in a sealed split of {dataset.id}")
        parts[split].append(score)
    return list(parts.items())


def _signature(certificate: Certificate, public_key: Ed25519PublicKey) -> Check:
    try:
        public_key.verify(bytes.fromhex(certificate.signature), signed_bytes(certificate))
    except (InvalidSignature, ValueError):
        return Check("signature", False, "the certificate was altered, or signed with another key")
    return Check("signature", True, "Ed25519")


def _same(name: str, found: object, stated: object) -> Check:
    if found == stated:
        return Check(name, True, str(found) if isinstance(found, str | float) else "as stated")
    return Check(name, False, f"recomputed {found}, the certificate says {stated}")
