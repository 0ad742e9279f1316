"""The repeating students learn only what always held."""

from __future__ import annotations

from pathlib import Path

from rightsizer.students.artifact import load_student
from rightsizer.testing.label_calls import labelled, requests
from rightsizer.training.train import Trained, train
from rightsizer.types import Candidate, Example, Task

TASK = Task(id="task_1", name="intents", output="label")


def fit(method: str, rows: list[Example], out: Path) -> Trained:
    return train(Candidate(rung="cache", method=method), TASK, rows, out)


def rows() -> list[Example]:
    said = [
        *[("where is it", "track")] * 3,
        *[("send it", "ship"), ("send it", "track")],
        ("only once", "track"),
    ]
    found = [labelled(text, intent, name=f"r-0-{i}", group=i) for i, (text, intent) in enumerate(said)]
    twice = [labelled("one session twice", "track", name=f"s-0-{i}", group=99) for i in range(2)]
    return found + twice


def test_cache_keeps_what_two_sessions_agree_on(tmp_path: Path) -> None:
    trained = fit("cache", rows(), tmp_path)
    texts = ["where is  it", "send it", "only once", "one session twice", "never heard"]
    predicted = load_student(tmp_path).predict(requests(texts))
    assert [p.message is not None for p in predicted] == [True, False, False, False, False]
    assert predicted[0].message is not None
    assert predicted[0].message.text == '{"intent": "track"}'
    assert predicted[0].confidence == 0.8
    assert (trained.recipe["n_inputs"], trained.recipe["n_repeated"], trained.recipe["n_kept"]) == (4, 2, 1)


def test_cache_is_surer_of_what_came_more_often(tmp_path: Path) -> None:
    more = [labelled("often", "a", name=f"m-0-{i}", group=i) for i in range(20)]
    fit("cache", rows() + more, tmp_path)
    often, seldom = load_student(tmp_path).predict(requests(["often", "where is it"]))
    assert often.confidence > seldom.confidence


def test_cache_without_repeats_says_so(tmp_path: Path) -> None:
    trained = fit(
        "cache", [labelled(f"text {i}", "a", name=f"u-0-{i}", group=i) for i in range(30)], tmp_path
    )
    assert "abstains on everything" in trained.notes[0]


def test_majority_gives_the_most_frequent_answer(tmp_path: Path) -> None:
    trained = fit("majority", rows(), tmp_path)
    (only,) = load_student(tmp_path).predict(requests(["whatever"]))
    assert only.message is not None
    assert only.message.text == '{"intent": "track"}'
    assert only.confidence == 7 / 8 == trained.recipe["share"]


def test_the_most_frequent_writing_of_an_answer_wins(tmp_path: Path) -> None:
    said = [labelled(f"t {i}", "a", name=f"w-0-{i}", group=i) for i in range(6)]
    odd = [
        e.model_copy(update={"completion": e.completion.model_copy(update={"name": "x"})}) for e in said[:2]
    ]
    fit("majority", odd + said[2:], tmp_path)
    (only,) = load_student(tmp_path).predict(requests(["t"]))
    assert only.message == said[5].completion
