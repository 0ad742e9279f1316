"""Wrapped clients give what they would give, and the calls are in the store."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import anthropic
import openai
import orjson
import pytest

from rightsizer.listener import Listener
from rightsizer.store.sqlite import open_store
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import (
    TOOL,
    anthropic_message,
    anthropic_stream,
    completion,
    in_pieces,
    response_object,
    response_stream,
    text_stream,
)
from rightsizer.types import Call

ASK: Any = [{"role": "user", "content": "Where is order A-1? 在哪里"}]


def script(request: Received) -> Reply:
    body = orjson.loads(request.body)
    streamed = bool(body.get("stream"))
    if request.target.endswith("/messages"):
        return in_pieces(anthropic_stream(), 5) if streamed else Reply((orjson.dumps(anthropic_message()),))
    if request.target.endswith("/responses"):
        whole = Reply((orjson.dumps(response_object("在路上")),))
        return in_pieces(response_stream("在路上"), 5) if streamed else whole
    if body["model"] == "slow-down":
        return Reply((b'{"error":{"message":"slow down"}}',), status=429)
    if body["model"] == "packed":
        json_type = ("content-type", "application/json")
        return Reply(
            (gzip.compress(completion("packed")),), headers=(json_type, ("content-encoding", "gzip"))
        )
    return in_pieces(text_stream("它在路上 ok"), 5) if streamed else Reply((completion("它在路上"),))


def stored(home: Path) -> list[Call]:
    with open_store(home, create=False) as store:
        return list(store.calls.scan())


def test_openai_in_every_way_of_calling(tmp_path: Path) -> None:
    with FakeLLM(script) as llm, Listener(tmp_path / "home") as listener:
        client = openai.OpenAI(base_url=llm.url, api_key="sk-secret", max_retries=0)
        assert listener.wrap(client) is client
        create = client.chat.completions.create
        with listener.session("trip-7", step="answer"):
            assert create(model="big", messages=ASK).choices[0].message.content == "它在路上"
        chunks = list(create(model="big", messages=ASK, stream=True))
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "它在路上 ok"
        raw = client.chat.completions.with_raw_response.create(model="packed", messages=ASK)
        assert raw.parse().choices[0].message.content == "packed"
        assert client.responses.create(model="big", input="hi").output_text == "在路上"
        with client.responses.stream(model="big", input="hi") as stream:
            assert stream.get_final_response().output_text == "在路上"
        with pytest.raises(openai.RateLimitError):
            create(model="slow-down", messages=ASK)
        sent = [dict(r.headers) for r in llm.received]
        assert not [name for headers in sent for name in headers if name.startswith("x-rightsizer")]
    calls = stored(tmp_path / "home")
    said = [c.response.text if c.response else None for c in calls]
    assert said == ["它在路上", "它在路上 ok", "packed", "在路上", "在路上", None]
    assert (calls[0].session_id, calls[0].metadata["step"]) == ("trip-7", "answer")
    assert calls[0].source["name"] == "listener"
    assert calls[0].usage is not None
    assert calls[5].error is not None
    assert (calls[5].error.status, calls[5].error.message) == (429, "slow down")
    assert b"sk-secret" not in b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())


def test_embeddings_are_heard_too(tmp_path: Path) -> None:
    def vectors(request: Received) -> Reply:
        row = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        body = {"object": "list", "data": [row], "model": "e", "usage": usage}
        return Reply((orjson.dumps(body),))

    with FakeLLM(vectors) as llm, Listener(tmp_path / "home") as listener:
        client = listener.wrap(openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0))
        given = client.embeddings.create(model="e", input="在哪里?", encoding_format="float")
        assert given.data[0].embedding == [0.5, 0.25]
    (call,) = stored(tmp_path / "home")
    assert call.request.messages[0].text == "在哪里?"
    assert call.response is not None
    assert call.response.extra["embeddings"] == {"count": 1, "dimensions": 2}


def test_openai_async_at_the_same_time(tmp_path: Path) -> None:
    async def ask(url: str, listener: Listener) -> list[str]:
        async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as client:
            listener.wrap(client)

            async def one(number: int) -> str:
                with listener.session(f"s-{number}"):
                    stream = await client.chat.completions.create(model="m", messages=ASK, stream=True)
                    return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

            plain = await client.chat.completions.create(model="m", messages=ASK)
            assert plain.choices[0].message.content == "它在路上"
            return await asyncio.gather(*(one(n) for n in range(8)))

    with FakeLLM(script) as llm, Listener(tmp_path / "home") as listener:
        assert asyncio.run(ask(llm.url, listener)) == ["它在路上 ok"] * 8
    calls = stored(tmp_path / "home")
    assert {c.session_id for c in calls} > {f"s-{n}" for n in range(8)}
    assert len([c for c in calls if c.response]) == 9


def test_anthropic_plain_streamed_and_async(tmp_path: Path) -> None:
    ask: Any = {"model": "claude", "max_tokens": 50, "messages": ASK}

    async def later(url: str, listener: Listener) -> Any:
        async with anthropic.AsyncAnthropic(base_url=url, api_key="k", max_retries=0) as client:
            listener.wrap(client)
            async with client.messages.stream(**ask) as stream:
                return await stream.get_final_message()

    with FakeLLM(script) as llm, Listener(tmp_path / "home") as listener:
        base = llm.url.removesuffix("/v1")
        client = listener.wrap(anthropic.Anthropic(base_url=base, api_key="k", max_retries=0))
        assert client.messages.create(**ask).content[1].input == {"id": "A-1"}  # type: ignore[union-attr]
        with client.messages.stream(**ask) as stream:
            assert stream.get_final_message().content[0].text == "看一下"  # type: ignore[union-attr]
        assert asyncio.run(later(base, listener)).content[0].text == "看一下"
    calls = stored(tmp_path / "home")
    assert len(calls) == 3
    assert calls[0].response == calls[1].response == calls[2].response is not None
    assert calls[0].usage == calls[1].usage


def test_a_stream_that_is_left_is_recorded_as_such(tmp_path: Path) -> None:
    with FakeLLM(script) as llm, Listener(tmp_path / "home") as listener:
        client = listener.wrap(openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0))
        stream = client.chat.completions.create(model="big", messages=ASK, stream=True)
        next(iter(stream))
        stream.close()
    (call,) = stored(tmp_path / "home")
    assert call.response is None
    assert call.error is not None
    assert call.error.message == "client-gone"


def test_after_close_the_client_goes_on_unrecorded(tmp_path: Path) -> None:
    with FakeLLM(script) as llm:
        with Listener(tmp_path / "home") as listener:
            client = listener.wrap(openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0))
        tools: Any = [TOOL]
        answer = client.chat.completions.create(model="m", messages=ASK, tools=tools)
        assert answer.choices[0].message.content == "它在路上"
    assert stored(tmp_path / "home") == []


@pytest.mark.parametrize("broken", ["home", "disk", "request", "response"])
def test_whatever_fails_the_agent_gets_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no room")

    home = tmp_path / "home"
    if broken == "home":
        home.write_text("a file, and no folder")
    if broken == "disk":
        monkeypatch.setattr("rightsizer.gateway.segments.Segment.append", fail)
    if broken == "request":
        monkeypatch.setattr("rightsizer.listener.http.api_path", fail)
    if broken == "response":
        monkeypatch.setattr("rightsizer.listener.note.Note.answers", fail)
        monkeypatch.setattr("rightsizer.listener.note.Note.add", fail)
    with FakeLLM(script) as llm, Listener(home) as listener:
        assert listener.is_recording == (broken != "home")
        client = listener.wrap(openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0))
        plain = client.chat.completions.create(model="m", messages=ASK)
        assert plain.choices[0].message.content == "它在路上"
        chunks = client.chat.completions.create(model="m", messages=ASK, stream=True)
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "它在路上 ok"


def test_what_is_no_client_is_given_back(tmp_path: Path) -> None:
    thing = object()
    with Listener(tmp_path / "home") as listener:
        assert listener.wrap(thing) is thing


def test_a_client_wrapped_twice_is_heard_once(tmp_path: Path) -> None:
    with FakeLLM(script) as llm:
        with Listener(tmp_path / "home") as listener:
            client = openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0)
            assert listener.wrap(listener.wrap(client)) is client
            again = listener.wrap(client.with_options(timeout=20))  # shares its connections
            for each in (client, again):
                each.chat.completions.create(model="m", messages=ASK)
        client.chat.completions.create(model="m", messages=ASK)
    assert len(stored(tmp_path / "home")) == 2


@pytest.mark.parametrize("first_to_close", [0, 1])
def test_two_listeners_on_one_client_hear_it_each_until_it_closes(
    tmp_path: Path, first_to_close: int
) -> None:
    homes = [tmp_path / "a", tmp_path / "b"]
    with FakeLLM(script) as llm:
        client = openai.OpenAI(base_url=llm.url, api_key="k", max_retries=0)
        listeners = [Listener(home) for home in homes]
        for listener in listeners:
            listener.wrap(client)
        for listener in (listeners[first_to_close], listeners[1 - first_to_close]):
            client.chat.completions.create(model="m", messages=ASK)
            listener.close()
        answer = client.chat.completions.create(model="m", messages=ASK)
        assert answer.choices[0].message.content == "它在路上"
    counts = [len(stored(home)) for home in homes]
    assert (counts[first_to_close], counts[1 - first_to_close]) == (1, 2)
