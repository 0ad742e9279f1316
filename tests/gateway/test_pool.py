"""The pool of connections to the LLM: what goes back into it can be used again, and no write waits."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from rightsizer.gateway.answer_head import AnswerHead
from rightsizer.gateway.serve import _loop_factory
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.upstream import Connection, Handle, UpstreamPool
from rightsizer.testing.fake_llm import FakeLLM, Reply

ASK = b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
BIG = Reply((b"x" * 3_000_000, b"y" * 3_000_000))


class Slow:
    """A client that stops reading for a moment when the head has come; `paused`: it did."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.handle: Handle | None = None
        self.got = 0
        self.reason = ""

    def attach(self, handle: Handle) -> None:
        self.handle = handle

    def on_head(self, head: AnswerHead) -> None:
        assert isinstance(self.handle, Connection)
        self.handle.pause()

    def on_body(self, data: bytes) -> None:
        self.got += len(data)

    def on_segment(self) -> None:
        assert isinstance(self.handle, Connection)
        asyncio.get_running_loop().call_later(0.001, self.handle.resume)

    def on_end(self) -> None:
        self.over.set()

    def on_failure(self, reason: str) -> None:
        self.reason = reason
        self.over.set()

    def on_retry(self) -> None:
        return None


async def ask(pool: UpstreamPool) -> Slow:
    client = Slow()
    pool.request(ASK, client)
    await asyncio.wait_for(client.over.wait(), 20)
    assert not client.reason
    return client


@pytest.fixture
def run(request: Any) -> Any:
    """Runs a coroutine in a loop like a worker's."""

    def go(work: Any) -> Any:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(work)

    return go


def test_a_connection_that_was_paused_reads_on_for_the_next_call(run: Any) -> None:
    """Also where the whole answer came in the read after which its client had stopped reading."""

    async def work(url: str) -> list[int]:
        settings = GatewaySettings(upstream=url)
        pool = UpstreamPool(settings.target(), settings, asyncio.get_running_loop())
        got = [(await ask(pool)).got for _ in range(4)]
        pool.close()
        return got

    sizes = iter((2, 6_000_000, 2, 2))
    with FakeLLM(lambda r: BIG if next(sizes) > 2 else Reply((b"{}",))) as llm:
        assert run(work(llm.url)) == [2, 6_000_000, 2, 2]
        assert llm.connections == 1


def test_small_writes_go_out_at_once(run: Any) -> None:
    """With Nagle's algorithm the end of a stream waits 40 ms for an acknowledgement."""

    async def work(url: str) -> int:
        settings = GatewaySettings(upstream=url)
        pool = UpstreamPool(settings.target(), settings, asyncio.get_running_loop())
        client = await ask(pool)
        assert isinstance(client.handle, Connection)
        assert client.handle._transport is not None
        ours = client.handle._transport.get_extra_info("socket")
        without = int(ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        pool.close()
        return without

    with FakeLLM(lambda r: Reply((b"{}",))) as llm:
        assert run(work(llm.url))
