"""A judge is asked in both orders, may not know, and is itself judged."""

from __future__ import annotations

import json

import pytest

from rightsizer.evaluation.judge import Judged, Pair, judge_pair, report
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion
from rightsizer.types import Message, Request, TextPart

REQUEST = Request(messages=(Message(role="user", parts=(TextPart(content="where is my parcel?"),)),))


def told(received: Received) -> dict[str, str]:
    return json.loads(json.loads(received.body)["messages"][-1]["content"])


def fair(received: Received) -> Reply:
    """Prefers the answer that says where; knows nothing of answers in riddles."""
    given = told(received)
    if "riddle" in given["answer 1"] + given["answer 2"]:
        return Reply((completion('{"better": "unknown"}'),))
    one, two = ("Lyon" in given[f"answer {i}"] for i in (1, 2))
    better = "same" if one == two else "1" if one else "2"
    return Reply((completion(f'```json\n{{"better": "{better}"}}\n```'),))


def biased(received: Received) -> Reply:
    return Reply((completion('{"better": "1"}'),))


def judged(script, student: str) -> tuple[Judged, int]:
    with FakeLLM(script) as llm:
        server = ChatServer(Server(base_url=llm.url, model="judge"))
        verdict = judge_pair(
            lambda body: server.complete(body).message.text, Pair(REQUEST, "In Lyon.", student)
        )
        server.close()
        return verdict, len(llm.received)


@pytest.mark.parametrize(
    ("student", "verdict"),
    [("It is in Lyon", "as-good"), ("No idea", "worse"), ("a riddle", "unknown")],
)
def test_a_fair_judge_gives_the_same_verdict_in_both_orders(student: str, verdict: str) -> None:
    assert judged(fair, student) == (Judged(verdict, flipped=False), 2)


def test_a_judge_that_goes_by_position_flips_and_decides_nothing() -> None:
    assert judged(biased, "No idea")[0] == Judged("unknown", flipped=True)


def test_equal_answers_are_not_asked_about() -> None:
    assert judged(biased, "In Lyon. ") == (Judged("as-good", flipped=False), 0)


def test_talk_instead_of_a_verdict_is_unknown() -> None:
    assert judged(lambda _: Reply((completion("the first one, I think"),)), "No idea")[0].verdict == "unknown"


def test_the_report_says_what_the_judge_is_worth() -> None:
    labels = ["as-good", "as-good", "worse", "worse", None]
    said = ["as-good", "worse", "worse", "worse", "unknown"]
    pairs = [Pair(REQUEST, "a", "b", label) for label in labels]
    found = report(pairs, [Judged(v, flipped=v == "unknown") for v in said])
    assert (found.as_good, found.worse, found.unknown, found.flip_rate) == (1, 3, 1, 0.2)
    assert found.label_agreement == 0.75
    assert found.kappa == pytest.approx(0.5)  # 0.75 seen, 0.5 by chance
    assert found.low < 0.25 < found.high
