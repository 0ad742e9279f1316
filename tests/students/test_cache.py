"""Repeating students: the same input gets the same answer, another input none."""

from __future__ import annotations

from pathlib import Path

from rightsizer.students.artifact import load_student, save
from rightsizer.students.cache import CacheStudent, MajorityStudent, input_key
from rightsizer.testing.label_calls import answer, request, requests, say
from rightsizer.types import Message, Request, ToolCallPart, ToolCallResponsePart


def test_key_ignores_white_space_only() -> None:
    assert input_key(request("where  is\n it"), None) == input_key(request(" where is it "), None)
    assert input_key(request("where is it"), None) != input_key(request("where is It"), None)


def test_key_depends_on_what_was_said_before() -> None:
    before = Request(messages=(say("user", "one"), say("assistant", "ok"), say("user", "again")))
    other = Request(messages=(say("user", "two"), say("assistant", "ok"), say("user", "again")))
    assert input_key(before, None) != input_key(other, None)


def test_key_depends_on_the_tools_offered_and_the_format() -> None:
    plain = request("hi")
    tool = {"type": "function", "function": {"name": "f"}}
    assert (
        len(
            {
                input_key(r, None)
                for r in (
                    plain,
                    plain.model_copy(update={"tools": (tool,)}),
                    plain.model_copy(update={"response_format": {"type": "json_object"}}),
                )
            }
        )
        == 3
    )


def test_cache_answers_what_it_holds(tmp_path: Path) -> None:
    student = CacheStudent(None, (answer("a"), answer("b")), {input_key(request("one"), None): (1, 0.75)})
    save(student.to_artifact(), tmp_path)
    hit, miss = load_student(tmp_path).predict(requests(["one", "two"]))
    assert (hit.message, hit.confidence) == (answer("b"), 0.75)
    assert (miss.message, miss.reason) == (None, "not seen before")


def test_the_file_holds_no_input_text(tmp_path: Path) -> None:
    student = CacheStudent(None, (answer("a"),), {input_key(request("my secret words"), None): (0, 0.9)})
    save(student.to_artifact(), tmp_path)
    assert not any(b"secret" in p.read_bytes() for p in tmp_path.iterdir())


def test_tool_calls_get_ids_of_their_own() -> None:
    call = Message(role="assistant", parts=(ToolCallPart(name="f", arguments="{}"), ToolCallPart(name="g")))
    student = MajorityStudent(call, 1.0)
    first = request("x")
    result = Message(role="tool", parts=(ToolCallResponsePart(id="call_1", response="x"),))
    later = Request(messages=(*first.messages, call, result))
    ids = [
        part.id
        for prediction in student.predict([first, later])
        if prediction.message
        for part in prediction.message.tool_calls
    ]
    assert len(set(ids)) == 4
    assert all(i and i.startswith("call_") for i in ids)
    again = student.predict([first])[0].message
    assert again is not None
    assert [p.id for p in again.tool_calls] == ids[:2]


def test_majority_without_an_answer_abstains_and_says_why(tmp_path: Path) -> None:
    save(MajorityStudent(None, 0.0, "open answers").to_artifact(), tmp_path)
    (only,) = load_student(tmp_path).predict(requests(["x"]))
    assert (only.message, only.reason, only.confidence) == (None, "open answers", 0.0)
