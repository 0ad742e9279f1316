"""A label student sees the payload, the context and the state of the loop, and nothing else."""

from __future__ import annotations

from rightsizer.students.inputs import CONTEXT_CHARS, HEAD_CHARS, TAIL_CHARS, clip, read_inputs
from rightsizer.testing.label_calls import request, say
from rightsizer.types import Message, Request, ToolCallPart, ToolCallResponsePart
from rightsizer.views.view import fit_mask


def agent_request() -> Request:
    call = Message(
        role="assistant", parts=(ToolCallPart(id="1", name="find_user", arguments='{"zip": "1"}'),)
    )
    more = Message(role="assistant", parts=(ToolCallPart(id="2", name="find_order"),))
    result = Message(role="tool", parts=(ToolCallResponsePart(id="1", response="u_1"),))
    last = Message(role="tool", parts=(ToolCallResponsePart(id="2", response='{"status": "sent"}'),))
    return Request(messages=(say("user", "where is it"), call, result, more, last))


def test_the_template_is_no_part_of_the_payload() -> None:
    texts = [
        f"Classify the headline below.\nHeadline: shares of firm {i} rise {i * 7} percent" for i in range(30)
    ]
    asked = [request(text) for text in texts]
    (first,) = read_inputs(asked[:1], fit_mask(asked))
    assert "Classify" not in first.payload
    assert "rise" in first.payload


def test_state_of_the_loop() -> None:
    (found,) = read_inputs([agent_request()], None)
    assert found.payload == '{"status": "sent"}'
    assert "where is it" in found.context
    assert {
        "step=@tool:find_order",
        "called=find_user",
        "previous1=find_order",
        "previous2=find_user",
    } <= set(found.state)
    assert "previous=find_user>find_order" in found.state


def test_order_of_calls_is_state_too() -> None:
    one = agent_request()
    swapped = Request(
        messages=(one.messages[0], one.messages[3], one.messages[4], one.messages[1], one.messages[2])
    )
    assert len({found.state for found in read_inputs([one, swapped], None)}) == 2


def test_long_texts_keep_both_ends() -> None:
    text = "a" * HEAD_CHARS + "middle" + "z" * TAIL_CHARS
    assert clip(text, HEAD_CHARS, TAIL_CHARS) == "a" * HEAD_CHARS + "\n" + "z" * TAIL_CHARS
    assert clip("short", 10, 10) == "short"
    long = Request(messages=(say("user", "x" * 9999), say("assistant", "ok"), say("user", "y")))
    (found,) = read_inputs([long], None)
    assert len(found.context) <= CONTEXT_CHARS


def test_an_empty_request() -> None:
    (found,) = read_inputs([Request(messages=())], None)
    assert found.payload == ""
