"""Callers and servers that mean no good: clear 4xx, bounded memory, and nobody else is held up."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import completion

BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"


def configure(tmp_path: Path, **settings: float) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (home / "rightsizer.toml").write_text("[gateway]\n" + lines)


def talk(address: tuple[str, int], data: bytes, seconds: float = 20.0) -> bytes:
    """Send, and read until the gateway closes or for a second nothing has come after the first answer."""
    with socket.create_connection(address, timeout=seconds) as connection:
        connection.sendall(data)
        got = b""
        while True:
            try:
                piece = connection.recv(65536)
            except (TimeoutError, ConnectionResetError):
                return got
            if not piece:
                return got
            got += piece
            connection.settimeout(1.0)


def ask(gateway: Any) -> int:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    connection.request("POST", "/v1/chat/completions", BODY)
    answer = connection.getresponse()
    answer.read()  # who hangs up before the end is recorded as gone
    connection.close()
    return answer.status


def workers_rss_kb(gateway: Any) -> int:
    """The largest of the gateway's processes."""
    command = ["ps", "-o", "rss=", "--ppid", str(gateway.process.pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return max(int(line) for line in found.split())


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        HEAD + b"content-length: +5\r\n\r\nhello",
        HEAD + b"content-length: 5,5\r\n\r\nhello",
        HEAD + b"content-length: -1\r\n\r\n",
        HEAD + b"content-length : 5\r\n\r\nhello",
        HEAD + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
        HEAD + b"x\x00y: 1\r\ncontent-length: 0\r\n\r\n",
        HEAD + b"x: a\rb: c\r\ncontent-length: 0\r\n\r\n",
        b"POST  HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/x HTTP/9.9\r\nhost: x\r\n\r\n",
    ],
)
def test_what_two_servers_could_read_differently_reaches_no_llm(start: Any, data: bytes) -> None:
    smuggled = b"GET /v1/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        answer = talk(gateway.address, data + smuggled)
        assert answer.split(b" ")[1] == b"400", answer[:200]
        assert answer.count(b"HTTP/1.1 ") == 1
        assert llm.received == []
        assert ask(gateway) == 200


def test_a_request_that_trickles_in_is_ended(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, request_timeout_s=1.0)
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        for first in (HEAD + b"x: ", HEAD + b"content-length: 100\r\n\r\n"):
            with socket.create_connection(gateway.address, timeout=20) as connection:
                connection.sendall(first)
                began = time.monotonic()
                connection.settimeout(0.2)
                got = b""
                while not got and time.monotonic() - began < 15:
                    try:
                        connection.sendall(b"a")
                        got = connection.recv(1000)
                    except TimeoutError:
                        continue
                assert got.startswith(b"HTTP/1.1 408 ")
        silent = [socket.create_connection(gateway.address, timeout=20) for _ in range(50)]
        assert ask(gateway) == 200, "the others are not held up"
        assert [connection.recv(10) for connection in silent] == [b""] * 50, "closed without a word"
        assert len(llm.received) == 1


def test_too_many_connections_are_told_so(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, max_connections=5)
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        kept = [socket.create_connection(gateway.address, timeout=20) for _ in range(5)]
        time.sleep(0.3)
        answer = talk(gateway.address, b"")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        for connection in kept:
            connection.close()
        time.sleep(0.3)
        assert ask(gateway) == 200


def test_a_body_without_end_is_refused_and_not_kept(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, max_request_bytes=1 << 20)
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        assert ask(gateway) == 200
        before = workers_rss_kb(gateway)
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        with socket.create_connection(gateway.address, timeout=20) as connection:
            connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
            try:
                for _ in range(2000):  # 128 MB
                    connection.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                pass
        assert workers_rss_kb(gateway) - before < 30_000
        assert len(llm.received) == 1
        assert ask(gateway) == 200


def test_a_slow_reader_holds_the_llm_back_and_no_memory(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, max_recorded_bytes=1 << 20)
    piece = b"data: " + b"x" * 65530
    endless = Reply((piece,) * 1500, headers=(("content-type", "text/event-stream"),), framing="chunked")
    with FakeLLM(lambda r: endless if b"stream" in r.body else Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        assert ask(gateway) == 200
        before = workers_rss_kb(gateway)
        with socket.create_connection(gateway.address, timeout=20) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            body = BODY[:-1] + b',"stream":true}'
            connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            time.sleep(2.0)  # the LLM would send its 98 MB in that time
            assert workers_rss_kb(gateway) - before < 30_000
            assert ask(gateway) == 200, "the others are not held up"
        gateway.stop()
    calls = gateway.calls()
    assert [call.error.message if call.error else "" for call in calls] == ["", "client-gone", ""]


@pytest.mark.parametrize("place", ["url", "header", "metadata"])
def test_names_with_line_ends_go_nowhere_but_into_the_record(start: Any, place: str) -> None:
    path, head = b"/v1/chat/completions", b""
    if place == "url":
        path = b"/session/a%0d%0ax-evil:%201" + path
    elif place == "header":
        head = b"x-rightsizer-session: a\xc2\x85x-evil: 1\r\n"
    else:
        head = b'x-rightsizer-metadata: {"step": "a\\r\\nx-evil: 1"}\r\n'
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        request = b"POST " + path + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + head
        answer = talk(gateway.address, request + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"x-evil" not in answer
        assert [name for name, _ in llm.received[0].headers if "evil" in name] == []
        gateway.stop()
    (call,) = gateway.calls()
    assert "x-evil: 1" in call.session_id + str(call.metadata)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nx: a\rb: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    ],
)
def test_an_llms_server_that_speaks_two_ways_is_a_502(start: Any, raw: bytes) -> None:
    with FakeLLM(lambda r: Reply(raw=raw)) as llm:
        gateway = start(llm.url)
        assert ask(gateway) == 502


def test_no_other_site_may_read_answers_in_a_browser(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        for path in ("/healthz", "/metrics", "/nothing"):
            connection.request("GET", path, headers={"origin": "https://evil.example"})
            answer = connection.getresponse()
            answer.read()
            assert answer.getheader("access-control-allow-origin") is None
            assert answer.getheader("x-content-type-options") == "nosniff"
        connection.close()
