"""Several workers behave as one gateway."""

from __future__ import annotations

import http.client
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from rightsizer.gateway.logs import JsonFormatter
from rightsizer.gateway.metrics import Metrics
from rightsizer.gateway.shared_metrics import clear_metrics, merged_metrics, metrics_folder, publish_metrics
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import SSE, completion, text_stream

RELOADING = """
import functools, sys
from pathlib import Path
from rightsizer.gateway.routing import Decision
from rightsizer.gateway.serve import serve
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store
from rightsizer.types import Message, TextPart

home, upstream = Path(sys.argv[1]), sys.argv[2]
open_store(home).close()

class Students:
    is_empty = False
    def __init__(self, word): self.word = word
    def place(self, call_id, body, metadata): return None
    def route(self, call_id, body, metadata):
        said = Message(role="assistant", parts=(TextPart(content=self.word),))
        return Decision("t", "student_" + self.word, "live", 1.0, offered=True, message=said, confidence=1.0)

class Source:
    known = ""
    def load(self):
        word = (home / "word").read_text() if (home / "word").exists() else ""
        if word != self.known:
            self.known = word
            return Students(word)

settings = GatewaySettings(port=0, upstream=upstream, workers=3, routes_reload_s=0.2)
sys.exit(serve(settings, home=home, kek=find_key(home, None, create=False),
      open_store=functools.partial(open_store, home), route_source=Source,
      announce=lambda url: print(url, flush=True)))
"""
BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'


def children(gateway: Any) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(gateway.process.pid)], capture_output=True, text=True
    )
    return [int(pid) for pid in found.stdout.split()]


def ask(gateway: Any) -> int:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    connection.request("POST", "/v1/chat/completions", BODY)
    answer = connection.getresponse()
    answer.read()  # who hangs up before the end is counted as having done so
    connection.close()
    return answer.status


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def counted(gateway: Any) -> int:
    with urllib.request.urlopen(f"{gateway.url}/metrics") as answer:
        text = answer.read().decode()
    found = re.search(r'rightsizer_calls_total\{served_by="llm",status="200"\} (\d+)', text)
    return int(found[1]) if found else 0


def test_every_call_is_counted_whichever_worker_is_asked_also_after_one_was_killed(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        gateway = start(llm.url, "--workers", "3")
        wait_for(lambda: len(children(gateway)) == 4)  # three workers and an indexer
        assert [ask(gateway) for _ in range(20)] == [200] * 20
        wait_for(lambda: [counted(gateway) for _ in range(6)] == [20] * 6)
        time.sleep(1.5)  # the counts of each are written every second
        victim = children(gateway)[1]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: victim not in children(gateway) and len(children(gateway)) == 4)
        assert [ask(gateway) for _ in range(10)] == [200] * 10
        wait_for(lambda: counted(gateway) == 30)
        assert gateway.stop() == 0
    assert len(gateway.calls()) == 30


def test_all_workers_drain_on_sigterm(start: Any) -> None:
    pieces = tuple(text_stream("slow")[at : at + 60] for at in range(0, len(text_stream("slow")), 60))
    slow = Reply(pieces, headers=SSE, framing="chunked", pause_s=0.15)
    with FakeLLM(lambda r: slow) as llm:
        gateway = start(llm.url, "--workers", "3")
        answers: list[bytes] = []

        def stream() -> None:
            connection = http.client.HTTPConnection(*gateway.address, timeout=30)
            connection.request("POST", "/v1/chat/completions", BODY[:-1] + b',"stream":true}')
            answers.append(connection.getresponse().read())

        threads = [threading.Thread(target=stream) for _ in range(6)]
        for thread in threads:
            thread.start()
        while len(llm.received) < 6:
            time.sleep(0.02)
        code = gateway.stop()
        for thread in threads:
            thread.join(30)
    assert code == 0
    assert [answer.endswith(b"data: [DONE]\n\n") for answer in answers] == [True] * 6
    calls = gateway.calls()
    assert len(calls) == 6
    assert all(call.response is not None for call in calls)


def test_counts_are_added_and_a_dead_workers_calls_in_flight_are_not(
    tmp_path: Path, monkeypatch: Any
) -> None:
    folder = metrics_folder(tmp_path, os.getpid())
    gone = subprocess.Popen(["true"])
    gone.wait()
    other = Metrics()
    other.calls["llm", "200"] += 2
    other.losses["disk"] += 1
    other.in_flight, other.retries = 3, 4
    other.latency_s.add(0.02)
    monkeypatch.setattr(os, "getpid", lambda: gone.pid)
    publish_metrics(folder, other)
    monkeypatch.undo()
    (folder / "7.json").write_bytes(b"{ not whole")
    own = Metrics()
    own.calls["llm", "200"] += 1
    own.in_flight = 1
    total = merged_metrics(folder, own)
    assert (total.calls["llm", "200"], total.losses["disk"], total.retries) == (3, 1, 4)
    assert total.in_flight == 1
    assert sum(total.latency_s.counts) == 1
    assert own.calls["llm", "200"] == 1, "the own counts stay what they are"
    clear_metrics(tmp_path)
    assert not folder.exists()


def test_json_logs_have_no_words_of_an_exception() -> None:
    try:
        raise ValueError("the prompt: 秘密")
    except ValueError as error:
        record = logging.LogRecord(
            "rightsizer.gateway", logging.ERROR, "x.py", 1, "it %s", ("failed",), (type(error), error, None)
        )
    line = orjson.loads(JsonFormatter().format(record))
    assert (line["level"], line["message"], line["error"]) == ("error", "it failed", "ValueError")
    assert "秘密" not in str(line)


def test_routes_are_read_again_in_every_worker(tmp_path: Path) -> None:
    home, code = tmp_path / "home", tmp_path / "server.py"
    code.write_text(RELOADING, encoding="utf-8")
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        command = [sys.executable, str(code), str(home), llm.url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().decode().strip()

            def served_by() -> set[str]:
                found = set()
                for _ in range(12):  # a new connection each: the kernel spreads them
                    with urllib.request.urlopen(f"{url}/v1/chat/completions", BODY) as answer:
                        found.add(answer.headers["x-rightsizer-served-by"])
                return found

            assert served_by() == {"llm"}
            for word in ("one", "two"):
                (home / "word").write_text(word)
                wait_for(lambda word=word: served_by() == {f"student:student_{word}"})  # type: ignore[misc]
            process.terminate()
            assert process.wait(30) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
