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

from rightsizer.testing.replay_llm import ReplayLLM, words_digest
from rightsizer.types import Call, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart, Usage

QUESTION = "订单 A-1 在哪里? Where is it?"
ANSWER = "它在路上 — on its way."


def message(role: str, text: str) -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


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

    async def run() -> list[Any]:
        said = []
        for kind in (agents.OpenAIChatCompletionsModel, agents.OpenAIResponsesModel):
            model = kind(model="big", openai_client=client)
            plain = await agents.Runner.run(agents.Agent(name="a", model=model), QUESTION)
            agent = agents.Agent(name="b", model=model, tools=[agents.function_tool(find_order)])
            used = await agents.Runner.run(agent, "use the tool for A-1")
            streamed = agents.Runner.run_streamed(agent, "use the tool for A-1")
            events = [event.type async for event in streamed.stream_events()]
            said += [plain.final_output, used.final_output, streamed.final_output, events]
        await client.close()
        return said

    return asyncio.run(run())


def litellm(url: str) -> Any:
    library = pytest.importorskip("litellm")
    ask: Any = {"model": "openai/big", "api_base": url, "api_key": "k"}
    messages = [{"role": "user", "content": QUESTION}]
    plain = library.completion(messages=messages, **ask)
    stream = library.completion(messages=messages, stream=True, **ask)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    later = asyncio.run(library.acompletion(messages=messages, **ask))
    tools = [{"type": "function", "function": {k: v for k, v in TOOL.items() if k != "type"}}]
    called = library.completion(messages=USE, tools=tools, **ask).choices[0].message.tool_calls
    claude: Any = {
        "model": "anthropic/big",
        "api_base": url.removesuffix("/v1"),
        "api_key": "k",
        "max_tokens": 99,
    }
    other = library.completion(messages=messages, **claude)
    said = [given.choices[0].message.content for given in (plain, later, other)]
    return [*said, text, plain.usage.total_tokens, [call.function.arguments for call in called]]


def curl(url: str) -> Any:
    def ask(stream: bool) -> bytes:
        body = orjson.dumps(
            {"model": "big", "messages": [{"role": "user", "content": QUESTION}], "stream": stream}
        )
        command = ["curl", "-sS", "-N", "--data-binary", "@-", f"{url}/chat/completions"]
        return subprocess.run(command, input=body, capture_output=True, check=True).stdout

    return [ask(False), ask(True)]


TOOL: Any = {
    "type": "function",
    "name": "find_order",
    "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
}
ASK: Any = [{"role": "user", "content": QUESTION}]
USE: Any = [{"role": "user", "content": "use the tool for A-1"}]


def openai_chat(url: str) -> Any:
    """Plain, streamed, with a tool and its result, and asynchronously."""
    import openai

    client = openai.OpenAI(base_url=url, api_key="k", max_retries=0)
    create: Any = client.chat.completions.create
    tools = [{"type": "function", "function": {k: v for k, v in TOOL.items() if k != "type"}}]
    first = create(model="big", messages=USE, tools=tools)
    call = first.choices[0].message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": "on its way"}
    second = create(model="big", messages=[*USE, first.choices[0].message, result], tools=tools)
    chunks = [c.model_dump() for c in create(model="big", messages=ASK, stream=True)]
    with client.chat.completions.stream(model="big", messages=USE, tools=tools) as stream:  # type: ignore[arg-type]
        final = stream.get_final_completion()

    async def later() -> Any:
        async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as own:
            asks: Any = [own.chat.completions.create(model="big", messages=ASK) for _ in range(5)]
            return [answer.model_dump() for answer in await asyncio.gather(*asks)]

    plain = [first.model_dump(), second.model_dump(), final.model_dump()]
    return [plain, chunks, asyncio.run(later()), [m.id for m in client.models.list()]]


def openai_responses(url: str) -> Any:
    """Plain, streamed, and with a tool and its result."""
    import openai

    client = openai.OpenAI(base_url=url, api_key="k", max_retries=0)
    create: Any = client.responses.create
    plain = create(model="big", input=ASK)
    events = [event.model_dump() for event in create(model="big", input=ASK, stream=True)]
    first = create(model="big", input=USE, tools=[TOOL])
    call = first.output[0]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "on its way"}
    asked = {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
    second = create(model="big", input=[*USE, asked, result], tools=[TOOL])
    return [plain.output_text, events, first.model_dump(), second.output_text]


def anthropic(url: str) -> Any:
    """Plain, streamed, with a tool and its result, and asynchronously."""
    library = pytest.importorskip("anthropic")
    base = url.removesuffix("/v1")
    client = library.Anthropic(base_url=base, api_key="k", max_retries=0)
    about: Any = {"model": "big", "max_tokens": 100}
    tools = [{"name": "find_order", "input_schema": TOOL["parameters"]}]
    plain = client.messages.create(messages=ASK, **about)
    with client.messages.stream(messages=ASK, **about) as stream:
        streamed = stream.get_final_message()
    with client.messages.stream(messages=USE, tools=tools, **about) as stream:
        events = [event.model_dump() for event in stream]
        first = stream.get_final_message()
    called = first.content[0]
    result = {"type": "tool_result", "tool_use_id": called.id, "content": "on its way"}
    said = {"role": "assistant", "content": [called.model_dump(exclude_none=True)]}
    second = client.messages.create(
        messages=[*USE, said, {"role": "user", "content": [result]}], tools=tools, **about
    )

    async def later() -> Any:
        async with library.AsyncAnthropic(base_url=base, api_key="k", max_retries=0) as own:
            return (await own.messages.create(messages=ASK, **about)).model_dump()

    whole = [each.model_dump() for each in (plain, streamed, first, second)]
    return [whole, events, asyncio.run(later())]


CLIENTS = [
    openai_chat,
    openai_responses,
    anthropic,
    langchain,
    pydantic_ai,
    openai_agents,
    litellm,
    curl,
]


@pytest.mark.parametrize("client", CLIENTS)
def test_the_same_with_and_without_the_gateway(
    start: Any, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or it asks the network for prices
    with ReplayLLM(log_of_calls(), same=words_digest) as llm:
        direct = client(llm.url)
        n_asked = len(llm.received)
        gateway = start(llm.url)
        assert client(f"{gateway.url}/v1") == direct
        assert len(llm.received) == 2 * n_asked, "nothing is asked twice"
        sent = [r.body for r in llm.received]
        assert sorted(sent[:n_asked]) == sorted(sent[n_asked:]), "the bodies are the framework's own"
        n_calls = sum(r.method == "POST" for r in llm.received[n_asked:])
        gateway.stop()
    calls = gateway.calls()
    assert len(calls) == n_calls
    assert all(c.response is not None and c.error is None for c in calls)
    assert any(c.response.text == ANSWER for c in calls if c.response)
