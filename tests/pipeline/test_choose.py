"""Which student wins when several were tried."""

from rightsizer.pipeline.loop import WORTH_A_RUNG, choose
from rightsizer.types import Evaluation, Student


def _pair(name: str, verdict: str, coverage: float, needed: int | None = None) -> tuple[Student, Evaluation]:
    student = Student(
        id=name, task_id="t", dataset_id="d", rung="linear", method=name, artifact="a", artifact_hash="h"
    )
    evaluation = Evaluation(
        id=f"e-{name}", student_id=name, task_id="t", dataset_id="d", verdict=verdict, alpha=0.02, delta=0.01,
        n_calibration=1, n_test=1, n_sessions_calibration=1, n_sessions_test=1, coverage=coverage,
        calls_needed=needed,
    )  # fmt: skip
    return student, evaluation


def test_the_cheapest_that_passes_wins():
    tried = [
        _pair("cache", "fail", 0.1),
        _pair("linear", "pass", 0.8),
        _pair("encoder", "pass", 0.8 + WORTH_A_RUNG),
    ]
    assert choose(tried)[0].id == "linear"


def test_a_dearer_one_wins_when_it_serves_clearly_more():
    tried = [_pair("cache", "pass", 0.05), _pair("linear", "pass", 0.6), _pair("encoder", "pass", 0.9)]
    assert choose(tried)[0].id == "encoder"


def test_a_dearer_one_wins_when_it_leaves_the_llm_clearly_less():
    """Two thirds of the LLM's calls are worth an encoder, two points more or not; half a point is noise."""
    assert choose([_pair("linear", "pass", 0.95), _pair("encoder", "pass", 0.967)])[0].id == "encoder"
    assert choose([_pair("linear", "pass", 0.95), _pair("encoder", "pass", 0.955)])[0].id == "linear"
    assert choose([_pair("linear", "pass", 0.990), _pair("encoder", "pass", 0.994)])[0].id == "linear"


def test_a_failed_one_never_wins_over_a_passed_one():
    assert choose([_pair("cache", "pass", 0.06), _pair("linear", "fail", 0.99)])[0].id == "cache"


def test_none_passed_shows_the_one_closest_to_a_decision():
    tried = [
        _pair("cache", "fail", 0.0),
        _pair("linear", "undecided", 0.0),
        _pair("encoder", "undecided", 0.0, 46),
    ]
    assert choose(tried)[0].id == "encoder"
    assert choose(tried[:2])[0].id == "linear"
