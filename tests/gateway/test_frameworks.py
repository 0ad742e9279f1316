"""Agent frameworks, unmodified: through the gateway they get what they get without it, and all is recorded.

The LLM is a `ReplayLLM` over a small log of our own. Frameworks that are not installed are left out.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from rightsizer.testing.replay_llm import ReplayLLM
from rightsizer.types import Call, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart, Usage

QUESTION = "订单 A-1 在哪里? Where is it?"
ANSWER = "它在路上 — on its way."


def message(role: str, text: str) -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


class Loose(ReplayLLM):
    """Knows a request by the texts of its messages alone: frameworks add fields of their own."""

    def __init__(self, calls: list[Call]) -> None:
        super().__init__(calls)
        self._texts = {_texts(c.request.messages): c for c in calls}

    def _reply_from_log(self, received: Any) -> Any:
        from rightsizer.wire.request import request_from_chat

        asked = orjson.loads(received.body)
        call = self._texts.get(_texts(request_from_chat(asked).messages))
        if call is None:
            return super()._reply_from_log(received)
        plain = orjson.loads(received.body)
        received = type(received)(
            received.method,
            received.target,
            received.headers,
            orjson.dumps({**_body(call), "stream": plain.get("stream", False)}),
        )
        return super()._reply_from_log(received)


def _texts(messages: Any) -> str:
    said = [(m.role, m.text, [orjson.loads(c.arguments) for c in m.tool_calls]) for m in messages]
    return orjson.dumps(said).decode()


def _body(call: Call) -> dict[str, Any]:
    from rightsizer.wire.request import request_to_chat

    return request_to_chat(call.request)


def log_of_calls() -> list[Call]:
    """A question answered, and one that takes a tool call first."""
    where = Message(
        role="assistant", parts=(ToolCallPart(id="call_1", name="find_order", arguments='{"order":"A-1"}'),)
    )
    result = Message(role="tool", parts=(ToolCallResponsePart(id="call_1", response="on its way"),))
    use = message("user", "use the tool for A-1")
    usage = Usage(input_tokens=9, output_tokens=4)
    return [
        Call(
            id="c0",
            session_id="s",
            model="big",
            request=Request(messages=(message("user", QUESTION),)),
            response=message("assistant", ANSWER),
            finish_reason="stop",
            usage=usage,
        ),
        Call(
            id="c1",
            session_id="s",
            model="big",
            request=Request(messages=(use,)),
            response=where,
            finish_reason="tool_calls",
            usage=usage,
        ),
        Call(
            id="c2",
            session_id="s",
            model="big",
            request=Request(messages=(use, where, result)),
            response=message("assistant", ANSWER),
            finish_reason="stop",
            usage=usage,
        ),
    ]


def find_order(order: str) -> str:
    """Where an order is."""
    return "on its way"


def langchain(url: str) -> Any:
    models = pytest.importorskip("langchain_openai")
    messages = pytest.importorskip("langchain_core.messages")
    tools = pytest.importorskip("langchain_core.tools")
    model = models.ChatOpenAI(model="big", base_url=url, api_key="k", max_retries=0)
    plain = model.invoke(QUESTION)
    streamed = "".join(str(chunk.content) for chunk in model.stream(QUESTION))
    bound = model.bind_tools([tools.tool(find_order)])
    asked: list[Any] = [messages.HumanMessage("use the tool for A-1")]
    first = bound.invoke(asked)
    call = first.tool_calls[0]
    asked += [first, messages.ToolMessage(find_order(**call["args"]), tool_call_id=call["id"])]
    return [plain.content, streamed, call["args"], bound.invoke(asked).content, plain.usage_metadata]


def pydantic_ai(url: str) -> Any:
    framework = pytest.importorskip("pydantic_ai")
    models = pytest.importorskip("pydantic_ai.models.openai")
    providers = pytest.importorskip("pydantic_ai.providers.openai")
    model = models.OpenAIChatModel("big", provider=providers.OpenAIProvider(base_url=url, api_key="k"))
    plain = framework.Agent(model).run_sync(QUESTION)
    used = framework.Agent(model, tools=[find_order]).run_sync("use the tool for A-1")

    async def stream() -> str:
        async with framework.Agent(model).run_stream(QUESTION) as result:
            return str(await result.get_output())

    return [plain.output, used.output, asyncio.run(stream()), plain.usage.input_tokens]


def openai_agents(url: str) -> Any:
    agents = pytest.importorskip("agents")
    import openai

    agents.set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0)
    model = agents.OpenAIChatCompletionsModel(model="big", openai_client=client)

    async def run() -> list[Any]:
        plain = await agents.Runner.run(agents.Agent(name="a", model=model), QUESTION)
        tools = [agents.function_tool(find_order)]
        used = await agents.Runner.run(
            agents.Agent(name="b", model=model, tools=tools), "use the tool for A-1"
        )
        await client.close()
        return [plain.final_output, used.final_output]

    return asyncio.run(run())


def litellm(url: str) -> Any:
    library = pytest.importorskip("litellm")
    ask: Any = {"model": "openai/big", "api_base": url, "api_key": "k"}
    messages = [{"role": "user", "content": QUESTION}]
    plain = library.completion(messages=messages, **ask)
    stream = library.completion(messages=messages, stream=True, **ask)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    later = asyncio.run(library.acompletion(messages=messages, **ask))
    said = [given.choices[0].message.content for given in (plain, later)]
    return [*said, text, plain.usage.total_tokens]


def curl(url: str) -> Any:
    def ask(stream: bool) -> bytes:
        body = orjson.dumps(
            {"model": "big", "messages": [{"role": "user", "content": QUESTION}], "stream": stream}
        )
        command = ["curl", "-sS", "-N", "--data-binary", "@-", f"{url}/chat/completions"]
        return subprocess.run(command, input=body, capture_output=True, check=True).stdout

    return [ask(False), ask(True)]


@pytest.mark.parametrize("client", [langchain, pydantic_ai, openai_agents, litellm, curl])
def test_the_same_with_and_without_the_gateway(
    start: Any, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or it asks the network for prices
    with Loose(log_of_calls()) as llm:
        direct = client(llm.url)
        n_calls = len(llm.received)
        gateway = start(llm.url)
        assert client(f"{gateway.url}/v1") == direct
        assert len(llm.received) == 2 * n_calls, "nothing is asked twice"
        sent = [orjson.loads(r.body) for r in llm.received]
        assert sent[:n_calls] == sent[n_calls:], "the bodies are the framework's own"
        gateway.stop()
    calls = gateway.calls()
    assert len(calls) == n_calls
    assert all(c.response is not None and c.error is None for c in calls)
    assert any(c.response.text == ANSWER for c in calls if c.response)
