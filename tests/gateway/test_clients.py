"""Unmodified clients through the gateway get what the LLM said, and it is recorded."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import anthropic
import openai
import orjson

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
    tool_stream,
)

ASK: Any = [{"role": "user", "content": "Where is order A-1? 在哪里"}]


def script(request: Received) -> Reply:
    """Plays the three APIs; streams are cut every 5 bytes, so inside characters and fields too."""
    if request.method == "GET":
        return Reply((orjson.dumps({"object": "list", "data": [{"id": "big-1", "object": "model"}]}),))
    body = orjson.loads(request.body)
    streamed = bool(body.get("stream"))
    if request.target.endswith("/embeddings"):
        row = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return Reply((orjson.dumps({"object": "list", "data": [row], "model": "e", "usage": usage}),))
    if request.target.endswith("/count_tokens"):
        return Reply((b'{"input_tokens": 11}',))
    if request.target.endswith("/messages"):
        return in_pieces(anthropic_stream(), 5) if streamed else Reply((orjson.dumps(anthropic_message()),))
    if request.target.endswith("/responses"):
        text = "在路上"
        return (
            in_pieces(response_stream(text), 5) if streamed else Reply((orjson.dumps(response_object(text)),))
        )
    if streamed:
        return in_pieces(tool_stream() if "tools" in body else text_stream("它在路上 ok"), 5)
    if "tools" in body:
        function = {"name": "find_order", "arguments": '{"id":"A-1"}'}
        return Reply((completion(None, [{"id": "call_9", "type": "function", "function": function}]),))
    return Reply((completion("它在路上"),))


def test_openai_chat_plain_streamed_and_tools(start: Any) -> None:
    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-secret", max_retries=0)
        create = client.chat.completions.create
        plain = create(model="big", messages=ASK, metadata={"session_id": "s-1", "step": "answer"})
        assert plain.choices[0].message.content == "它在路上"
        called = create(model="big", messages=ASK, tools=[TOOL])  # type: ignore[list-item]
        assert called.choices[0].message.tool_calls[0].function.arguments == '{"id":"A-1"}'
        chunks = list(create(model="big", messages=ASK, stream=True, stream_options={"include_usage": True}))
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "它在路上 ok"
        assert chunks[-1].usage.total_tokens == 9
        with client.chat.completions.stream(model="big", messages=ASK, tools=[TOOL]) as stream:  # type: ignore[list-item]
            final = stream.get_final_completion()
        assert [c.function.arguments for c in final.choices[0].message.tool_calls] == [
            '{"id":"A-1"}',
            '{"id":"B-2"}',
        ]
        assert llm.received[0].header("authorization") == "Bearer sk-secret"
        assert llm.connections == 1, "the connection to the LLM is kept and used again"
        assert gateway.stop() == 0
    calls = gateway.calls()
    assert [c.response.text if c.response else None for c in calls] == ["它在路上", "", "它在路上 ok", ""]
    assert calls[0].session_id == "s-1"
    assert calls[0].metadata["step"] == "answer"
    assert calls[0].usage is not None
    assert (calls[0].usage.input_tokens, calls[0].usage.output_tokens) == (12, 3)
    assert calls[2].usage is not None
    assert calls[2].usage.output_tokens == 2
    assert [t.arguments for t in calls[3].response.tool_calls] == ['{"id":"A-1"}', '{"id":"B-2"}']
    assert [t.id for t in calls[3].response.tool_calls] == ["call_0", "call_1"]
    assert calls[3].finish_reason == "tool_calls"
    assert calls[3].request.tool_names == ("find_order",)
    assert all(c.source["served_by"] == "llm" for c in calls)


def test_openai_responses_embeddings_models(start: Any) -> None:
    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0)
        assert (
            client.responses.create(model="big", input="hi", instructions="be brief").output_text == "在路上"
        )
        with client.responses.stream(model="big", input="hi") as stream:
            assert stream.get_final_response().output_text == "在路上"
        assert client.embeddings.create(model="e", input="x", encoding_format="float").data[0].embedding == [
            0.5,
            0.25,
        ]
        assert [m.id for m in client.models.list()] == ["big-1"]
        gateway.stop()
    calls = gateway.calls()
    assert [c.response.text for c in calls if c.response] == ["在路上", "在路上", ""]
    assert calls.pop().source["path"] == "/v1/embeddings"
    assert [m.role for m in calls[0].request.messages] == ["system", "user"]
    assert all(c.usage is not None and c.usage.input_tokens == 5 for c in calls)


def test_openai_async_concurrently(start: Any) -> None:
    async def ask(url: str) -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client:

            async def one() -> str:
                stream = await client.chat.completions.create(model="big", messages=ASK, stream=True)
                return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

            return await asyncio.gather(*(one() for _ in range(12)))

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        assert asyncio.run(ask(gateway.url)) == ["它在路上 ok"] * 12
        gateway.stop()
    assert len(gateway.calls()) == 12


def test_anthropic_plain_streamed_and_count_tokens(start: Any) -> None:
    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        client = anthropic.Anthropic(base_url=gateway.url, api_key="sk-ant", max_retries=0)
        ask: Any = {"model": "claude", "max_tokens": 50, "messages": ASK, "system": "short"}
        assert client.messages.create(**ask).content[1].input == {"id": "A-1"}
        with client.messages.stream(**ask) as stream:
            final = stream.get_final_message()
        assert final.content[0].text == "看一下"
        assert final.content[1].input == {"id": "A-1"}
        assert client.messages.count_tokens(model="claude", messages=ASK).input_tokens == 11
        # the client's older versions send the key in x-api-key, newer ones as a bearer token
        sent = llm.received[0]
        assert "sk-ant" in ((sent.header("x-api-key") or "") + (sent.header("authorization") or ""))
        gateway.stop()
    plain, streamed = gateway.calls()
    assert plain.response == streamed.response
    assert plain.response is not None
    assert plain.response.text == "看一下"
    assert orjson.loads(plain.response.tool_calls[0].arguments) == {"id": "A-1"}
    assert plain.request.messages[0].role == "system"
    assert (plain.usage, streamed.usage) == (plain.usage, plain.usage)
    assert plain.usage is not None
    assert (plain.usage.input_tokens, plain.usage.output_tokens) == (24, 9)


def test_curl_with_session_prefix_and_unknown_path(start: Any, tmp_path: Path) -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"made_up":{"x":[1,2]}}'

    def echo(request: Received) -> Reply:
        if request.target.startswith("/v1/new/thing"):
            return Reply((request.body,), headers=(("content-type", "application/x-own"), ("x-own", "1")))
        return Reply((completion("ok"),))

    with FakeLLM(echo) as llm:
        gateway = start(llm.url)

        def curl(path: str) -> bytes:
            command = ["curl", "-sS", "-i", "--data-binary", "@-", f"{gateway.url}{path}"]
            return subprocess.run(command, input=body, capture_output=True, check=True).stdout

        assert b'"ok"' in curl("/session/trip%2F7/v1/chat/completions")
        assert llm.received[0].target == "/v1/chat/completions"
        assert llm.received[0].body == body, "unknown fields pass byte for byte"
        answer = curl("/v1/new/thing?a=1&b=%20")
        assert llm.received[1].target == "/v1/new/thing?a=1&b=%20"
        assert answer.endswith(b"\r\n\r\n" + body)
        assert b"x-own: 1" in answer
        gateway.stop()
    (call,) = gateway.calls()
    assert call.session_id == "trip/7"
    assert call.request.params["made_up"] == {"x": [1, 2]}
