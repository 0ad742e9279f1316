"""The replaying LLM says what the log says, and plays the faults it is told to."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import openai
import orjson
import pytest

from rightsizer.gateway.calls import Recorded, call_from_recorded
from rightsizer.testing.asgi import asgi_app
from rightsizer.testing.fake_llm import Received, Reply
from rightsizer.testing.replay_llm import ReplayLLM
from rightsizer.types import Call, Message, ReasoningPart, Request, TextPart, ToolCallPart, Usage


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


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
def test_whole_and_streamed_say_the_same_in_every_api(path: str) -> None:
    """As our own reader of the gateway's records reads them: what a log says comes out as it went in."""
    parts = (
        ReasoningPart(content="想一想"),
        TextPart(content="一 two"),
        ToolCallPart(id="t1", name="f", arguments='{"a":1}'),
        ToolCallPart(id="t2", name="f", arguments='{"a":2}'),
    )
    llm = ReplayLLM([logged(1, "q", *parts)])
    said = []
    for stream in (False, True):
        asked = {"role": "user", "content": "q"}
        body: dict[str, Any] = {"model": "m", "max_tokens": 9, "stream": stream}
        body |= {"input": [asked]} if path == "/v1/responses" else {"messages": [asked]}
        reply = llm.reply_to(Received("POST", path, (), orjson.dumps(body)))
        begin = {"id": "call_1", "at": 1.0, "path": path}
        kind = dict(reply.headers)["content-type"]
        end = {"status": reply.status, "type": kind}
        said.append(call_from_recorded(Recorded(begin, orjson.dumps(body), end, b"".join(reply.pieces))))
    whole, streamed = said
    assert whole.response is not None
    assert streamed.response is not None
    assert (whole.response.text, whole.response.tool_calls) == ("一 two", parts[2:])
    assert (streamed.response.text, streamed.response.tool_calls) == ("一 two", parts[2:])
    assert whole.usage is not None
    assert streamed.usage is not None
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (4, 2)
    assert (streamed.usage.input_tokens, streamed.usage.output_tokens) == (4, 2)


def test_as_an_asgi_app() -> None:
    """The same answers, for servers that take an app; asked by httpx's own transport."""
    httpx = pytest.importorskip("httpx")
    llm = ReplayLLM(CALLS)

    async def both() -> list[Any]:
        transport = httpx.ASGITransport(app=asgi_app(llm.reply_to))
        async with httpx.AsyncClient(transport=transport, base_url="http://llm") as client:
            body = {"model": "m", "messages": [{"role": "user", "content": "在哪里?"}]}
            whole = await client.post("/v1/chat/completions?x=1", json=body)
            streamed = await client.post("/v1/chat/completions", json={**body, "stream": True})
            unseen = await client.post("/v1/chat/completions", json={**body, "messages": []})
            models = await client.get("/v1/models")
        return [whole, streamed, unseen, models]

    whole, streamed, unseen, models = asyncio.run(both())
    assert whole.json()["choices"][0]["message"]["content"] == "在路上, nearly there"
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert unseen.status_code == 404
    assert [row["id"] for row in models.json()["data"]] == ["m"]
