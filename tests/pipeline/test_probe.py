"""A probe compares untrained models on the train split only, and spends its calls on the better ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from rightsizer.errors import InputError
from rightsizer.pipeline.learn import Learning
from rightsizer.pipeline.probe import Arm, held_out, probe
from rightsizer.students.chat_server import Server
from rightsizer.students.prompted import Prompting
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.llm_answers import completion
from rightsizer.types import Dataset, Task

TRAIN = label_examples(300)
SEALED = label_examples(40, split="calibration", seed=9)


def learning() -> Learning:
    dataset = Dataset(id="d", task_id="t", content_hash="x", rows=(), created_at=datetime.now(UTC))
    return Learning(Task(id="t", name="intents", output="label"), dataset, (*TRAIN, *SEALED), ())


def arm(url: str, model: str, shots: int = 0) -> Arm:
    return Arm(Server(base_url=url, model=model), Prompting(shots=shots, repair=False))


def oracle(received: Received) -> Reply:
    """`good` knows every answer, `bad` knows none."""
    body = json.loads(received.body)
    said = body["messages"][-1]["content"]
    truth = {e.prompt.messages[-1].text: e.completion.text for e in TRAIN}
    return Reply((completion(truth[said] if body["model"] == "good" else "?"),))


def test_the_better_model_wins_and_the_worse_is_asked_less() -> None:
    with FakeLLM(oracle) as llm:
        outcome = probe(learning(), [arm(llm.url, "bad"), arm(llm.url, "good")], limit=60)
        asked = [json.loads(r.body)["messages"][-1]["content"] for r in llm.received]
    best, worst = outcome.arms
    assert best.arm.server.model == "good"
    assert best.agreement == 1.0
    assert worst.agreement == 0.0
    assert worst.n_calls < best.n_calls <= 60
    assert best.low > outcome.majority
    sealed = {e.prompt.messages[-1].text for e in SEALED} - {e.prompt.messages[-1].text for e in TRAIN}
    assert not sealed & set(asked)


def test_no_session_is_both_shown_and_asked() -> None:
    shown, asked = held_out(TRAIN, seed=3)
    assert not {e.group for e in shown} & {e.group for e in asked}
    assert len(shown) + len(asked) == len(TRAIN)
    assert held_out(TRAIN, seed=3)[1] == asked


def test_nothing_to_compare() -> None:
    with pytest.raises(InputError, match="nothing to probe"):
        probe(learning(), [])
