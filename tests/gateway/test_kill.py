"""kill -9 under load, of the whole gateway or of parts of it: every answered call is in the store afterwards.

``RIGHTSIZER_KILLS=200 pytest tests/gateway/test_kill.py`` kills that often in each test. Of a call that is
lost the failure says which frames there ever were of it: every segment is kept by a second link.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.segments import segments_folder
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import SSE
from rightsizer.testing.replay_answers import (
    completion_of,
    completion_stream,
    message_stream,
    response_stream,
)
from rightsizer.types import Call, Message, Request, TextPart
from tests.gateway.conftest import recorded_frames

KILLS = int(os.environ.get("RIGHTSIZER_KILLS", "3"))
pytestmark = pytest.mark.timeout(90 + 40 * KILLS)
CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
WAYS = ((CHAT, False), (CHAT, True), (RESPONSES, True), (MESSAGES, True))
LAST_EVENT = {
    CHAT: b"data: [DONE]\n\n",
    RESPONSES: b"event: response.completed\n",
    MESSAGES: b"event: message_stop\n",
}
STREAMS = {CHAT: completion_stream, RESPONSES: response_stream, MESSAGES: message_stream}


def asked(path: str, body: dict[str, Any]) -> str:
    given: str = body["input" if path == RESPONSES else "messages"][0]["content"]
    return given


def echo(request: Received) -> Reply:
    """``answer to <text>`` as it was asked for; of a stream the chunk that ends the body comes by itself."""
    body = orjson.loads(request.body)
    said = Message(role="assistant", parts=(TextPart(content="answer to " + asked(request.target, body)),))
    call = Call(id="1", session_id="s", model="m", request=Request(messages=()), response=said)
    if not body.get("stream"):
        return Reply((orjson.dumps(completion_of(call)),))
    stream = STREAMS[request.target](call)
    half = len(stream) // 2
    return Reply((stream[:half], stream[half:], b""), headers=SSE, framing="chunked", pause_s=0.001)


class Client(threading.Thread):
    """Asks one numbered question after the other in turn of the ways.

    `answered` holds those whose last byte it has seen, or, of a stream, the last event: agents act on that.
    """

    def __init__(
        self, address: tuple[str, int], name: str, over: threading.Event, pause_s: float = 0.0
    ) -> None:
        super().__init__(daemon=True)
        self.pause_s = pause_s
        self.address, self.label, self.over = address, name, over
        self.answered: dict[str, str] = {}
        self.cut = 0

    def run(self) -> None:
        number = 0
        while not self.over.is_set():
            connection = http.client.HTTPConnection(*self.address, timeout=10)
            with contextlib.suppress(OSError, http.client.HTTPException):
                while not self.over.is_set():
                    number += 1
                    time.sleep(self.pause_s)
                    self.one(connection, f"{self.label}-{number}", *WAYS[number % len(WAYS)])
            self.cut += 1
            time.sleep(0.01)

    def one(self, connection: http.client.HTTPConnection, text: str, path: str, stream: bool) -> None:
        said = [{"role": "user", "content": text}]
        body: dict[str, Any] = {"model": "m", "max_tokens": 9, "stream": stream}
        body |= {"input": said} if path == RESPONSES else {"messages": said}
        connection.request("POST", path, orjson.dumps(body))
        answer = connection.getresponse()
        call_id = answer.headers["x-rightsizer-call-id"]
        if answer.status != 200:
            answer.read()
            return
        got = b""
        while piece := answer.read1(65536) if stream else answer.read():
            got += piece
            if stream and LAST_EVENT[path] in got and got.endswith(b"\n\n"):
                self.answered[call_id] = text
        self.answered[call_id] = text


class Evidence:
    """Links to all segments there ever were."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        folder.mkdir()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._collect, daemon=True)

    def __enter__(self) -> Evidence:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join(10)

    def _collect(self) -> None:
        while not self._over.wait(0.02):
            self.link()

    def link(self) -> None:
        for path in segments_folder(self.home).glob("*.seg"):
            with contextlib.suppress(OSError):
                os.link(path, self.folder / path.name)

    def frames_of(self, call_id: str) -> Iterator[str]:
        for segment, kind, meta, _ in recorded_frames(self.home, self.folder):
            if orjson.loads(meta)["id"] == call_id:
                yield f"{segment}:{kind.decode()}"


def children(gateway: Any) -> tuple[list[int], list[int]]:
    """(workers, indexer): the indexer is the niced one."""
    command = ["ps", "-o", "pid=,ni=", "--ppid", str(gateway.process.pid)]
    rows = [
        line.split() for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    ]
    niced = [int(pid) for pid, nice in rows if int(nice) >= 10]
    return [int(pid) for pid, _ in rows if int(pid) not in niced], niced


def under_load(clients: list[Client], n_answers: int) -> None:
    """Wait until so many more calls were answered."""
    before, end = sum(len(client.answered) for client in clients), time.monotonic() + 60
    while sum(len(client.answered) for client in clients) < before + n_answers:
        assert time.monotonic() < end, "nothing is answered"
        time.sleep(0.01)


def check(gateway: Any, answered: dict[str, str], evidence: Evidence) -> None:
    stored = {call.id: call for call in gateway.calls()}
    one = next(iter(answered))
    assert list(evidence.frames_of(one)), "the evidence holds what was recorded"
    lost = {call_id: list(evidence.frames_of(call_id)) for call_id in answered.keys() - stored.keys()}
    assert not lost, f"answered and not in the store, and the frames there are of them: {lost}"
    for call_id, text in answered.items():
        call = stored[call_id]
        assert call.request.messages[-1].text == text
        assert call.response is not None, (call_id, call.error, list(evidence.frames_of(call_id)))
        assert call.response.text == f"answer to {text}"


@pytest.mark.parametrize("options", [(), ("--sync",), ("--workers", "2")])
def test_no_answered_call_is_lost_or_mixed_up(start: Any, tmp_path: Path, options: tuple[str, ...]) -> None:
    """The whole gateway dies at once."""
    with FakeLLM(echo) as llm:
        kill_again_and_again(start, tmp_path, llm.url, options)


@pytest.mark.parametrize("says_length", [True, False])
def test_nor_is_one_over_http2(
    start: Any, tmp_path: Path, pem: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, says_length: bool
) -> None:
    """The frame that ends an answer comes after its last byte, which the client has had by then."""
    pytest.importorskip("h2", reason="needs the extra http2")
    from tests.gateway.h2_server import H2LLM

    def script(request: Received) -> Reply:
        reply = echo(request)
        if reply.framing == "chunked" or not says_length:
            return replace(reply, framing="close")
        return replace(reply, pieces=(*reply.pieces, b""), pause_s=0.5)

    monkeypatch.setenv("SSL_CERT_FILE", str(pem[0]))
    monkeypatch.setenv("RIGHTSIZER_GATEWAY_HTTP2", "true")
    with H2LLM(script, pem) as llm:
        kill_again_and_again(start, tmp_path, llm.url, ())
        assert set(llm.versions) == {"h2"}


def kill_again_and_again(start: Any, tmp_path: Path, url: str, options: tuple[str, ...]) -> None:
    answered: dict[str, str] = {}
    rng = random.Random(3)
    n_cut = 0
    with Evidence(tmp_path / "home", tmp_path / "evidence") as evidence:
        for round_number in range(KILLS):
            gateway = start(url, *options)
            over = threading.Event()
            clients = [Client(gateway.address, f"{round_number}.{n}", over) for n in range(4)]
            for client in clients:
                client.start()
            under_load(clients, 20)
            time.sleep(rng.uniform(0, 0.5))
            evidence.link()
            gateway.kill_everything()
            over.set()
            for client in clients:
                client.join(20)
                answered |= client.answered
                n_cut += client.cut
        evidence.link()
    assert len(answered) >= 20 * KILLS
    check(gateway, answered, evidence)
    unfinished = [call for call in gateway.calls() if call.id not in answered]
    assert len(unfinished) <= n_cut, "at most one call in flight per client and round"


@pytest.mark.parametrize("victims", ["indexer", "workers", "both"])
def test_parts_that_die_lose_nothing_either(start: Any, tmp_path: Path, victims: str) -> None:
    """The supervisor lives on and starts them again; in the middle of folding, of answering, or of both."""
    rng = random.Random(5)
    with FakeLLM(echo) as llm, Evidence(tmp_path / "home", tmp_path / "evidence") as evidence:
        gateway = start(llm.url)
        over = threading.Event()
        clients = [Client(gateway.address, f"c{n}", over, pause_s=0.01) for n in range(4)]
        for client in clients:
            client.start()
        rounds = 2 if victims == "both" and KILLS <= 3 else KILLS
        for _ in range(rounds):
            under_load(clients, 20)
            time.sleep(rng.uniform(0, 3.0))
            workers, indexer = children(gateway)
            for pid in {"indexer": indexer, "workers": workers, "both": workers + indexer}[victims]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(16 if KILLS > 3 else 0)  # more than five deaths in half a minute, and it gives up
        over.set()
        answered: dict[str, str] = {}
        for client in clients:
            client.join(20)
            answered |= client.answered
        evidence.link()
        assert gateway.stop() == 0
    assert len(answered) >= 20 * rounds
    check(gateway, answered, evidence)
