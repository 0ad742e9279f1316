"""Fixed answers: which writing is kept, and what is made of it when it is given."""

from __future__ import annotations

from rightsizer.students.answers import most_written, stamp, without_ids
from rightsizer.testing.label_calls import answer, request
from rightsizer.types import Message, ToolCallPart
from rightsizer.views.answer import canonical_answer


def call(name: str, arguments: str = "{}", id: str = "call_1") -> Message:
    return Message(role="assistant", parts=(ToolCallPart(id=id, name=name, arguments=arguments),))


def test_the_usual_writing_stands_for_the_answer() -> None:
    written = ['{"a": 1}', '{"a":1}', '{"a":1}', '```json\n{"a": 1}\n```']
    found = most_written([answer(w) for w in written])
    assert {m.text for m in found.values()} == {'{"a":1}'}


def test_ids_do_not_make_answers_differ() -> None:
    found = most_written([call("f", id="call_1"), call("f", id="call_2"), call("g")])
    assert sorted(m.tool_calls[0].name for m in found.values()) == ["f", "g"]
    assert all(m.tool_calls[0].id is None for m in found.values())


def test_nothing_of_the_provider_stays() -> None:
    message = answer("x").model_copy(update={"extra": {"refusal": None, "annotations": []}, "name": "bot"})
    assert without_ids(message) == answer("x")


def test_stamped_calls_are_the_same_answer_under_ids_of_the_request() -> None:
    plain = without_ids(call("f", '{"x": 1}'))
    one, two = stamp(plain, request("a")), stamp(plain, request("b"))
    assert canonical_answer(one) == canonical_answer(plain)
    assert one.tool_calls[0].id != two.tool_calls[0].id
    assert stamp(plain, request("a")) == one


def test_text_is_given_as_it_is() -> None:
    assert stamp(answer("yes"), request("x\ud800")) == answer("yes")
    assert stamp(without_ids(call("f")), request("lone \ud800 surrogate")).tool_calls[0].id
