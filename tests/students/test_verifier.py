"""A verifier learns which answers to trust, chooses among votes, and needs both kinds to learn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rightsizer.errors import InputError
from rightsizer.students.artifact import load_student, save
from rightsizer.students.chat_server import Server
from rightsizer.students.prompted import PromptedStudent, Prompting
from rightsizer.students.verifier import FEATURES
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.label_calls import label_examples
from rightsizer.training.prompted import build
from rightsizer.training.verifier import fit_verifier, reserved
from rightsizer.types import TaskPolicy

TRAIN = label_examples(240)
ASKED = label_examples(80, seed=4)
GOLD = {e.prompt.messages[-1].text: e.completion.text for e in [*TRAIN, *ASKED]}


def unsure(received: Received) -> Reply:
    """Right and sure, but on every third input wrong and unsure with even seeds, the first among them."""
    body = json.loads(received.body)
    text = body["messages"][-1]["content"]
    wrong = len(text) % 3 == 0 and body.get("seed", 0) % 2 == 0
    said = '{"intent": "warranty"}' if wrong and "warranty" not in GOLD[text] else GOLD[text]
    token = {"token": "x", "logprob": -0.7 if said != GOLD[text] else -0.1}
    message = {"role": "assistant", "content": said}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": {"content": [token]}}
    return Reply((json.dumps({"choices": [choice]}).encode(),))


def student(url: str, **how: Any) -> PromptedStudent:
    server = Server(base_url=url, model="small")
    return build(TRAIN, server, Prompting(**how), output="label", verified=True)


def test_it_orders_right_before_wrong_and_chooses_the_right_vote(tmp_path: Path) -> None:
    with FakeLLM(unsure) as llm:
        asked = student(llm.url, votes=3, ahead=3)
        fitted = fit_verifier(asked, ASKED[:40], TaskPolicy())
        assert len(fitted.weights) == len(FEATURES)
        plain = asked.predict([e.prompt for e in ASKED[40:]])
        save(
            PromptedStudent(asked.server, asked.how, asked.book, asked.known, fitted).to_artifact(), tmp_path
        )
        verified = load_student(tmp_path).predict([e.prompt for e in ASKED[40:]])

    def right(found: list[Any]) -> int:
        pairs = zip(ASKED[40:], found, strict=True)
        return sum(p.message is not None and p.message.text == e.completion.text for e, p in pairs)

    assert right(verified) > right(plain)
    assert all(0 <= p.confidence <= 1 for p in verified)


def test_answers_of_one_kind_teach_nothing() -> None:
    def always(received: Received) -> Reply:
        text = json.loads(received.body)["messages"][-1]["content"]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": GOLD[text]},
            "finish_reason": "stop",
        }
        return Reply((json.dumps({"choices": [choice]}).encode(),))

    with FakeLLM(always) as llm, pytest.raises(InputError, match="0 wrong answers are too few"):
        fit_verifier(student(llm.url), ASKED[:30], TaskPolicy())


def test_the_calls_asked_about_are_those_kept_for_early_stopping() -> None:
    kept = reserved(TRAIN, 0.1, seed=0)
    assert len({e.group for e in kept}) == int(0.1 * len({e.group for e in TRAIN}))
    assert kept == reserved(TRAIN, 0.1, seed=0) != reserved(TRAIN, 0.1, seed=1)
