"""A good proxy when things go wrong: on the LLM's side, on the client's, and in the bytes between."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import SSE, completion, in_pieces, text_stream

PATH = "/v1/chat/completions"
BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
STREAM = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True})


def post(gateway: Any, body: bytes = BODY, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    try:
        connection.request("POST", PATH, body, {"content-type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def exchange_raw(gateway: Any, data: bytes, *, until: Callable[[bytes], bool] = lambda got: False) -> bytes:
    """Send bytes, read until the gateway closes or `until`."""
    with socket.create_connection(gateway.address, timeout=20) as connection:
        connection.sendall(data)
        got = b""
        while not until(got):
            piece = connection.recv(65536)
            if not piece:
                return got
            got += piece
        return got


def raw_request(body: bytes = BODY, *lines: str) -> bytes:
    head = "\r\n".join((f"POST {PATH} HTTP/1.1", "host: x", f"content-length: {len(body)}", *lines))
    return head.encode() + b"\r\n\r\n" + body


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_errors_of_the_llm_come_as_they_are(start: Any) -> None:
    error = b'{"error":{"message":"slow down","type":"rate_limit","code":"x"}}'
    limited = Reply(
        (error,), status=429, headers=(("content-type", "application/json"), ("retry-after", "7"))
    )
    with FakeLLM(lambda r: limited) as llm:
        gateway = start(llm.url)
        status, headers, body = post(gateway)
        assert (status, headers["retry-after"], body) == (429, "7", error)
        assert headers["x-rightsizer-reason"] == "upstream-429"
        gateway.stop()
    (call,) = gateway.calls()
    assert call.response is None
    assert call.error is not None
    assert (call.error.status, call.error.message) == (429, "slow down")


def test_an_unreachable_llm_is_a_clear_502(start: Any) -> None:
    gateway = start("http://127.0.0.1:1/v1")
    status, headers, body = post(gateway)
    assert status == 502
    assert orjson.loads(body)["error"]["code"] == "connect"
    assert headers["x-rightsizer-reason"] == "connect"
    assert "x-rightsizer-call-id" in headers
    gateway.stop()
    (call,) = gateway.calls()
    assert call.error is not None


def test_garbage_and_early_close_are_502(start: Any) -> None:
    replies = iter([Reply(raw=b"this is not HTTP\r\n\r\n"), Reply(raw=b"")])
    with FakeLLM(lambda r: next(replies)) as llm:
        gateway = start(llm.url)
        assert [post(gateway)[0], post(gateway)[0]] == [502, 502]


@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_cut_stream_is_seen_as_cut(start: Any, framing: str) -> None:
    whole = text_stream("a long answer")
    cut = Reply((whole[:200], whole[200:300]), headers=SSE, framing=framing, cut=True)
    with FakeLLM(lambda r: cut) as llm:
        gateway = start(llm.url)
        with pytest.raises(http.client.IncompleteRead):
            post(gateway, STREAM)
        gateway.stop()
    (call,) = gateway.calls()
    assert call.response is None
    assert call.error is not None
    assert call.error.message == "cut"


def test_an_answer_that_ends_with_the_connection(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("x"),), framing="close")) as llm:
        gateway = start(llm.url)
        assert post(gateway)[2] == completion("x")
        gateway.stop()
    assert gateway.calls()[0].response is not None


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_keep_the_connection(start: Any, status: int) -> None:
    with FakeLLM(lambda r: Reply((), status=status, headers=(("etag", "1"),), framing="none")) as llm:
        gateway = start(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        for method in ("GET", "POST", "HEAD"):
            connection.request(method, "/v1/files/1")
            answer = connection.getresponse()
            assert (answer.status, answer.read(), answer.getheader("etag")) == (status, b"", "1")
            assert answer.getheader("transfer-encoding") is None
        connection.close()


def test_head_says_the_length_and_sends_no_body(start: Any) -> None:
    def script(request: Received) -> Reply:
        if request.method == "HEAD":
            return Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
        return Reply((b"12345",))

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        for method, body in (("HEAD", b""), ("GET", b"12345"), ("HEAD", b"")):
            connection.request(method, "/v1/files/1")
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("content-length"), answer.read()) == (200, "5", body)
        connection.close()


def test_interim_answers_are_not_the_answer(start: Any) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
    raw = interim + whole % (len(completion("ok")), completion("ok"))
    with FakeLLM(lambda r: Reply(raw=raw)) as llm:
        gateway = start(llm.url)
        status, headers, body = post(gateway)
        assert (status, body) == (200, completion("ok"))
        assert "link" not in headers
        gateway.stop()
    assert gateway.calls()[0].response is not None


def test_a_stale_connection_is_replaced_unseen(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("x"),), close_after=len(llm.received) == 1)) as llm:
        gateway = start(llm.url)
        assert post(gateway)[0] == 200
        assert post(gateway)[0] == 200
        assert len(llm.received) == 2, "a request the LLM has read is not sent twice"


def test_nothing_is_buffered(start: Any) -> None:
    """The first event arrives long before the last is sent."""
    slow = Reply((b"data: 1\n\n", b"data: 2\n\n"), headers=SSE, framing="chunked", pause_s=3.0)
    with FakeLLM(lambda r: slow) as llm:
        gateway = start(llm.url)
        got = exchange_raw(gateway, raw_request(STREAM), until=lambda g: b"data: 1" in g)
        assert b"data: 2" not in got


def test_a_client_that_hangs_up_stops_the_llm(start: Any) -> None:
    endless = Reply(
        tuple(b"data: {}\n\n" for _ in range(10_000)), headers=SSE, framing="chunked", pause_s=0.05
    )
    silent = Reply((b"",), delay_s=60)
    replies = iter([endless, silent])
    with FakeLLM(lambda r: next(replies)) as llm:
        gateway = start(llm.url)
        exchange_raw(gateway, raw_request(STREAM), until=lambda g: b"data:" in g)
        wait_for(lambda: llm.hangups == 1)
        with socket.create_connection(gateway.address) as connection:  # and before the first byte
            connection.sendall(raw_request())
            wait_for(lambda: len(llm.received) == 2)
        wait_for(lambda: llm.hangups == 2)
        gateway.stop()
    assert [c.error.message for c in gateway.calls() if c.error] == ["client-gone", "client-gone"]


def test_pipelined_requests_are_answered_in_order(start: Any) -> None:
    def echo(request: Received) -> Reply:
        text = orjson.loads(request.body)["messages"][0]["content"]
        return Reply((completion(text),), delay_s=0.3 if text == "first" else 0.0)

    def ask(text: str) -> bytes:
        return raw_request(orjson.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}))

    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        got = exchange_raw(gateway, ask("first") + ask("second"), until=lambda g: b"second" in g)
        assert got.index(b"first") < got.index(b"second")


def test_chunked_and_split_requests(start: Any) -> None:
    chunked = b"%x\r\n" % 10 + BODY[:10] + b"\r\n" + b"%x\r\n" % len(BODY[10:]) + BODY[10:] + b"\r\n0\r\n\r\n"
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n".encode()
    )
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        with socket.create_connection(gateway.address, timeout=20) as connection:
            for byte in head + chunked:
                connection.send(bytes([byte]))
            got = b""
            while piece := connection.recv(65536):
                got += piece
        assert b"200" in got.split(b"\r\n")[0]
        assert llm.received[0].body == BODY


def test_hop_by_hop_and_our_headers_do_not_travel(start: Any) -> None:
    own = (
        ("content-type", "application/json"),
        ("connection", "x-secret"),
        ("x-secret", "1"),
        ("x-kept", "1"),
    )
    with FakeLLM(lambda r: Reply((completion("ok"),), headers=own)) as llm:
        gateway = start(llm.url)
        sent = {
            "te": "trailers",
            "connection": "x-mine",
            "x-mine": "1",
            "x-rightsizer-session": "s",
            "x-else": "1",
        }
        _, headers, _ = post(gateway, **sent)
        names = {name for name, _ in llm.received[0].headers}
        assert not names & {"te", "x-mine", "x-rightsizer-session"}
        assert "x-else" in names
        assert llm.received[0].header("accept-encoding") == "identity"
        assert "x-secret" not in headers
        assert headers["x-kept"] == "1"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GARBAGE\r\n\r\n", b"400"),
        (
            b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc",
            b"400",
        ),
        (b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n", b"413"),
        (
            b"POST /v1/x HTTP/1.1\r\nhost: x\r\nx-rightsizer-metadata: [1]\r\ncontent-length: 0\r\n\r\n",
            b"400",
        ),
        (b"POST /v1/x HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 200_000, b"431"),
        (b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", b"404"),
    ],
)
def test_bad_requests_get_a_clear_4xx(start: Any, data: bytes, status: bytes) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        assert exchange_raw(gateway, data).split(b" ")[1] == status
        assert post(gateway)[0] == 200, "and the gateway goes on"


def test_what_is_no_chat_request_is_the_llms_to_refuse_and_kept_as_it_came(start: Any) -> None:
    from rightsizer.store.sqlite import open_store

    with FakeLLM(lambda r: Reply((b'{"error":{"message":"bad"}}',), status=400)) as llm:
        gateway = start(llm.url)
        assert post(gateway, b"{not json")[0] == 400
        gateway.stop()
    assert gateway.calls() == []
    with open_store(gateway.home) as store:
        (rejected,) = store.calls.rejected()
    assert b"{not json" in rejected.raw


def test_expect_100_continue(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        with socket.create_connection(gateway.address, timeout=20) as connection:
            connection.sendall(
                raw_request(b"", "expect: 100-continue").replace(b"length: 0", b"length: %d" % len(BODY))
            )
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")
            connection.sendall(BODY)
            assert b"200" in connection.recv(1000).split(b"\r\n")[0]


def test_sigterm_finishes_what_is_under_way(start: Any) -> None:
    stream = text_stream("slowly")
    with FakeLLM(lambda r: in_pieces(stream, len(stream) // 4, pause_s=0.3)) as llm:
        gateway = start(llm.url)
        with socket.create_connection(gateway.address, timeout=20) as connection:
            connection.sendall(raw_request(STREAM))
            assert connection.recv(10)
            gateway.process.terminate()
            got = b""
            while piece := connection.recv(65536):
                got += piece
        assert got.endswith(b"0\r\n\r\n")
        assert gateway.process.wait(30) == 0
    assert gateway.calls()[0].response is not None


def test_a_dead_worker_is_replaced_and_its_records_are_kept(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        assert post(gateway)[0] == 200
        for pid in children_of(gateway.process.pid):
            os.kill(pid, signal.SIGKILL)
        assert post(gateway)[0] == 200, "the address stays open, so the call waits for the new worker"
        assert gateway.stop() == 0
    assert len(gateway.calls()) == 2


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=True)
    return [int(number) for number in listed.stdout.split()]


def test_questions_that_waited_behind_another_are_not_counted_when_the_client_goes(start: Any) -> None:
    """Pipelined, never begun, never recorded."""
    with FakeLLM(lambda r: Reply((completion("late"),), delay_s=20)) as llm:
        gateway = start(llm.url)
        with socket.create_connection(gateway.address, timeout=20) as connection:
            connection.sendall(raw_request() * 3)
            wait_for(lambda: len(llm.received) == 1)
        wait_for(lambda: llm.hangups == 1)
        figures = exchange_raw(gateway, b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert b"\nrightsizer_in_flight 0\n" in figures
        gateway.stop()
    assert [call.error.message for call in gateway.calls() if call.error] == ["client-gone"]
