"""One verdict and one sentence for a task, from its evaluations."""

from typing import Any

import pytest

from rightsizer.economics.verdict import deciding_evaluation, task_verdict
from rightsizer.types import Evaluation, Route, Task, Verdict


def evaluation(id_: str, student: str, verdict: Verdict, **more: Any) -> Evaluation:
    base: dict[str, Any] = {"alpha": 0.02, "delta": 0.05, "n_calibration": 9, "n_test": 9}
    base |= {"n_sessions_calibration": 9, "n_sessions_test": 9}
    return Evaluation(id=id_, student_id=student, task_id="t", dataset_id="d", verdict=verdict, **base | more)


TASK = Task(id="t", name="Routes a message")


def test_the_widest_pass_wins_among_students() -> None:
    found = deciding_evaluation(
        [
            evaluation("e1", "a", "pass", coverage=0.4),
            evaluation("e2", "b", "pass", coverage=0.9),
            evaluation("e3", "c", "undecided"),
        ],
        None,
    )
    assert found is not None
    assert found.id == "e2"


def test_only_the_newest_evaluation_of_a_student_counts() -> None:
    found = deciding_evaluation(
        [evaluation("e2", "a", "fail"), evaluation("e1", "a", "pass", coverage=1)], None
    )
    assert found is not None
    assert found.verdict == "fail"


def test_the_student_that_is_routed_speaks_for_its_task() -> None:
    route = Route(task_id="t", student_id="a", release_id="r", mode="live", share=1, threshold=0.5)
    both = [evaluation("e1", "a", "pass", coverage=0.4), evaluation("e2", "b", "pass", coverage=0.9)]
    found = deciding_evaluation(both, route)
    assert found is not None
    assert found.student_id == "a"


def test_nothing_evaluated() -> None:
    assert deciding_evaluation([], None) is None


@pytest.mark.parametrize(
    ("verdict", "word"), [("pass", "replace"), ("fail", "keep"), ("undecided", "undecided")]
)
def test_words(verdict: Verdict, word: str) -> None:
    assert task_verdict(TASK, evaluation("e", "a", verdict))[0] == word


def test_a_pass_says_what_is_served_how_it_agreed_and_the_proved_floor() -> None:
    passed = evaluation("e", "a", "pass", coverage=0.91, agreement=0.9876, agreement_low=0.98)
    reason = task_verdict(TASK, passed)[1]
    for figure in ("91 %", "98.7 %", "98 %", "95 %"):
        assert figure in reason


def test_the_gates_reason_becomes_a_sentence() -> None:
    failed = evaluation("e", "a", "fail", reason="free text cannot be proved")
    assert task_verdict(TASK, failed)[1] == "Free text cannot be proved."


def test_undecided_says_how_many_more_calls_once() -> None:
    reason = task_verdict(TASK, evaluation("e", "a", "undecided", calls_needed=1234))[1]
    assert "1,234 more calls" in reason
    said = evaluation("e", "a", "undecided", calls_needed=1234, reason="about 1234 more calls needed")
    assert task_verdict(TASK, said)[1].count("more calls") == 1


def test_a_hint_before_training_is_never_a_replace() -> None:
    hinted = TASK.model_copy(update={"verdict": "replace", "reason": "narrow"})
    assert task_verdict(hinted, None) == ("undecided", "Narrow.")
    kept = TASK.model_copy(update={"verdict": "keep", "reason": "仅有自由文本。"})
    assert task_verdict(kept, None) == ("keep", "仅有自由文本。")
    assert task_verdict(TASK, None)[1]
