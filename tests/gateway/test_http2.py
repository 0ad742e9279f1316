"""HTTP/2 to the LLM's server: agreed by TLS, one connection for many calls, and its own faults."""

from __future__ import annotations

import http.client
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

pytest.importorskip("h2", reason="needs the extra http2")

from rightsizer.gateway.http2_stream import split_request
from rightsizer.testing.fake_llm import Received, Reply
from rightsizer.testing.llm_answers import SSE, completion, in_pieces, text_stream
from tests.gateway.h2_server import H2LLM, Talk
from tests.gateway.test_faults import wait_for

PATH = "/v1/chat/completions"
Pem = tuple[Path, Path]


@pytest.fixture
def begin(start: Any, pem: Pem, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts a gateway that trusts the server's certificate and may speak HTTP/2."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem[0]))
    monkeypatch.setenv("RIGHTSIZER_GATEWAY_HTTP2", "true")
    return start


def body_of(text: str, **more: Any) -> bytes:
    return orjson.dumps({"model": "m", "messages": [{"role": "user", "content": text}], **more})


def post(gateway: Any, body: bytes, method: str = "POST") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    try:
        connection.request(method, PATH, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def all_at_once(gateway: Any, bodies: list[bytes]) -> list[tuple[int, bytes]]:
    got: dict[int, tuple[int, bytes]] = {}

    def one(number: int) -> None:
        got[number] = post(gateway, bodies[number])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [got[number] for number in range(len(bodies))]


def echo(request: Received) -> Reply:
    body = orjson.loads(request.body)
    text = body["messages"][0]["content"]
    return (
        in_pieces(text_stream(text), 50) if body.get("stream") else Reply((completion(text),), delay_s=0.05)
    )


def test_many_calls_share_one_connection_and_each_gets_its_own_answer(begin: Any, pem: Pem) -> None:
    with H2LLM(echo, pem) as llm:
        gateway = begin(llm.url)
        texts = [f"呼叫 {number}" for number in range(20)]
        answers = all_at_once(gateway, [body_of(t, stream=n % 2 == 0) for n, t in enumerate(texts)])
        for number, (status, got) in enumerate(answers):
            assert status == 200
            assert got == (text_stream(texts[number]) if number % 2 == 0 else completion(texts[number]))
        assert llm.versions == ["h2"], "one connection, although all came at once"
        assert llm.most_at_once > 1
        sent = llm.received[0]
        assert sent.header(":scheme") == "https"
        assert sent.header(":authority") == llm.url.removeprefix("https://").removesuffix("/v1")
        assert sent.header("content-length") == str(len(sent.body))
        assert gateway.stop() == 0
    stored = {c.request.messages[0].text: c for c in gateway.calls()}
    assert {text: call.response.text for text, call in stored.items()} == {text: text for text in texts}


def test_a_server_without_http2_is_spoken_to_in_http1(begin: Any, pem: Pem) -> None:
    with H2LLM(echo, pem, protocols=("http/1.1",)) as llm:
        gateway = begin(llm.url)
        assert [status for status, _ in all_at_once(gateway, [body_of(str(n)) for n in range(4)])] == [
            200
        ] * 4
        assert post(gateway, body_of("again"))[0] == 200
        assert set(llm.versions) == {"http/1.1"}


def test_without_the_setting_nothing_is_negotiated(
    start: Any, pem: Pem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem[0]))
    with H2LLM(echo, pem, protocols=("h2", "http/1.1")) as llm:
        assert post(start(llm.url), body_of("x"))[0] == 200
        assert llm.versions == [None]


def test_no_more_calls_at_once_than_the_server_allows(begin: Any, pem: Pem) -> None:
    with H2LLM(echo, pem, max_streams=2) as llm:
        gateway = begin(llm.url)
        post(gateway, body_of("first"))  # its limit is known from then on
        assert [s for s, _ in all_at_once(gateway, [body_of(str(n)) for n in range(6)])] == [200] * 6
        assert llm.most_at_once <= 2


def test_large_bodies_go_through_both_windows(begin: Any, pem: Pem) -> None:
    large = "x" * 3_000_000
    with H2LLM(lambda r: Reply((r.body,)), pem) as llm:
        gateway = begin(llm.url)
        assert post(gateway, body_of(large)) == (200, body_of(large))


def test_errors_head_and_empty_answers(begin: Any, pem: Pem) -> None:
    slow = Reply((b'{"error":{"message":"slow"}}',), status=429, headers=(("retry-after", "3"),))
    replies = {"slow": slow, "none": Reply((), status=204, headers=(), framing="none")}
    with H2LLM(lambda r: replies[orjson.loads(r.body)["messages"][0]["content"]], pem) as llm:
        gateway = begin(llm.url)
        assert post(gateway, body_of("slow")) == (429, slow.pieces[0])
        assert post(gateway, body_of("none")) == (204, b"")
        assert post(gateway, body_of("slow"), "HEAD") == (429, b"")
        assert llm.connections == 1


def test_a_cut_stream_is_seen_as_cut(begin: Any, pem: Pem) -> None:
    whole = text_stream("a long answer")
    cut = Reply((whole[:200], whole[200:300]), headers=SSE, framing="none", cut=True, pause_s=0.3)
    with H2LLM(lambda r: cut, pem) as llm:
        gateway = begin(llm.url)
        with pytest.raises(http.client.IncompleteRead):
            post(gateway, body_of("x", stream=True))
        gateway.stop()
    assert [call.error.message for call in gateway.calls() if call.error] == ["cut"]


def test_a_client_that_hangs_up_resets_its_stream_and_no_other(begin: Any, pem: Pem) -> None:
    endless = Reply((b"data: {}\n\n",) * 5000, headers=SSE, framing="none", pause_s=0.02)
    with H2LLM(lambda r: endless if b"endless" in r.body else echo(r), pem) as llm:
        gateway = begin(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        connection.request("POST", PATH, body_of("endless", stream=True))
        assert connection.getresponse().read(5)
        connection.sock.close() if connection.sock else connection.close()
        connection.close()
        end = time.monotonic() + 10
        while not llm.resets:
            assert time.monotonic() < end, "the server was not told"
            time.sleep(0.02)
        assert post(gateway, body_of("other"))[0] == 200
        assert llm.connections == 1
        gateway.stop()
    assert [call.error.message for call in gateway.calls() if call.error] == ["client-gone"]


def test_what_the_server_says_it_has_not_looked_at_is_asked_once_more(begin: Any, pem: Pem) -> None:
    seen: list[int] = []

    def misbehave(talk: Talk, stream: int, received: Received) -> bool:
        seen.append(stream)
        if len(seen) == 1:
            talk.go_away(0)
            return True
        if len(seen) == 3:
            talk.refuse(stream)
            return True
        return False

    with H2LLM(echo, pem, before=misbehave) as llm:
        gateway = begin(llm.url)
        assert post(gateway, body_of("a")) == (200, completion("a"))
        assert post(gateway, body_of("b")) == (200, completion("b"))
        assert len(llm.received) == 4
        gateway.stop()
    assert [call.source.get("retries") for call in gateway.calls()] == [1, 1]


def test_a_server_that_always_refuses_is_a_502(begin: Any, pem: Pem) -> None:
    def refuse(talk: Talk, stream: int, received: Received) -> bool:
        talk.refuse(stream)
        return True

    with H2LLM(echo, pem, before=refuse) as llm:
        gateway = begin(llm.url)
        assert post(gateway, body_of("a"))[0] == 502
        assert len(llm.received) == 2, "once, and once more"


def test_calls_under_way_end_after_a_goodbye(begin: Any, pem: Pem) -> None:
    def goodbye(talk: Talk, stream: int, received: Received) -> bool:
        if stream == 1:
            talk.go_away(1)
        return False

    with H2LLM(lambda r: Reply((completion("x"),), delay_s=0.3), pem, before=goodbye) as llm:
        gateway = begin(llm.url)
        assert post(gateway, body_of("a")) == (200, completion("x"))
        assert post(gateway, body_of("b")) == (200, completion("x"))
        assert llm.connections == 2


@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_is_recorded_before_its_last_byte_though_the_frame_that_ends_it_is_late(
    begin: Any, pem: Pem, status: int
) -> None:
    """The client counts bytes, and is done before the server says so."""
    body = completion("counted") if status == 200 else b""
    over = threading.Event()

    def late(talk: Talk, stream: int, received: Received) -> bool:
        headers = [(":status", str(status)), ("content-type", "application/json")]
        with talk.lock:
            talk.h2.send_headers(stream, [*headers, ("content-length", str(len(body)))])
            if body:
                talk.h2.send_data(stream, body)
            talk.flush()
        over.wait(30)
        return True

    with H2LLM(echo, pem, before=late) as llm:
        gateway = begin(llm.url)
        assert post(gateway, body_of("a")) == (status, body)
        gateway.kill_everything()
        over.set()
    (call,) = gateway.calls()
    assert call.source["status"] == status
    assert status == 204 or (call.response is not None and call.response.text == "counted")


@pytest.mark.parametrize(("method", "status"), [("POST", 200), ("POST", 204), ("HEAD", 200)])
def test_a_server_that_never_ends_its_answers_keeps_no_place(
    begin: Any, pem: Pem, tmp_path: Path, method: str, status: int
) -> None:
    """The callers have every byte; the server allows one call at a time and never says that one is over."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "rightsizer.toml").write_text("[gateway]\nidle_timeout_s = 0.3\n")
    body = completion("counted") if status == 200 else b""

    def endless(talk: Talk, stream: int, received: Received) -> bool:
        with talk.lock:
            talk.h2.send_headers(stream, [(":status", str(status)), ("content-length", str(len(body)))])
            if body and method == "POST":
                talk.h2.send_data(stream, body)
            talk.flush()
        return True

    with H2LLM(echo, pem, before=endless, max_streams=1) as llm:
        gateway = begin(llm.url)
        for number in range(3):
            assert post(gateway, body_of(str(number)), method) == (status, body if method == "POST" else b"")
            wait_for(lambda told=number + 1: len(llm.resets) == told)
        assert llm.connections == 1, "the place on it was free again"
        gateway.stop()
    assert [call.source["status"] for call in gateway.calls()] == [status] * (3 if method == "POST" else 0)


def test_a_connection_that_died_unseen_is_replaced(begin: Any, pem: Pem) -> None:
    with H2LLM(echo, pem) as llm:
        gateway = begin(llm.url)
        assert post(gateway, body_of("a"))[0] == 200
        llm.drop_connections()
        assert post(gateway, body_of("b"))[0] == 200


@pytest.mark.parametrize(
    "bad",
    [
        ("x-a", "1\r\nx-evil: 1"),
        ("x-a", "1\nx-evil: 1"),
        ("x-a: 1\r\nx-evil", "1"),
        ("x a", "1"),
        ("x", "\0"),
    ],
)
def test_headers_that_http1_could_not_have_go_no_further(begin: Any, pem: Pem, bad: tuple[str, str]) -> None:
    """HTTP/2 can carry line ends in a header; written out as they are they would be headers of their own."""
    replies = iter([Reply((b"{}",), headers=(bad,)), Reply((completion("ok"),))])
    with H2LLM(lambda r: next(replies), pem) as llm:
        gateway = begin(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        connection.request("POST", PATH, body_of("a"))
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.getheader("x-rightsizer-reason")) == (502, "protocol")
        assert answer.getheader("x-evil") is None
        connection.close()
        assert post(gateway, body_of("b"))[0] == 200


def test_a_slow_reader_holds_the_server_back(begin: Any, pem: Pem) -> None:
    large = Reply((b"data: " + b"x" * 65530,) * 500, headers=SSE, framing="none")
    with H2LLM(lambda r: large if b"large" in r.body else echo(r), pem) as llm:
        gateway = begin(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=20)
        connection.request("POST", PATH, body_of("large"))
        time.sleep(1.5)  # the server would send its 33 MB in that time
        assert llm.sent_bytes < 12_000_000, "what fits into windows and sockets"
        assert post(gateway, body_of("other"))[0] == 200, "the others on the connection are not held up"
        assert len(connection.getresponse().read()) == 500 * 65536, "and nothing is missing in the end"
        connection.close()


def test_hypercorn_is_understood(begin: Any, pem: Pem) -> None:
    """A server that others have written."""
    hypercorn = pytest.importorskip("hypercorn.asyncio")
    config = pytest.importorskip("hypercorn.config").Config()
    import asyncio

    from rightsizer.testing.asgi import asgi_app
    from rightsizer.testing.replay_llm import ReplayLLM
    from tests.gateway.test_frameworks import ANSWER, QUESTION, log_of_calls

    config.certfile, config.keyfile = map(str, pem)
    config.bind, config.alpn_protocols = ["127.0.0.1:0"], ["h2"]
    sockets = config.create_sockets()
    config.create_sockets = lambda: sockets  # type: ignore[method-assign]
    port = sockets.secure_sockets[0].getsockname()[1]
    replay = ReplayLLM(log_of_calls())
    over = threading.Event()

    async def serve() -> None:
        async def ended() -> None:
            while not over.is_set():
                await asyncio.sleep(0.05)

        await hypercorn.serve(asgi_app(replay.reply_to), config, shutdown_trigger=ended)  # type: ignore[arg-type]

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    gateway = begin(f"https://127.0.0.1:{port}/v1")
    for stream in (False, True):
        status, got = post(gateway, body_of(QUESTION, stream=stream))
        assert status == 200
        assert stream or orjson.loads(got)["choices"][0]["message"]["content"] == ANSWER
    gateway.stop()
    over.set()
    thread.join(20)
    assert [call.response.text for call in gateway.calls() if call.response] == [ANSWER] * 2


def test_a_request_of_ours_in_the_words_of_http2() -> None:
    headers, body = split_request(
        b"POST /v1/x?a=1 HTTP/1.1\r\nhost: llm.example\r\nx-a: 1: 2\r\ncontent-length: 2\r\n\r\n{}"
    )
    assert headers == [
        (b":method", b"POST"),
        (b":scheme", b"https"),
        (b":authority", b"llm.example"),
        (b":path", b"/v1/x?a=1"),
        (b"x-a", b"1: 2"),
        (b"content-length", b"2"),
    ]
    assert body == b"{}"
