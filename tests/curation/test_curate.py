"""Every call is kept or set aside with one reason, nothing is lost, and the funnel adds up."""

from __future__ import annotations

from collections.abc import Iterator

from rightsizer.curation.curate import Curation, CurationPolicy, content_digest, curate
from rightsizer.curation.filters import RULES
from rightsizer.types import Call, CallError, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart


def say(text: str, role: str = "user") -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


def call(id: str, asked: str, answered: str | None, session: str = "s", **fields: object) -> Call:
    response = None if answered is None else say(answered, "assistant")
    return Call(
        id=id,
        session_id=session,
        request=Request(messages=(say("You sort.", "system"), say(asked))),
        response=response,
        **fields,  # type: ignore[arg-type]
    )


CALLS = [
    call("a", "1", "yes"),
    call("b", "2", "yes"),
    call("c", "1", "yes", session="t"),
    call("d", "3", None, error=CallError(status=500)),
    call("e", "4", "I'm sorry, but I can't assist with that."),
    call("f", "5", "half a", finish_reason="length"),
    call("g", "1", "no"),
]


def test_marks_and_funnel() -> None:
    done = curate(CALLS)
    assert [(m.call_id, m.reason) for m in done.marks] == [
        ("c", "duplicate"),
        ("d", "error"),
        ("e", "refusal"),
        ("f", "truncated"),
    ]
    assert all(m.stage == "curate" and m.detail for m in done.marks)
    assert done.marks[0].detail == "same as a"
    assert done.funnel == (("error", 1), ("truncated", 1), ("refusal", 1), ("duplicate", 1))
    assert (done.n_in, done.n_kept) == (7, 3)
    assert Curation.model_validate_json(done.model_dump_json()) == done


def test_switches_turn_rules_off() -> None:
    off = CurationPolicy(
        drop_refusals=False,
        drop_duplicates=False,
        drop_truncated=False,
        drop_loops=False,
        validate_arguments=False,
    )
    assert [m.reason for m in curate(CALLS, off).marks] == ["error"]


def test_every_switch_belongs_to_a_rule() -> None:
    switches = {switch for _, _, switch in RULES if switch} | {
        "drop_duplicates",
        "drop_tool_errors",
        "max_message_chars",
    }
    assert switches == set(CurationPolicy.model_fields)


def test_equal_answers_are_no_duplicates_where_the_context_differs() -> None:
    late = call("z", "1", "yes")
    late = late.model_copy(
        update={"request": Request(messages=(*late.request.messages, say("yes", "assistant"), say("1")))}
    )
    assert curate([CALLS[0], late]).n_kept == 2


def test_tool_call_ids_do_not_hide_a_repeat_but_their_wiring_counts() -> None:
    def agent(first: str, second: str, answers: str) -> Call:
        asked = Message(
            role="assistant",
            parts=(
                ToolCallPart(id=first, name="f", arguments="{}"),
                ToolCallPart(id=second, name="f", arguments="{}"),
            ),
        )
        given = Message(role="tool", parts=(ToolCallResponsePart(id=answers, response="r"),))
        return Call(id="x", session_id="s", request=Request(messages=(asked, given)), response=say("ok"))

    assert content_digest(agent("1", "2", "1")) == content_digest(agent("8", "9", "8"))
    assert content_digest(agent("1", "2", "1")) != content_digest(agent("1", "2", "2"))


def test_tools_and_format_are_part_of_the_request() -> None:
    plain = CALLS[0]
    tooled = plain.model_copy(
        update={"request": plain.request.model_copy(update={"tools": ({"name": "f"},)})}
    )
    assert content_digest(plain) != content_digest(tooled)


def test_streams_one_call_at_a_time() -> None:
    alive = 0

    def stream() -> Iterator[Call]:
        nonlocal alive
        for i in range(500):
            alive = i
            yield call(f"id{i}", str(i % 100), "yes")

    done = curate(stream())
    assert alive == 499
    assert (done.n_in, done.n_kept) == (500, 100)


def test_the_same_input_gives_the_same_output() -> None:
    assert curate(CALLS) == curate(list(CALLS))
    assert curate([]).funnel == ()
