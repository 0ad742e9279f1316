"""A label student learns a narrow task from a few hundred calls, and abstains where it should."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from rightsizer.students.artifact import load_student, read
from rightsizer.students.encoder import Progress
from rightsizer.testing.label_calls import FOREIGN, ZH_FOREIGN, answer, label_examples, labelled, requests
from rightsizer.training.train import Trained, train
from rightsizer.types import Candidate, Example, Message, Prediction, Task, ToolCallPart

TASK = Task(id="task_1", name="intents", output="label")


class HashedEncoder:
    """Vectors from hashed character trigrams: an encoder without a model. Equal texts, equal vectors."""

    identity = "hashed-64"
    size = 64

    def encode(self, texts: list[str], *, progress: Progress | None = None) -> np.ndarray:
        out = np.zeros((len(texts), self.size), np.float32)
        for i, text in enumerate(texts):
            for a in range(len(text) - 1):
                out[i, sum(ord(c) * 31**k for k, c in enumerate(text[a : a + 3])) % self.size] += 1
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def fit(examples: list[Example], out: Path, *, encoder: object = None, seed: int = 0) -> Trained:
    method = "minilm-linear" if encoder else "tfidf-linear"
    candidate = Candidate(rung="linear", method=method)
    return train(candidate, TASK, examples, out, seed=seed, encoder=encoder)  # type: ignore[arg-type]


def agreement(predictions: list[Prediction], examples: list[Example]) -> tuple[float, float]:
    """(share served, share of those that agree)."""
    served = [(p, e) for p, e in zip(predictions, examples, strict=True) if p.message is not None]
    agreed = sum(p.message is not None and p.message.text == e.completion.text for p, e in served)
    return len(served) / len(examples), agreed / max(len(served), 1)


@pytest.mark.parametrize("encoder", [None, HashedEncoder()], ids=["lexical", "encoder"])
@pytest.mark.parametrize("chinese", [False, True], ids=["english", "chinese"])
def test_learns_the_task_and_refuses_strangers(tmp_path: Path, chinese: bool, encoder: object) -> None:
    fit(label_examples(320, chinese=chinese), tmp_path, encoder=encoder)
    student = load_student(tmp_path, encoder=encoder)  # type: ignore[arg-type]
    test = label_examples(200, seed=1, split="test", chinese=chinese)
    served, agreed = agreement(student.predict([e.prompt for e in test]), test)
    assert served >= 0.9
    assert agreed >= 0.98
    strangers = student.predict(requests(ZH_FOREIGN if chinese else FOREIGN))
    assert sum(p.message is not None for p in strangers) <= 1
    assert all(p.reason for p in strangers if p.message is None)


def test_confidence_orders_right_before_wrong(tmp_path: Path) -> None:
    """With a fifth of the labels drawn at random, two intents cannot be told apart and must come last."""
    rng = random.Random(3)
    rows = label_examples(400)
    noisy = [
        e.model_copy(update={"completion": answer(rng.choice(['{"intent": "a"}', '{"intent": "b"}']))})
        if e.completion.text in ('{"intent": "warranty"}', '{"intent": "track_parcel"}')
        else e
        for e in rows
    ]
    fit(noisy, tmp_path)
    test = label_examples(200, seed=1, split="test")
    clear = [e for e in test if "warranty" not in e.completion.text and "track" not in e.completion.text]
    unclear = [e for e in test if e not in clear]
    student = load_student(tmp_path)
    sure = [p.confidence for p in student.predict([e.prompt for e in clear])]
    unsure = [p.confidence for p in student.predict([e.prompt for e in unclear])]
    assert np.median(sure) > np.quantile(unsure, 0.9)


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    rows = label_examples(160)
    hashes = [fit(rows, tmp_path / name).artifact_hash for name in ("a", "b")]
    assert hashes[0] == hashes[1]
    assert fit(label_examples(160, seed=5), tmp_path / "c").artifact_hash != hashes[0]


def test_what_is_loaded_is_what_was_trained(tmp_path: Path) -> None:
    """Alone or in a batch, before or after a second load: the same confidence."""
    encoder = HashedEncoder()
    fit(label_examples(160), tmp_path, encoder=encoder)
    asked = [e.prompt for e in label_examples(40, seed=2, split="test")]
    together = load_student(tmp_path, encoder=encoder).predict(asked)  # type: ignore[arg-type]
    student = load_student(tmp_path, encoder=encoder)  # type: ignore[arg-type]
    alone = [student.predict([one])[0] for one in asked]
    assert [p.message for p in together] == [p.message for p in alone]
    assert np.allclose([p.confidence for p in together], [p.confidence for p in alone], atol=1e-5)


def test_rare_answers_are_never_given(tmp_path: Path) -> None:
    rare = [
        labelled(f"ring ring number {i} please", f"rare_{i % 14}", name=f"rare-0-{i}", group=i)
        for i in range(14)
    ]
    trained = fit(label_examples(240) + rare, tmp_path)
    assert any("too rare" in note for note in trained.notes)
    assert trained.recipe["n_answers"] == 8
    predicted = load_student(tmp_path).predict(
        requests([f"ring ring number {i} please" for i in range(30, 40)])
    )
    assert all(p.message is None for p in predicted)
    assert any("too rarely" in p.reason for p in predicted)


def test_open_answers_say_so(tmp_path: Path) -> None:
    rows = [labelled(f"sentence {i}", f"answer {i}", name=f"open-0-{i}", group=i) for i in range(60)]
    trained = fit(rows, tmp_path)
    assert "open answers" in trained.notes[0]
    (only,) = load_student(tmp_path).predict(requests(["sentence 1"]))
    assert only.message is None
    assert "open answers" in only.reason


def test_one_answer_is_not_a_choice(tmp_path: Path) -> None:
    trained = fit([labelled(f"text {i}", "same", name=f"one-0-{i}", group=i) for i in range(40)], tmp_path)
    assert "only one answer" in trained.notes[0]


@pytest.mark.parametrize("n", [6, 12, 24])
def test_a_handful_of_calls_is_no_error(tmp_path: Path, n: int) -> None:
    rows = [
        labelled(t, k, name=f"few-0-{i}", group=i)
        for i, (t, k) in enumerate([("yes sure", "y"), ("no", "n")] * n)
    ]
    fit(rows, tmp_path)
    predicted = load_student(tmp_path).predict(requests(["yes sure", "", "😀" * 5000]))
    assert len(predicted) == 3
    assert all(0 <= p.confidence <= 1 for p in predicted)


def test_tool_calls_without_arguments_are_labels_too(tmp_path: Path) -> None:
    def call(example: Example, i: int) -> Example:
        name = example.completion.text.split('"')[3]
        message = Message(role="assistant", parts=(ToolCallPart(id=f"call_{i}", name=name),))
        return example.model_copy(update={"completion": message})

    fit([call(e, i) for i, e in enumerate(label_examples(240))], tmp_path)
    test = label_examples(40, seed=1, split="test")
    names = [
        p.message.tool_calls[0] for p in load_student(tmp_path).predict([e.prompt for e in test]) if p.message
    ]
    assert len(names) >= 36
    assert all(c.id and c.id not in {f"call_{i}" for i in range(240)} for c in names)


def test_words_of_a_single_call_are_not_in_the_files(tmp_path: Path) -> None:
    """Nothing that a single call said is in the student: no term, no answer."""
    rows = label_examples(160)
    secret = labelled("my password is hunter2zebra", "quokka_intent", name="secret-0-0", group=999)
    fit([*rows, secret], tmp_path)
    blob = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"hunter2" not in blob
    assert b"quokka" not in blob
    assert b"lamp" in blob  # a word of many calls is there, in plain sight


def test_the_recipe_is_complete_json(tmp_path: Path) -> None:
    import json

    heard: list[str] = []
    candidate = Candidate(rung="linear", method="tfidf-linear", params={"c": [1.0], "folds": 2})
    trained = train(
        candidate,
        TASK,
        label_examples(160),
        tmp_path,
        progress=lambda what, done, total: heard.append(what),
    )
    assert json.loads(json.dumps(trained.recipe)) == trained.recipe
    assert trained.recipe["c"] == 1.0
    assert trained.recipe["settings"]["folds"] == 2
    assert 0.9 <= trained.recipe["cross_validated_accuracy"] <= 1
    assert {"features", "cross-fit", "final fit"} <= set(heard)
    assert read(tmp_path).encoder is None
    assert trained.size_bytes == sum(p.stat().st_size for p in tmp_path.iterdir())
