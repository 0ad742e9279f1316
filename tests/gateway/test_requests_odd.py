"""What a client may put around a request: offers of other protocols, trailers, paths that climb."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion
from tests.gateway.rig import Answers, run
from tests.gateway.test_faults import BODY, PATH, exchange_raw, raw_request

# As Java's own HTTP client sends them with the first request of a connection.
H2C = (
    "connection: Upgrade, HTTP2-Settings",
    "upgrade: h2c",
    "http2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAA",
)
WEBSOCKET = ("connection: keep-alive, Upgrade", "upgrade: websocket", "sec-websocket-version: 13")


def echo(request: Received) -> Reply:
    return Reply((request.body or completion("nothing"),))


def ends_with(body: bytes, n: int = 1) -> Any:
    return lambda got: got.count(b"HTTP/1.1 200") == n and got.endswith(body)


@pytest.mark.parametrize("offer", [H2C, WEBSOCKET])
def test_an_offer_of_another_protocol_is_declined_and_the_request_answered(
    start: Any, offer: tuple[str, ...]
) -> None:
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        asked = raw_request(BODY, *offer)
        exchange_raw(gateway, asked, until=ends_with(BODY))
        exchange_raw(gateway, asked * 3 + raw_request(), until=ends_with(BODY, 4))
        assert [request.body for request in llm.received] == [BODY] * 5
        names = {name for request in llm.received for name, _ in request.headers}
        assert not names & {"upgrade", "connection", "http2-settings"}
        gateway.stop()
    assert len(gateway.calls()) + len(rejected(gateway)) == 5


def rejected(gateway: Any) -> list[Any]:
    from rightsizer.store.sqlite import open_store

    with open_store(gateway.home) as store:
        return list(store.calls.rejected())


@pytest.mark.parametrize("cut", [10, 60, -len(BODY) - 2, -len(BODY), -len(BODY) + 5])
@pytest.mark.parametrize("chunked", [False, True])
def test_wherever_such_a_request_is_cut(start: Any, cut: int, chunked: bool) -> None:
    asked = raw_request(BODY, *H2C)
    if chunked:
        asked = asked.replace(b"content-length: %d" % len(BODY), b"transfer-encoding: chunked")
        asked = asked.removesuffix(BODY) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        with socket.create_connection(gateway.address, timeout=20) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(asked[:cut])
            exchange_raw(gateway, raw_request(), until=ends_with(BODY))  # by now the first part was read
            connection.sendall(asked[cut:])
            got = b""
            while not got.endswith(BODY):
                piece = connection.recv(65536)
                assert piece, got
                got += piece
        assert [request.body for request in llm.received] == [BODY] * 2


def test_curl_that_asks_for_http2_gets_its_answer(start: Any) -> None:
    features = subprocess.run(["curl", "--version"], capture_output=True, check=True).stdout
    if b"HTTP2" not in features:
        pytest.skip("this curl does not speak HTTP/2")
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        command = ["curl", "-sS", "--http2", "--data-binary", "@-", f"{gateway.url}{PATH}"]
        answer = subprocess.run(command, input=BODY, capture_output=True, check=True, timeout=30)
        assert answer.stdout == BODY
        assert llm.received[0].body == BODY


def test_connect_is_refused(start: Any) -> None:
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        got = exchange_raw(gateway, b"CONNECT llm.example:443 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 400 ")
        assert llm.received == []


@pytest.mark.parametrize("path", ["/feedback", "/healthz", "/nothing"])
def test_a_request_that_goes_wrong_in_its_body_gets_one_answer(tmp_path: Path, path: str) -> None:
    """Also where the small app beside the API would have answered it before the body is there."""
    broken = (
        b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\nZZ\r\n" % path.encode()
    )
    for pieces in ([broken], [broken[:-4], broken[-4:]]):
        got = run(tmp_path, lambda rig, pieces=pieces: rig.exchange(pieces))
        (answer,) = Answers(got).whole
        assert answer[0] == 400


def chunked_with(trailer: bytes) -> bytes:
    head = raw_request().partition(b"\r\n\r\n")[0]
    head = head.replace(b"content-length: %d" % len(BODY), b"transfer-encoding: chunked")
    return head + b"\r\n\r\n%x\r\n%b\r\n0\r\n%b\r\n" % (len(BODY), BODY, trailer)


def test_trailers_are_no_headers(start: Any) -> None:
    """They come when the caller was let in already, and nobody has looked at them."""
    trailer = b"x-evil: 1\r\nauthorization: Bearer another\r\nx-rightsizer-session: s\r\n"
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        exchange_raw(gateway, chunked_with(trailer), until=ends_with(BODY))
        assert {name for name, _ in llm.received[0].headers} == {"host", "accept-encoding", "content-length"}
        gateway.stop()
    assert gateway.calls()[0].session_id != "s"


def test_what_stands_around_a_body_is_bounded_too(start: Any) -> None:
    """A trailer, or a line of chunk extensions, that never ends."""
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        whole = chunked_with(b"x: ")[: -len(b"\r\n")]
        for begun in (
            whole,
            whole.replace(b"\r\n0\r\nx: ", b"\r\n1;"),
            whole.replace(PATH.encode(), b"/feedback"),
        ):
            with socket.create_connection(gateway.address, timeout=20) as connection:
                connection.sendall(begun)
                got = b""
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # closed before all was sent
                    for _ in range(400):
                        connection.sendall(b"a" * 65536)
                    got = connection.recv(1000)
                assert not got or got.startswith(b"HTTP/1.1 431 ")
        assert llm.received == []
        small = BODY + b" " * 20_000
        pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in small) + b"0\r\n\r\n"
        head = chunked_with(b"").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        exchange_raw(gateway, head + pieces, until=ends_with(small))  # chunks of one byte are no attack


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../admin",
        "/v1/files/..",
        "/v1/%2e%2E/admin",
        "/v1/x/..%2fadmin",
        "/v1/..\\admin",
        "/session/s/v1/../x",
    ],
)
def test_a_path_that_climbs_out_of_the_api_is_refused(start: Any, path: str) -> None:
    """The key that the gateway has for the API would travel with it."""
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        got = exchange_raw(gateway, f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert got.startswith(b"HTTP/1.1 400 ")
        assert b"x-rightsizer-reason: invalid_path" in got
        fine = b"GET /v1/a..b/...?up=/../x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        assert exchange_raw(gateway, fine).startswith(b"HTTP/1.1 200 ")
        assert [request.target for request in llm.received] == ["/v1/a..b/...?up=/../x"]


def test_a_client_of_http_1_0_gets_no_chunks(start: Any) -> None:
    streamed = Reply((b"data: 1\n\n", b"data: [DONE]\n\n"), framing="chunked")
    with FakeLLM(lambda r: streamed) as llm:
        gateway = start(llm.url)
        got = exchange_raw(gateway, raw_request().replace(b"HTTP/1.1", b"HTTP/1.0"))
        head, _, body = got.partition(b"\r\n\r\n")
        assert b"chunked" not in head
        assert b"connection: close" in head
        assert body == b"data: 1\n\ndata: [DONE]\n\n"


JAVA = """
import java.net.URI;
import java.net.http.*;

public class Ask {
    public static void main(String[] given) throws Exception {
        var client = HttpClient.newHttpClient();
        for (int n = 0; n < 2; n++) {
            var request = HttpRequest.newBuilder(URI.create(given[0]))
                .POST(HttpRequest.BodyPublishers.ofString(given[1])).build();
            System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
    }
}
"""


@pytest.mark.skipif(shutil.which("javac") is None, reason="needs Java")
def test_javas_own_client(start: Any, tmp_path: Path) -> None:
    """LangChain4j and Spring AI ask with it. It offers HTTP/2 by default."""
    (tmp_path / "Ask.java").write_text(JAVA)
    with FakeLLM(echo) as llm:
        gateway = start(llm.url)
        command = ["java", str(tmp_path / "Ask.java"), gateway.url + PATH, BODY.decode()]
        answer = subprocess.run(command, capture_output=True, check=True, timeout=120)
        assert answer.stdout.split() == BODY.split() * 2
        assert [request.body for request in llm.received] == [BODY] * 2
