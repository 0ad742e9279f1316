"""Students behind the gateway: correct answers, the right share, and the LLM whenever one fails."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import TOOL, completion
from rightsizer.types import Call, Message, TextPart, ToolCallPart

SERVER = """
import functools, sys, time
from dataclasses import replace
from pathlib import Path
from rightsizer.gateway.routing import Decision
from rightsizer.gateway.serve import serve
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store
from rightsizer.types import Message, TextPart, ToolCallPart

home, upstream = Path(sys.argv[1]), sys.argv[2]
open_store(home).close()
CALLS = Message(role="assistant", parts=(
    ToolCallPart(name="find_order", arguments='{"id":"A-1"}'),
    ToolCallPart(name="find_order", arguments='{"id":"乙"}')))
TEXT = Message(role="assistant", parts=(TextPart(content="退款"),))

class Students:
    is_empty = False
    def place(self, call_id, body, metadata):
        return None
    def route(self, call_id, body, metadata):
        told = Decision("task_1", "student_1", "canary", 0.5, offered=True, confidence=0.9)
        asked = metadata["ask"]
        if asked == "raise": raise KeyError("broken student")
        if asked == "sleep": time.sleep(3)
        if asked == "unsure": return replace(told, fallback="below-threshold")
        if asked == "shadow": return replace(told, mode="shadow", offered=False, propensity=0.0)
        if asked == "none": return Decision()
        return replace(told, message=CALLS if asked == "calls" else TEXT)
    def shadow(self, decision):
        return replace(decision, message=TEXT)

class Source:
    loaded = False
    def load(self):
        if not self.loaded:
            self.loaded = True
            return Students()

settings = GatewaySettings(port=0, upstream=upstream, student_timeout_s=1.0)
sys.exit(serve(settings, home=home, kek=find_key(home, None, create=False),
      open_store=functools.partial(open_store, home), route_source=Source,
      announce=lambda url: print(url, flush=True)))
"""


class Served:
    """A gateway with the scripted students, and what an OpenAI client sees of it."""

    def __init__(self, url: str, stop: Callable[[], list[Call]], llm: FakeLLM) -> None:
        self.url, self.stop, self.llm = url, stop, llm
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)

    def ask(self, what: str, **more: Any) -> Any:
        messages: Any = [{"role": "user", "content": "where is it"}]
        headers = {"x-rightsizer-metadata": f'{{"ask": "{what}"}}'}
        return self.client.chat.completions.with_raw_response.create(
            model="big", messages=messages, extra_headers=headers, **more
        )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    import subprocess

    home, code = tmp_path / "home", tmp_path / "server.py"
    code.write_text(textwrap.dedent(SERVER), encoding="utf-8")
    with FakeLLM(lambda r: Reply((completion("from the LLM"),))) as llm:
        process = subprocess.Popen(
            [sys.executable, str(code), str(home), llm.url], stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None

        def stop() -> list[Call]:
            process.terminate()
            assert process.wait(30) == 0
            from rightsizer.gateway.indexer import index_segments

            with open_store(home) as store:
                index_segments(store, home, find_key(home, None, create=False))
                return list(store.calls.scan())

        yield Served(process.stdout.readline().decode().strip(), stop, llm)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_students_answer_is_a_correct_completion(served: Served) -> None:
    raw = served.ask("text")
    assert raw.headers["x-rightsizer-served-by"] == "student:student_1"
    assert raw.headers["x-rightsizer-task"] == "task_1"
    answer = raw.parse()
    assert answer.choices[0].message.content == "退款"
    assert (answer.choices[0].finish_reason, answer.usage.total_tokens) == ("stop", 0)
    called = served.ask("calls", tools=[TOOL]).parse().choices[0]
    assert [c.function.arguments for c in called.message.tool_calls] == ['{"id":"A-1"}', '{"id":"乙"}']
    assert len({c.id for c in called.message.tool_calls}) == 2, "every call has an id of its own"
    assert called.finish_reason == "tool_calls"
    assert served.llm.received == []
    first, second = served.stop()
    assert first.response == Message(
        role="assistant", parts=(TextPart(content="退款"),), extra={"refusal": None}
    )
    assert first.source["served_by"] == "student:student_1"
    assert first.source["route"]["propensity"] == 0.5
    assert isinstance(second.response.parts[0], ToolCallPart)  # type: ignore[union-attr]


def test_a_students_stream_is_a_correct_stream(served: Served) -> None:
    def stream(what: str, **more: Any) -> Any:
        return list(served.ask(what, stream=True, **more).parse())

    chunks = stream("text", stream_options={"include_usage": True})
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "退款"
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 0)
    assert all(c.choices for c in stream("text")), "no usage chunk unless it was asked for"
    messages: Any = [{"role": "user", "content": "x"}]
    headers = {"x-rightsizer-metadata": '{"ask": "calls"}'}
    tools: Any = [TOOL]
    with served.client.chat.completions.stream(
        model="m", messages=messages, tools=tools, extra_headers=headers
    ) as live:
        final = live.get_final_completion().choices[0]
    assert [c.function.arguments for c in final.message.tool_calls or []] == ['{"id":"A-1"}', '{"id":"乙"}']
    calls = served.stop()
    assert calls[-1].response is not None
    assert [c.arguments for c in calls[-1].response.tool_calls] == ['{"id":"A-1"}', '{"id":"乙"}']


@pytest.mark.parametrize(
    ("what", "more", "reason"),
    [
        ("unsure", {}, "below-threshold"),
        ("raise", {}, "error"),
        ("sleep", {}, "timeout"),
        ("text", {"n": 2}, "unsupported: n"),
        ("text", {"logprobs": True}, "unsupported: logprobs"),
        ("none", {}, None),
    ],
)
def test_the_llm_answers_when_the_student_does_not(
    served: Served, what: str, more: dict[str, Any], reason: str | None
) -> None:
    raw = served.ask(what, **more)
    assert raw.parse().choices[0].message.content == "from the LLM"
    assert raw.headers["x-rightsizer-served-by"] == "llm"
    assert raw.headers.get("x-rightsizer-fallback") == reason
    with urllib.request.urlopen(f"{served.url}/metrics") as answer:
        metrics = answer.read().decode()
    assert reason is None or f'rightsizer_fallbacks_total{{reason="{reason}"}} 1' in metrics
    (call,) = served.stop()
    assert call.response is not None
    assert call.response.text == "from the LLM"


def test_a_shadow_is_recorded_and_never_seen(served: Served) -> None:
    raw = served.ask("shadow")
    assert raw.headers["x-rightsizer-served-by"] == "llm"
    assert raw.parse().choices[0].message.content == "from the LLM"
    time.sleep(0.3)
    (call,) = served.stop()
    assert call.response is not None
    assert call.response.text == "from the LLM"
    assert call.source["shadow"]["message"]["parts"][0]["content"] == "退款"
    assert call.source["route"]["mode"] == "shadow"


def test_the_other_apis_are_answered_too(served: Served) -> None:
    headers = {"x-rightsizer-metadata": '{"ask": "text"}'}
    answer = served.client.responses.create(model="big", input="hi", store=False, extra_headers=headers)
    assert answer.output_text == "退款"
    kept = served.client.responses.with_raw_response.create(model="big", input="hi", extra_headers=headers)
    assert kept.headers["x-rightsizer-fallback"] == "unsupported: store"
    asked: Any = {"model": "c", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    client = anthropic.Anthropic(base_url=served.url, api_key="k", max_retries=0)
    with client.messages.stream(**asked, extra_headers=headers) as stream:
        assert stream.get_final_message().content[0].text == "退款"  # type: ignore[union-attr]
    assert len(served.llm.received) == 1
    first, _, last = served.stop()
    assert first.response is not None
    assert last.response is not None
    assert (first.response.text, last.response.text) == ("退款", "退款")
    assert first.cost_usd == 0


def test_a_slow_student_in_shadow_gathers_no_crowd() -> None:
    import asyncio
    import threading

    from rightsizer.gateway.metrics import Metrics
    from rightsizer.gateway.routing import MOST_SHADOWS, Decision, Routing

    go_on = threading.Event()

    class Slow:
        is_empty = False

        def shadow(self, decision: Decision) -> Decision:
            go_on.wait(30)
            return decision

    class Source:
        def load(self) -> Any:
            return Slow()

    async def ask() -> list[Decision]:
        routing = Routing(Source(), Metrics(), 1.0)
        routing.reload()
        asked = [asyncio.create_task(routing.shadow(Decision("t", "s", "shadow"))) for _ in range(40)]
        await asyncio.sleep(0.1)
        go_on.set()
        said = await asyncio.gather(*asked)
        assert (await routing.shadow(Decision("t", "s", "shadow"))).fallback == "", "room again"
        routing.close()
        return said

    said = asyncio.run(ask())
    assert sum(d.fallback == "busy" for d in said) == 40 - MOST_SHADOWS


def test_a_student_in_shadow_delays_no_answer() -> None:
    import asyncio
    import threading

    from rightsizer.gateway.metrics import Metrics
    from rightsizer.gateway.routing import LOWEST, Decision, Routing

    busy, go_on = threading.Event(), threading.Event()
    live = Message(role="assistant", parts=(TextPart(content="yes"),))
    nice: dict[str, int] = {}

    def note(name: str) -> None:
        if sys.platform == "linux":
            nice[name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    class Students:
        is_empty = False

        def route(self, call_id: str, body: bytes, metadata: Any) -> Decision:
            note("live")
            return Decision("t2", "s2", "live", 1.0, offered=True, message=live)

        def shadow(self, decision: Decision) -> Decision:
            note("shadow")
            busy.set()
            assert go_on.wait(60)
            return decision

    class Source:
        loaded: Any = None

        def load(self) -> Any:
            self.loaded, before = self.loaded or Students(), self.loaded
            return None if before else self.loaded

    async def ask() -> None:
        source = Source()
        routing = Routing(source, Metrics(), 30.0)
        routing.reload()
        shadows = [asyncio.create_task(routing.shadow(Decision("t", "s", "shadow"))) for _ in range(3)]
        await asyncio.to_thread(busy.wait, 60)
        # The student in shadow answers only after this: an answer that waited for it would never come.
        said = await routing.decide("c", b"{}", {})
        assert said.message == live
        assert not any(task.done() for task in shadows)
        source.loaded = None
        routing.reload()  # new routes: what still waits is not asked under the old ones
        go_on.set()
        first, *rest = await asyncio.gather(*shadows)
        assert [first.fallback, *(d.fallback for d in rest)] == ["", "busy", "busy"]
        routing.close()

    asyncio.run(ask())
    if nice:
        assert nice["shadow"] == LOWEST > nice["live"]
