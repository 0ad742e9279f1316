from datetime import UTC, datetime

import pytest

from rightsizer.errors import InputError
from rightsizer.serving.release import decide_release, end_release
from rightsizer.serving.routing import accepted, offered
from rightsizer.types import Certificate, Evaluation, Message, Prediction, Route, Student, ToolCallPart

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _student(**kw) -> Student:
    base = {
        "id": "student_1", "task_id": "task_1", "dataset_id": "dataset_1", "rung": "linear",
        "method": "tfidf-linear", "artifact": "students/1", "artifact_hash": "abc",
    }  # fmt: skip
    return Student(**(base | kw))


def _evaluation(**kw) -> Evaluation:
    base = {
        "id": "evaluation_1", "student_id": "student_1", "task_id": "task_1", "dataset_id": "dataset_1",
        "verdict": "pass", "threshold": 0.7, "alpha": 0.02, "delta": 0.01,
        "n_calibration": 500, "n_test": 300,
        "n_sessions_calibration": 500, "n_sessions_test": 300,
    }  # fmt: skip
    return Evaluation(**(base | kw))


def _certificate(**kw) -> Certificate:
    base = {
        "id": "certificate_1", "task_id": "task_1", "student_id": "student_1", 
        "evaluation_id": "evaluation_1",
        "artifact_hash": "abc", "dataset_hash": "d", "alpha": 0.02, "delta": 0.01, "threshold": 0.7,
        "statement": "s", "limits": ("l",), "evidence": "e", "evidence_hash": "h", "issued_at": NOW,
    }  # fmt: skip
    return Certificate(**(base | kw))


def test_live_route_carries_the_certified_threshold():
    release, route = decide_release(_student(), _evaluation(), _certificate(), mode="live", now=NOW)
    assert route.threshold == 0.7
    assert route.release_id == release.id
    assert release.mode == route.mode == "live"


@pytest.mark.parametrize(
    ("evaluation", "certificate"),
    [
        (_evaluation(), None),
        (_evaluation(verdict="fail"), _certificate()),
        (_evaluation(verdict="undecided"), _certificate()),
        (_evaluation(student_id="student_2"), _certificate()),
        (_evaluation(), _certificate(student_id="student_2")),
        (_evaluation(), _certificate(revoked_at=NOW)),
        (_evaluation(), _certificate(artifact_hash="other")),
    ],
)
@pytest.mark.parametrize("mode", ["canary", "live"])
def test_nothing_answers_agents_without_proof(evaluation, certificate, mode):
    with pytest.raises(InputError):
        decide_release(_student(), evaluation, certificate, mode=mode, now=NOW)


def test_shadow_needs_no_pass():
    _, route = decide_release(_student(), _evaluation(verdict="fail"), None, mode="shadow", now=NOW)
    assert not any(offered(route, f"call_{i}") for i in range(100))


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_share_out_of_range_is_refused(share):
    with pytest.raises(InputError, match="share"):
        decide_release(_student(), _evaluation(), _certificate(), mode="canary", share=share, now=NOW)


def test_end_release_ends_only_what_is_open():
    open_one, _ = decide_release(_student(), _evaluation(), _certificate(), mode="live", now=NOW)
    closed = open_one.model_copy(update={"id": "release_0", "ended_at": NOW})
    ended = end_release([closed, open_one], "task_1", by="person", now=NOW)
    assert [r.id for r in ended] == [open_one.id]
    assert ended[0].ended_by == "person"
    assert end_release([closed], "task_1", by="person", now=NOW) == []


def _route(share: float) -> Route:
    return Route(
        task_id="t", student_id="s", release_id="release_1", mode="canary", share=share, threshold=0.5
    )


def test_canary_share_is_met_and_nested():
    keys = [f"call_{i}" for i in range(4000)]
    small = {k for k in keys if offered(_route(0.05), k)}
    large = {k for k in keys if offered(_route(0.25), k)}
    assert 140 < len(small) < 260  # 200 ± 4 standard deviations
    assert small < large
    assert all(offered(_route(1.0), k) for k in keys)


def test_answer_at_the_threshold_is_served_and_an_abstention_never():
    message = Message(role="assistant")
    assert accepted(_route(1.0), Prediction(message=message, confidence=0.5))
    assert not accepted(_route(1.0), Prediction(message=message, confidence=0.4999))
    assert not accepted(_route(1.0), Prediction(message=None, confidence=1.0))


def test_writes_are_held_to_their_own_threshold():
    write = Message(role="assistant", parts=(ToolCallPart(name="cancel_order"),))
    read = Message(role="assistant", parts=(ToolCallPart(name="get_order"),))
    certificate = _certificate(threshold=0.5, alpha_write=0.01, threshold_write=0.9, tool_risk={})
    _, route = decide_release(_student(), _evaluation(), certificate, mode="live", now=NOW)
    assert accepted(route, Prediction(message=read, confidence=0.6))
    assert not accepted(route, Prediction(message=write, confidence=0.6))
    assert accepted(route, Prediction(message=write, confidence=0.9))
