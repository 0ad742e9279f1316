"""What goes through as it is, what stays behind, and that nothing waits on the way."""

from __future__ import annotations

import asyncio
import http.client
import socket
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.headers import HOP_BY_HOP
from rightsizer.gateway.serve import _loop_factory
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.upstream import UpstreamPool
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import SSE, completion, text_stream
from tests.gateway.rig import Rig, run
from tests.gateway.test_faults import BODY, STREAM, post, raw_request
from tests.gateway.test_pool import ask
from tests.gateway.test_timeouts import configure

ANYTHING = bytes(range(256)) * 20


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/files?after=%E8%B7%AF&limit=2"),
        ("DELETE", "/v1/files/file-1"),
        ("PATCH", "/v1/threads/a%2Fb"),
        ("PUT", "/v1/uploads/1"),
        ("POST", "/v1/audio/transcriptions"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("OPTIONS", "/v1/models"),
    ],
)
def test_every_other_path_passes_byte_for_byte(start: Any, method: str, target: str) -> None:
    kind = "multipart/form-data; boundary=路".encode().decode("latin-1")
    answer = Reply(
        (ANYTHING[:700], ANYTHING[700:]), 207, (("content-type", "audio/mpeg"), ("x-own", "\xe8")), "chunked"
    )
    with FakeLLM(lambda r: answer) as llm:
        gateway = start(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        body = ANYTHING if method in ("POST", "PUT", "PATCH") else None
        connection.request(
            method, target, body, {"content-type": kind, "openai-beta": "x=1", "x-request-id": "7"}
        )
        got = connection.getresponse()
        assert (got.status, got.getheader("x-own"), got.read()) == (207, "\xe8", ANYTHING)
        connection.close()
        (sent,) = llm.received
        assert (sent.method, sent.target, sent.body) == (method, target, body or b"")
        told = [sent.header(name) for name in ("content-type", "openai-beta", "x-request-id")]
        assert told == [kind, "x=1", "7"]
        gateway.stop()
    assert gateway.calls() == []


@pytest.mark.parametrize(
    "name", sorted(name.decode() for name in HOP_BY_HOP - {b"transfer-encoding", b"upgrade", b"connection"})
)
def test_headers_of_one_hop_stay_there(start: Any, name: str) -> None:
    """RFC 9110 §7.6.1; in both directions."""
    own = Reply((completion("ok"),), headers=((name, "secret"), ("x-end", "1")))
    with FakeLLM(lambda r: own) as llm:
        gateway = start(llm.url)
        _, headers, _ = post(gateway, **{name: "secret", "x-end": "2"})
        assert "secret" not in str(headers)
        assert headers["x-end"] == "1"
        assert "secret" not in str(llm.received[0].headers)
        assert llm.received[0].header("x-end") == "2"


def test_hop_by_hop_are_those_of_the_rfc() -> None:
    """The test above goes by the same list."""
    assert {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
    } == HOP_BY_HOP


@pytest.mark.parametrize("stream", [False, True])
def test_of_an_answer_too_large_to_keep_the_agent_gets_all(start: Any, tmp_path: Path, stream: bool) -> None:
    configure(tmp_path, max_recorded_bytes=1000)
    whole = text_stream("a long answer") if stream else completion("long " * 500)
    assert len(whole) > 1000
    with FakeLLM(
        lambda r: Reply((whole,), headers=SSE if stream else (("content-type", "application/json"),))
    ) as llm:
        gateway = start(llm.url)
        assert post(gateway, STREAM if stream else BODY)[2] == whole
        gateway.stop()
    (call,) = gateway.calls()
    assert call.error is not None
    assert call.error.message == "recording-limit"
    assert call.request.messages[0].text == "hi"


def test_an_answer_goes_out_in_the_turn_in_which_it_came(tmp_path: Path) -> None:
    """No timer, no task and no second write between: head and first bytes are one."""

    async def test(rig: Rig) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        for answers in (None, (head + b"9\r\ndata: 1\n\n\r\n", b"9\r\ndata: 2\n\n\r\n", b"0\r\n\r\n")):
            if answers is not None:
                rig.pool.answers = answers
            client, wire = rig.connect()
            client.data_received(raw_request())
            assert len(wire.written) == len(rig.pool.answers)
            assert wire.written[0].startswith(b"HTTP/1.1 200 ")
            assert b"data: 1" in wire.written[0] or answers is None
            client.connection_lost(None)

    run(tmp_path, test)


def test_small_writes_to_a_client_go_out_at_once() -> None:
    """With Nagle's algorithm the end of a stream would wait 40 ms for an acknowledgement."""

    async def without() -> int:
        made = asyncio.get_running_loop().create_future()

        class Client(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                made.set_result(transport.get_extra_info("socket"))

        server = await asyncio.get_running_loop().create_server(Client, "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()):
            taken = (await made).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        server.close()
        return int(taken)

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        assert runner.run(without())


def test_an_idle_connection_that_the_server_may_have_closed_is_not_used() -> None:
    async def work(url: str, keep_s: float) -> None:
        settings = GatewaySettings(upstream=url, upstream_keep_alive_s=keep_s)
        pool = UpstreamPool(settings.target(), settings, asyncio.get_running_loop())
        await ask(pool)
        await asyncio.sleep(0.05)
        await ask(pool)
        pool.close()

    with FakeLLM(lambda r: Reply((b"{}",))) as llm:
        asyncio.run(work(llm.url, 0.01))
        assert llm.connections == 2
        asyncio.run(work(llm.url, 60.0))
        assert llm.connections == 3


def test_a_head_of_an_answer_that_never_ends_is_a_502(start: Any) -> None:
    with FakeLLM(lambda r: Reply(raw=b"HTTP/1.1 200 OK\r\nx: " + b"a" * (8 << 20))) as llm:
        gateway = start(llm.url)
        status, headers, _ = post(gateway)
        assert (status, headers["x-rightsizer-reason"]) == (502, "protocol")


def test_a_client_that_sends_on_and_on_is_not_read_on_and_on(start: Any) -> None:
    """Requests that wait behind another are bounded; when it is done they are answered, in order."""

    def script(request: Received) -> Reply:
        text = orjson.loads(request.body)["messages"][0]["content"]
        return Reply((completion(text),), delay_s=1.0 if text == "0" else 0.0)

    def asked(text: str) -> bytes:
        padding = "x" * 50_000
        return raw_request(
            orjson.dumps({"model": "m", "messages": [{"role": "user", "content": text}], "padding": padding})
        )

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        with socket.create_connection(gateway.address, timeout=60) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            connection.settimeout(0.3)
            sent = 0
            many = b"".join(asked(str(number)) for number in range(600))  # 30 MB
            try:
                while sent < len(many):
                    sent += connection.send(many[sent : sent + 65536])
            except TimeoutError:
                pass
            assert sent < len(many) - (4 << 20), "what fits into sockets, and the queue"
            connection.settimeout(60)
            whole = sent // len(asked("599"))
            got = b""
            while f'"content":"{whole - 1}"'.encode() not in got:
                piece = connection.recv(1 << 20)
                assert piece
                got += piece
        places = [got.index(f'"content":"{number}"'.encode()) for number in range(whole)]
        assert places == sorted(places)
