"""Each phase of a call has a limit of its own, and what runs into one says which."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import SSE, completion

BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})


def configure(tmp_path: Path, **settings: float) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (home / "rightsizer.toml").write_text("[gateway]\n" + lines)


def post(gateway: Any) -> tuple[int, str | None, bytes]:
    connection = http.client.HTTPConnection(*gateway.address, timeout=30)
    try:
        connection.request("POST", "/v1/chat/completions", BODY)
        answer = connection.getresponse()
        return answer.status, answer.getheader("x-rightsizer-reason"), answer.read()
    finally:
        connection.close()


@contextlib.contextmanager
def deaf_server() -> Iterator[str]:
    """Its queue is full and nobody accepts: whoever connects waits."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def test_a_server_that_does_not_take_the_connection(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, connect_timeout_s=0.5)
    with deaf_server() as url:
        gateway = start(url)
        assert post(gateway)[:2] == (504, "connect-timeout")
        gateway.stop()
    (call,) = gateway.calls()
    assert call.error is not None
    assert call.error.status == 504


def test_an_answer_that_does_not_begin(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, first_byte_timeout_s=0.5, idle_timeout_s=60)
    with FakeLLM(lambda r: Reply((b"late",), delay_s=30)) as llm:
        gateway = start(llm.url)
        assert post(gateway)[:2] == (504, "first-byte-timeout")
        assert len(llm.received) == 1, "a question that may have been heard is not asked again"


def test_an_answer_that_stops_in_the_middle(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, idle_timeout_s=0.5)
    stuck = Reply((b"data: {}\n\n", b"data: {}\n\n"), headers=SSE, framing="chunked", pause_s=30)
    with FakeLLM(lambda r: stuck) as llm:
        gateway = start(llm.url)
        with pytest.raises(http.client.IncompleteRead):
            post(gateway)
        gateway.stop()
    (call,) = gateway.calls()
    assert call.error is not None
    assert call.error.message == "idle-timeout"


def test_a_model_may_think_longer_than_it_may_pause(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, first_byte_timeout_s=20, idle_timeout_s=0.3)
    with FakeLLM(lambda r: Reply((completion("thought"),), delay_s=1.0)) as llm:
        assert post(start(llm.url))[0] == 200


def test_the_limits_hold_over_http2_too(
    start: Any, pem: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("h2", reason="needs the extra http2")
    from tests.gateway.h2_server import H2LLM

    configure(tmp_path, first_byte_timeout_s=0.5, idle_timeout_s=0.5)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem[0]))
    monkeypatch.setenv("RIGHTSIZER_GATEWAY_HTTP2", "true")
    stuck = Reply((b"data: {}\n\n", b"data: {}\n\n"), headers=SSE, framing="none", pause_s=5)
    replies = iter([Reply((b"late",), delay_s=5), stuck, Reply((completion("ok"),))])
    with H2LLM(lambda r: next(replies), pem) as llm:
        gateway = start(llm.url)
        assert post(gateway)[:2] == (504, "first-byte-timeout")
        with pytest.raises(http.client.IncompleteRead):
            post(gateway)
        assert post(gateway)[0] == 200
        assert llm.connections == 1, "the connection has done nothing wrong"
