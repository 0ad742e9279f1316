"""A certificate is recomputed from its evidence, and whatever was altered is named."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rightsizer.errors import ArtifactError, EvidenceError, InputError
from rightsizer.evaluation import certificate as certificate_module
from rightsizer.evaluation import evaluate as evaluate_module
from rightsizer.evaluation.certificate import issue, signing_key, verify
from rightsizer.evaluation.classes import decide_classes
from rightsizer.evaluation.evaluate import evaluate
from rightsizer.evaluation.evidence import id_digest, read_evidence
from rightsizer.evaluation.plan import FAMILIES
from rightsizer.evaluation.signing import KEY_FILE, digest_secret

SETTINGS = {"alpha": 0.05, "delta": 0.1, "min_coverage": 0.05}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def good(confidence: float) -> float:
    return 0.5 if confidence < 0.2 else 0.01


@pytest.fixture(params=[1, 3], ids=["one call a session", "three calls a session"])
def issued(request, student, make_scores, make_dataset):
    scores = [make_scores(p, n, good, per_session=request.param) for p, n in (("cal", 1800), ("test", 600))]
    dataset = make_dataset(*scores)
    evaluation = evaluate(student, dataset, *scores, **SETTINGS)
    return issue(evaluation, student, dataset, scores[0] + scores[1], KEY)


def failing(certificate, evidence, artifact_hash="a" * 64, key=KEY):
    checks = verify(certificate, evidence, artifact_hash, key.public_key()).checks
    return [check.name for check in checks if not check.ok]


def test_what_was_issued_verifies_with_the_public_key_alone(issued):
    certificate, evidence = issued
    result = verify(certificate, evidence, "a" * 64, KEY.public_key())
    assert result.ok
    assert failing(certificate, evidence) == []
    assert {c.name for c in result.checks} >= {
        "signature",
        "artifact",
        "evidence hash",
        "verdict",
        "threshold",
    }
    assert certificate.statement.startswith("With probability at least 90.0000%")
    assert len(certificate.limits) >= 5


def test_it_survives_json(issued):
    certificate, evidence = issued
    again = type(certificate).model_validate_json(certificate.model_dump_json())
    assert failing(again, evidence) == []


def test_other_artifact_is_named(issued):
    assert failing(*issued, artifact_hash="b" * 64) == ["artifact"]


def test_other_key_is_named(issued):
    assert failing(*issued, key=Ed25519PrivateKey.generate()) == ["signature"]


def test_altered_threshold_is_named_even_by_who_holds_the_key(issued):
    certificate, evidence = issued
    assert failing(certificate.model_copy(update={"threshold": 0.001}), evidence) == [
        "signature",
        "threshold",
    ]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"alpha": 0.01}, "parameter alpha"),
        ({"delta": 0.001}, "parameter delta"),
        ({"student_id": "student_2"}, "parameter student_id"),
        ({"dataset_hash": "e" * 64}, "parameter dataset_hash"),
        ({"statement": "It is always right."}, "statement"),
        ({"limits": ()}, "limits"),
        ({"evidence_hash": "0" * 64}, "evidence hash"),
    ],
)
def test_every_altered_field_breaks_the_signature_and_its_own_check(issued, change, named):
    certificate, evidence = issued
    failed = failing(certificate.model_copy(update=change), evidence)
    assert "signature" in failed
    assert named in failed


def test_altered_losses_break_the_hash_and_the_recomputation(issued):
    certificate, evidence = issued
    worse = evidence.replace(b'"loss": 0', b'"loss": 1', 400)
    failed = failing(certificate, worse)
    assert "evidence hash" in failed
    assert "verdict" in failed
    assert "signature" not in failed


@pytest.mark.parametrize(
    "broken",
    [b"", b"{}\n", b"\xff\xfe", b'{"format": "rightsizer-evidence/1"}\n{"call": 1}\n', b"not json\n"],
)
def test_unreadable_evidence_is_a_failed_check_and_no_crash(issued, broken):
    failed = failing(issued[0], broken)
    assert "evidence" in failed
    assert "evidence hash" in failed


def test_what_was_decided_with_fewer_thresholds_is_recomputed_with_those(
    student, make_scores, make_dataset, monkeypatch
):
    """Evidence written before there were two families names none; taking it for the newer one is noticed."""

    def steep(confidence: float) -> float:  # to serve 96.8 % can be proved, 97.5 % cannot
        return float(confidence < 0.07)

    scores = [make_scores("cal", 1800, steep), make_scores("test", 600, steep)]
    dataset = make_dataset(*scores)

    def issued_with(family):
        with monkeypatch.context() as patch:
            rules = FAMILIES[family]
            patch.setattr(certificate_module, "FAMILY", family)
            patch.setattr(evaluate_module, "decide_classes", partial(decide_classes, family=rules))
            evaluation = evaluate(student, dataset, *scores, **SETTINGS)
            return issue(evaluation, student, dataset, scores[0] + scores[1], KEY)

    (old, before), (new, after) = issued_with(1.0), issued_with(2.0)
    assert old.threshold > new.threshold
    assert failing(new, after) == []
    unnamed = before.replace(b'"family": 1.0, ', b"")
    assert unnamed != before
    assert failing(old, unnamed) == ["evidence hash"]
    assert "threshold" in failing(old, before.replace(b'"family": 1.0', b'"family": 2.0'))
    assert "evidence" in failing(old, before.replace(b'"family": 1.0', b'"family": 9.0'))


def test_a_call_counted_twice_is_found(issued):
    certificate, evidence = issued
    first = evidence.splitlines()[1]
    with pytest.raises(EvidenceError, match="there before"):
        read_evidence(evidence + first + b"\n")
    assert "evidence" in failing(certificate, evidence + first + b"\n")


def test_revoked_is_named_and_leaves_the_signature_whole(issued):
    certificate, evidence = issued
    revoked = certificate.model_copy(update={"revoked_at": datetime(2030, 1, 1, tzinfo=UTC)})
    assert failing(revoked, evidence) == ["not revoked"]


def test_evidence_holds_no_id_and_only_the_issuer_can_relink_it(issued):
    certificate, evidence = issued
    assert b"cal-call" not in evidence
    assert b"session-" not in evidence
    assert set(json.loads(evidence.splitlines()[1])) == {"call", "group", "split", "confidence", "loss"}
    own = digest_secret(KEY, certificate.evaluation_id)
    assert read_evidence(evidence).calibration[7].call_id == id_digest(own, "cal-call-7")
    foreign = digest_secret(Ed25519PrivateKey.generate(), certificate.evaluation_id)
    assert id_digest(foreign, "cal-call-7") != id_digest(own, "cal-call-7")


def test_only_a_pass_is_certified(student, make_scores, make_dataset):
    scores = [make_scores(p, n, lambda c: 0.5) for p, n in (("cal", 600), ("test", 300))]
    dataset = make_dataset(*scores)
    evaluation = evaluate(student, dataset, *scores, **SETTINGS)
    with pytest.raises(InputError, match="only a pass is certified"):
        issue(evaluation, student, dataset, scores[0] + scores[1], KEY)


def test_scores_of_something_else_are_refused(student, make_scores, make_dataset):
    scores = [make_scores(p, n, good) for p, n in (("cal", 900), ("test", 400))]
    dataset = make_dataset(*scores)
    evaluation = evaluate(student, dataset, *scores, **SETTINGS)
    with pytest.raises(EvidenceError):
        issue(evaluation, student, dataset, scores[0][:500] + scores[1], KEY)
    unknown = scores[0][0].model_copy(update={"call_id": "train-1"})
    with pytest.raises(EvidenceError, match="sealed split"):
        issue(evaluation, student, dataset, [unknown, *scores[0], *scores[1]], KEY)


def test_signing_key_is_made_once_and_private(tmp_path):
    first, second = signing_key(tmp_path), signing_key(tmp_path)
    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / KEY_FILE).parent.iterdir()] == [KEY_FILE.name]


def test_a_broken_key_file_is_said_so_and_not_replaced(tmp_path):
    signing_key(tmp_path)
    (tmp_path / KEY_FILE).write_text("nonsense")
    with pytest.raises(ArtifactError, match="not a private key"):
        signing_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_text() == "nonsense"


def test_a_sealed_signing_key_opens_with_its_secret_alone(tmp_path):
    key = signing_key(tmp_path, b"s" * 32)
    content = (tmp_path / KEY_FILE).read_bytes()
    assert b"PRIVATE KEY" not in content
    assert key.private_bytes_raw() not in content
    assert signing_key(tmp_path, b"s" * 32).private_bytes_raw() == key.private_bytes_raw()
    with pytest.raises(ArtifactError, match="another store"):
        signing_key(tmp_path, b"t" * 32)
    with pytest.raises(ArtifactError, match="is sealed"):
        signing_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_plain_signing_key_is_sealed_where_a_secret_is_given_and_stays_the_same(tmp_path):
    key = signing_key(tmp_path)
    assert b"PRIVATE KEY" in (tmp_path / KEY_FILE).read_bytes()
    assert signing_key(tmp_path, b"s" * 32).private_bytes_raw() == key.private_bytes_raw()
    assert b"BEGIN PRIVATE KEY" not in (tmp_path / KEY_FILE).read_bytes()
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / KEY_FILE).parent.iterdir()] == [KEY_FILE.name]
    assert signing_key(tmp_path, b"s" * 32).private_bytes_raw() == key.private_bytes_raw()
