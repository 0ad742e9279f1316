"""A tool call that failed for good is no example; one that was put right is left alone."""

from __future__ import annotations

import pytest

from rightsizer.curation.curate import CurationPolicy, curate
from rightsizer.curation.tool_errors import tool_error
from rightsizer.types import (
    Call,
    Message,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)


@pytest.mark.parametrize(
    "result",
    [
        '{"error": "no such order"}', '{"isError": true, "content": []}', '{"success": false}',
        '{"status": "error"}', "Error: no such user", "[ERROR] timeout", "Traceback (most recent call last):",
        "KeyError: 'x'", "错误：找不到订单", '{"error": {"code": 1}}',
    ],
)  # fmt: skip
def test_errors_are_seen(result: str) -> None:
    assert tool_error(result)


@pytest.mark.parametrize(
    "result",
    [
        '{"error": null, "rows": 3}', '{"errors": []}', '{"success": true}', "0 errors found", "",
        '{"status": "delivered", "note": "Error in label"}', "Errors were not found", "订单没有错误",
        "[1, 2]", "{broken", "The failure rate is 3 %",
    ],
)  # fmt: skip
def test_what_only_mentions_errors_is_none(result: str) -> None:
    assert tool_error(result) is None


def session(*results: str) -> list[Call]:
    """An agent that asks one tool again and again; each call carries all results so far."""
    calls, messages = [], [Message(role="user", parts=(TextPart(content="go"),))]
    for n, result in enumerate(results):
        asked = Message(
            role="assistant", parts=(ToolCallPart(id=f"t{n}", name="find", arguments=f'{{"n": {n}}}'),)
        )
        calls.append(
            Call(id=f"c{n}", session_id="s", request=Request(messages=tuple(messages)), response=asked)
        )
        answer = Message(role="tool", parts=(ToolCallResponsePart(id=f"t{n}", response=result),))
        messages += [asked, answer]
    done = Message(role="assistant", parts=(TextPart(content="done"),))
    calls.append(Call(id="end", session_id="s", request=Request(messages=tuple(messages)), response=done))
    return calls


def aside(calls: list[Call]) -> list[str]:
    marks = curate(calls, CurationPolicy(drop_tool_errors=True)).marks
    return [m.call_id for m in marks if m.reason == "tool-error"]


def test_failed_for_good() -> None:
    assert aside(session("fine", "Error: no", "Error: no again")) == ["c1", "c2"]


def test_put_right() -> None:
    assert aside(session("Error: no", "fine")) == []


def test_off_by_default_and_in_the_funnel_when_on() -> None:
    calls = session("Error: no")
    assert curate(calls).marks == ()
    assert curate(calls, CurationPolicy(drop_tool_errors=True)).funnel == (("tool-error", 1),)


def test_half_a_pair_in_reasoning_or_in_the_name_of_a_tool_goes_aside_too() -> None:
    reasoning = Message(role="assistant", parts=(ReasoningPart(content="hm \ud83d"),))
    named = Message(role="assistant", parts=(ToolCallPart(id="t", name="f\ud83d", arguments="{}"),))
    for message in (reasoning, named):
        call = Call(
            id="c", session_id="s", request=Request(messages=(message,)),
            response=Message(role="assistant", parts=(TextPart(content="ok"),)),
        )  # fmt: skip
        assert curate([call]).funnel == (("lone-surrogate", 1),)


def test_lone_surrogates_and_giant_messages_go_aside_and_line_separators_stay() -> None:
    def call(text: str) -> Call:
        user = Message(role="user", parts=(TextPart(content=text),))
        answer = Message(role="assistant", parts=(TextPart(content="ok"),))
        return Call(id=text[:3], session_id="s", request=Request(messages=(user,)), response=answer)

    calls = [call("cut \ud83d"), call("whole 😀\u2028 line"), call("x" * 200)]
    reasons = [(m.reason, m.detail) for m in curate(calls, CurationPolicy(max_message_chars=100)).marks]
    assert reasons == [("lone-surrogate", "in a message of the user"), ("giant-message", "200 characters")]
    assert [m.reason for m in curate(calls, CurationPolicy(drop_lone_surrogates=False)).marks] == []
