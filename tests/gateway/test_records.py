"""What a record says beside the words: times, cost, retries, session, and answers that came packed."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway import upstream
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.upstream import UpstreamPool
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import SSE, completion, text_stream
from tests.gateway.test_faults import BODY, STREAM, exchange_raw, post, raw_request, wait_for
from tests.gateway.test_pool import Slow
from tests.gateway.test_timeouts import configure


def test_times_and_cost_of_a_stream(start: Any) -> None:
    asked = orjson.dumps(
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    )
    stream = text_stream("slow")
    late = Reply((stream[:200], stream[200:]), headers=SSE, framing="chunked", pause_s=0.6)
    with FakeLLM(lambda r: late) as llm:
        gateway = start(llm.url)
        post(gateway, asked)
        gateway.stop()
    (call,) = gateway.calls()
    first, whole = call.source["first_byte_s"], call.latency_s
    assert first is not None
    assert whole is not None
    assert 0 < first < 0.6 <= whole, "the first chunk came before the pause, the last after it"
    assert (call.usage.input_tokens, call.usage.output_tokens) == (7, 2)  # type: ignore[union-attr]
    assert call.cost_usd == pytest.approx((7 * 0.15 + 2 * 0.6) / 1e6), (
        "the list price, of the provider's own counts"
    )
    assert call.source["status"] == 200
    assert call.source["served_by"] == "llm"


def test_a_session_is_the_one_of_the_url_then_of_the_header_then_of_the_body(start: Any) -> None:
    named = orjson.dumps(
        {"model": "m", "messages": [], "metadata": {"session_id": "body", "step": "of the body"}}
    )
    header = "x-rightsizer-session: header"
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        for lines, prefix in (((), b""), ((header,), b""), ((header,), b"/session/url")):
            asked = raw_request(named, *lines, 'x-rightsizer-metadata: {"step": "of the header"}')
            asked = asked.replace(b"POST ", b"POST " + prefix)
            exchange_raw(gateway, asked, until=lambda got: got.endswith(completion("ok")))
        assert all(b"rightsizer" not in str(request).encode() for request in llm.received)
        gateway.stop()
    calls = gateway.calls()
    assert [call.session_id for call in calls] == ["body", "header", "url"]
    assert {call.metadata["step"] for call in calls} == {"of the header"}


def test_a_call_that_met_a_dead_connection_is_asked_once_more_and_says_so(start: Any) -> None:
    def script(request: Received) -> Reply:
        return Reply(raw=b"") if len(llm.received) == 2 else Reply((completion("ok"),))

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        assert [post(gateway)[0] for _ in range(2)] == [200, 200]
        assert len(llm.received) == 3
        got = exchange_raw(gateway, b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert b"\nrightsizer_retries_total 1\n" in got
        gateway.stop()
    assert [call.source.get("retries") for call in gateway.calls()] == [None, 1]


def test_a_connection_that_dies_late_may_have_worked_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that thought for a minute behind a proxy that allows no more: asking again is paid twice."""
    monkeypatch.setattr(upstream, "RACE_S", 0.05)

    async def work(url: str) -> list[str]:
        settings = GatewaySettings(upstream=url)
        pool = UpstreamPool(settings.target(), settings, asyncio.get_running_loop())
        reasons = []
        for _ in range(2):
            client = Slow()
            pool.request(b"GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n", client)
            await asyncio.wait_for(client.over.wait(), 20)
            reasons.append(client.reason)
        pool.close()
        return reasons

    with FakeLLM(lambda r: Reply((b"{}",)) if len(llm.received) == 1 else Reply(raw=b"", delay_s=0.3)) as llm:
        assert asyncio.run(work(llm.url)) == ["", "cut"]
        assert len(llm.received) == 2


def deflated(data: bytes) -> bytes:
    return zlib.compress(data)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_an_answer_that_comes_packed_though_nobody_asked_for_it(
    start: Any, encoding: str, streamed: bool
) -> None:
    """It goes on as it came, with its header, and is unpacked to be recorded."""
    if encoding == "br":
        pack = pytest.importorskip("brotli").compress
    else:
        pack = gzip.compress if encoding == "gzip" else deflated
    packed = pack(text_stream("在路上") if streamed else completion("在路上"))
    headers = (
        *(SSE if streamed else (("content-type", "application/json"),)),
        ("content-encoding", encoding),
    )
    pieces = tuple(packed[at : at + 9] for at in range(0, len(packed), 9))
    with FakeLLM(lambda r: Reply(pieces, headers=headers, framing="chunked")) as llm:
        gateway = start(llm.url)
        _, got, body = post(gateway, STREAM if streamed else BODY, **{"accept-encoding": "gzip, deflate, br"})
        assert (got["content-encoding"], body) == (encoding, packed)
        assert llm.received[0].header("accept-encoding") == "identity"
        gateway.stop()
    (call,) = gateway.calls()
    assert call.response is not None
    assert call.response.text == "在路上"


def test_types_of_content_have_no_case(start: Any) -> None:
    shouted = Reply((text_stream("ok"),), headers=(("Content-Type", "Text/Event-Stream"),), framing="chunked")
    with FakeLLM(lambda r: shouted) as llm:
        gateway = start(llm.url)
        post(gateway, STREAM)
        gateway.stop()
    (call,) = gateway.calls()
    assert call.response is not None
    assert call.response.text == "ok"


def test_comments_of_a_silent_stream_reach_the_client_when_they_come(start: Any, tmp_path: Path) -> None:
    """A model that thinks: its server keeps the connection busy. Also where events are held back."""
    configure(tmp_path, idle_timeout_s=1.0)
    with (tmp_path / "home" / "rightsizer.toml").open("a") as file:
        file.write("stream_usage = true\n")
    comments = (b": thinking\n\n",) * 8
    silent = Reply((*comments, text_stream("ok")), headers=SSE, framing="chunked", pause_s=0.4)
    with FakeLLM(lambda r: silent) as llm:
        gateway = start(llm.url)
        got = exchange_raw(gateway, raw_request(STREAM), until=lambda got: b": thinking" in got)
        assert b"data:" not in got, "not held until an event comes"
        got = exchange_raw(gateway, raw_request(STREAM), until=lambda got: got.endswith(b"0\r\n\r\n"))
        assert got.count(b": thinking\n\n") == 8, "longer than `idle_timeout_s` in all, and not cut"
        gateway.stop()
    assert [call.response.text for call in gateway.calls() if call.response] == ["ok"]


def test_who_takes_nothing_of_its_answer_is_let_go(start: Any, tmp_path: Path) -> None:
    configure(tmp_path, idle_timeout_s=0.5)
    endless = Reply((b"data: " + b"x" * 65530,) * 1000, headers=SSE, framing="chunked")
    with FakeLLM(lambda r: endless if b"stream" in r.body else Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        with socket.create_connection(gateway.address, timeout=20) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(raw_request(STREAM))
            wait_for(lambda: llm.hangups == 1, 20)
        assert post(gateway)[0] == 200
        gateway.stop()
    assert [call.error and call.error.message for call in gateway.calls()] == ["client-gone", None]
