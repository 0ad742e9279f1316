"""The replaying LLM says what the log says, and plays the faults it is told to."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import openai
import pytest

from rightsizer.testing.fake_llm import Reply
from rightsizer.testing.replay_llm import ReplayLLM
from rightsizer.types import Call, Message, Request, TextPart, ToolCallPart, Usage


def logged(number: int, question: str, *parts: Any) -> Call:
    ask = Request(messages=(Message(role="user", parts=(TextPart(content=question),)),))
    answer = Message(role="assistant", parts=parts)
    usage = Usage(input_tokens=4, output_tokens=2)
    return Call(id=f"c{number}", session_id="s", model="m", request=ask, response=answer, usage=usage)


CALLS = [
    logged(1, "在哪里?", TextPart(content="在路上, nearly there")),
    logged(2, "find", ToolCallPart(id="t1", name="f", arguments='{"id": "A-1"}')),
    logged(3, "again", TextPart(content="one")),
    logged(4, "again", TextPart(content="two")),
]


@pytest.fixture
def llm() -> Iterator[ReplayLLM]:
    with ReplayLLM(CALLS) as replaying:
        yield replaying


def ask(llm: ReplayLLM, question: str, **more: Any) -> Any:
    client = openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0)
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}], **more)


def test_it_answers_as_the_log_did(llm: ReplayLLM) -> None:
    answer = ask(llm, "在哪里?")
    assert answer.choices[0].message.content == "在路上, nearly there"
    assert answer.usage.total_tokens == 6
    assert ask(llm, "find").choices[0].message.tool_calls[0].function.arguments == '{"id": "A-1"}'


def test_it_streams_the_same(llm: ReplayLLM) -> None:
    text = "".join(c.choices[0].delta.content or "" for c in ask(llm, "在哪里?", stream=True) if c.choices)
    assert text == "在路上, nearly there"
    deltas = [c.choices[0].delta for c in ask(llm, "find", stream=True) if c.choices]
    assert "".join(d.tool_calls[0].function.arguments for d in deltas if d.tool_calls) == '{"id": "A-1"}'


def test_repeated_questions_get_the_answers_in_turn(llm: ReplayLLM) -> None:
    assert [ask(llm, "again").choices[0].message.content for _ in range(3)] == ["one", "two", "one"]


def test_what_is_not_in_the_log_is_not_made_up(llm: ReplayLLM) -> None:
    with pytest.raises(openai.NotFoundError):
        ask(llm, "something else")


def test_faults_by_script() -> None:
    def fault(number: int, reply: Reply) -> Reply:
        if number == 0:
            return replace(reply, status=429, headers=(*reply.headers, ("retry-after", "1")))
        return replace(reply, cut=True) if number == 1 else reply

    with ReplayLLM(CALLS, fault) as llm:
        with pytest.raises(openai.RateLimitError) as limited:
            ask(llm, "find")
        assert limited.value.response.headers["retry-after"] == "1"
        with pytest.raises((openai.APIConnectionError, http.client.HTTPException)):
            ask(llm, "find")
        assert ask(llm, "find").choices[0].finish_reason == "stop"
