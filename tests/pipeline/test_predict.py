"""Masking around a student: what it sees, what comes out, and what must never come out."""

from __future__ import annotations

import json

from rightsizer.pipeline.predict import MaskedPredictor
from rightsizer.types import Message, Prediction, Request, TextPart, ToolCallPart


class Parrot:
    """Answers with a tool call whose argument is a fixed text, and remembers what it was shown."""

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self.seen: list[str] = []

    def predict(self, requests):
        self.seen += [r.messages[-1].text for r in requests]
        arguments = json.dumps({"to": self.argument})
        message = Message(role="assistant", parts=(ToolCallPart(id="c", name="send", arguments=arguments),))
        return [Prediction(message=message, confidence=0.9) for _ in requests]


def _ask(text: str) -> Request:
    return Request(messages=(Message(role="user", parts=(TextPart(content=text),)),))


def test_a_student_sees_placeholders_and_its_copy_becomes_this_requests_value():
    parrot = Parrot("<EMAIL_1>")
    answers = MaskedPredictor(parrot).predict(
        [_ask("write to ada@example.com"), _ask("写给bob@example.org吧")]
    )
    assert all("@" not in seen and "<EMAIL_1>" in seen for seen in parrot.seen)
    values = [json.loads(a.message.tool_calls[0].arguments)["to"] for a in answers]
    assert values == ["ada@example.com", "bob@example.org"]
    assert [a.confidence for a in answers] == [0.9, 0.9]


def test_a_placeholder_that_stands_for_nothing_is_an_abstention():
    (answer,) = MaskedPredictor(Parrot("<EMAIL_3>")).predict([_ask("write to ada@example.com")])
    assert answer.message is None
    assert answer.reason


def test_an_abstention_stays_one():
    class Silent:
        def predict(self, requests):
            return [Prediction(message=None, reason="unsure") for _ in requests]

    (answer,) = MaskedPredictor(Silent()).predict([_ask("write to ada@example.com")])
    assert answer == Prediction(message=None, reason="unsure")
