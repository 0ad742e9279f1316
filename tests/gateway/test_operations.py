"""Health, figures, logs, and the end: what whoever runs a gateway relies on."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.logs import JsonFormatter, TextFormatter, tell_end, tell_loop_error
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import SSE, completion, text_stream
from tests.gateway.rig import Answers, Rig, run

BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
STREAM = BODY[:-1] + b',"stream":true}'
SECRET = "秘密-7731-prompt"


def settings(folder: Path, **gateway: Any) -> None:
    """The settings of the gateway that will be started."""
    lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in gateway.items()]
    (folder / "home").mkdir()
    (folder / "home" / "rightsizer.toml").write_text("\n".join(["[gateway]", *lines]), encoding="utf-8")


def connect(gateway: Any) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(*gateway.address, timeout=30)


def ask(
    gateway: Any, body: bytes = BODY, path: str = "/v1/chat/completions", **headers: str
) -> tuple[int, bytes]:
    connection = connect(gateway)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def slow(pieces: int, pause_s: float) -> Callable[[Received], Reply]:
    text = text_stream("slow")
    size = len(text) // pieces + 1
    cut = tuple(text[at : at + size] for at in range(0, len(text), size))
    return lambda request: Reply(cut, headers=SSE, framing="chunked", pause_s=pause_s)


class Streams:
    """Streams under way in threads, and what came of them."""

    def __init__(self, gateway: Any, n: int) -> None:
        self.whole: list[bool] = []
        self._threads = [threading.Thread(target=self._read, args=(gateway,)) for _ in range(n)]
        for thread in self._threads:
            thread.start()

    def _read(self, gateway: Any) -> None:
        connection = connect(gateway)
        connection.request("POST", "/v1/chat/completions", STREAM)
        try:
            self.whole.append(connection.getresponse().read().endswith(b"data: [DONE]\n\n"))
        except (http.client.HTTPException, OSError):
            self.whole.append(False)

    def join(self) -> list[bool]:
        for thread in self._threads:
            thread.join(40)
        return self.whole


def is_refused(gateway: Any) -> bool:
    try:
        with contextlib.closing(connect(gateway)) as connection:
            connection.connect()
    except ConnectionRefusedError:
        return True
    return False


def test_while_it_drains_who_connects_is_refused_and_a_new_gateway_has_the_address(start: Any) -> None:
    with FakeLLM(slow(6, 1.0)) as llm:
        old = start(llm.url, "--workers", "2")
        streams = Streams(old, 4)
        until(lambda: len(llm.received) == 4)
        old.process.send_signal(signal.SIGTERM)

        until(lambda: is_refused(old))
        assert old.process.poll() is None, "the streams are under way"
        assert streams.whole == []
        new = start(llm.url, "--port", str(old.address[1]))
        assert new.address == old.address
        with urllib.request.urlopen(f"{new.url}/healthz") as answer:
            assert answer.status == 200
        assert streams.join() == [True] * 4
        assert old.process.wait(30) == 0
        assert new.stop() == 0
    calls = new.calls()
    assert [call.error for call in calls] == [None] * 4


def test_workers_whose_supervisor_was_killed_finish_and_go(start: Any) -> None:
    with FakeLLM(slow(6, 0.7)) as llm:
        gateway = start(llm.url, "--workers", "2")
        streams = Streams(gateway, 4)
        until(lambda: len(llm.received) == 4)
        os.kill(gateway.process.pid, signal.SIGKILL)
        gateway.process.wait(10)
        assert streams.join() == [True] * 4
        until(lambda: is_refused(gateway))
        new = start(llm.url, "--port", str(gateway.address[1]))
        assert ask(new, STREAM)[0] == 200
        assert new.stop() == 0
    assert [call.error for call in gateway.calls()] == [None] * 5


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2, 0.35, 0.5])
def test_a_supervisor_killed_while_its_workers_start_leaves_none_behind(start: Any, after_s: float) -> None:
    gateway = start("http://127.0.0.1:1/v1", "--workers", "2")
    time.sleep(after_s)
    os.kill(gateway.process.pid, signal.SIGKILL)
    gateway.process.wait(10)
    until(lambda: is_refused(gateway))


@pytest.mark.parametrize("how", ["hang-up", "nohup"])
def test_a_terminal_that_closes_ends_it_as_gently_unless_it_was_told_to_stay(
    start: Any, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "nohup":
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what a child is started with
    try:
        with FakeLLM(slow(6, 0.3)) as llm:
            gateway = start(llm.url, "--workers", "2")
            streams = Streams(gateway, 4)
            until(lambda: len(llm.received) == 4)
            os.killpg(gateway.process.pid, signal.SIGHUP)  # as a terminal does: all of its processes
            assert streams.join() == [True] * 4
            if how == "hang-up":
                assert gateway.process.wait(30) == 0
            else:
                assert ask(gateway, STREAM)[0] == 200
                assert gateway.stop() == 0
    finally:
        if how == "nohup":
            signal.signal(signal.SIGHUP, before)
    assert {call.error for call in gateway.calls()} == {None}


def test_what_does_not_end_in_time_is_cut_and_recorded_as_that(start: Any, tmp_path: Path) -> None:
    settings(tmp_path, drain_timeout_s=1)
    with FakeLLM(slow(8, 3.0)) as llm:
        gateway = start(llm.url, "--workers", "2")
        streams = Streams(gateway, 3)
        until(lambda: len(llm.received) == 3)
        assert gateway.stop() == 0
        assert streams.join() == [False] * 3
    calls = gateway.calls()
    assert len(calls) == 3
    assert all(call.error is not None and call.response is None for call in calls)


def test_two_gateways_on_one_home_record_every_call_once(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        first, second = start(llm.url, "--workers", "2"), start(llm.url)
        for _ in range(15):
            assert (ask(first)[0], ask(second)[0]) == (200, 200)
        first.kill_everything()
        for _ in range(5):
            assert ask(second)[0] == 200
        third = start(llm.url)
        assert ask(third)[0] == 200
        assert (second.stop(), third.stop()) == (0, 0)
    assert len(third.calls()) == 36


def ready(connection: http.client.HTTPConnection) -> tuple[int, Any]:
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    return answer.status, orjson.loads(answer.read())


def test_it_is_ready_whatever_the_llm_and_the_store_do(start: Any) -> None:
    """A gateway whose LLM is down is no worse than another one: taking it out of service helps nobody."""
    gateway = start("http://127.0.0.1:1/v1")
    health = connect(gateway)
    assert ask(gateway)[0] == 502
    assert ready(health) == (200, {"ready": True, "routes": False, "records": "disk"})
    with contextlib.closing(sqlite3.connect(next((gateway.home / "store").glob("*.db")))) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        assert ask(gateway)[0] == 502
        assert ready(health)[0] == 200
        again = start("http://127.0.0.1:1/v1")  # and it starts
        assert (ask(again)[0], ready(connect(again))[0]) == (502, 200)
        lock.rollback()
    gateway.stop()


def test_it_is_not_ready_before_its_routes_are_read_nor_while_it_drains(tmp_path: Path) -> None:
    request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n"

    async def test(rig: Rig) -> list[int]:
        statuses = []
        for is_ready, drains in ((False, False), (True, False), (True, True)):
            rig.worker.ready, rig.worker.draining = is_ready, drains
            statuses.append(Answers(await rig.exchange([request])).whole[0][0])
        return statuses

    assert run(tmp_path, test) == [503, 200, 503]


def test_whatever_callers_and_servers_say_the_figures_stay_few(start: Any) -> None:
    """No label holds what a caller chose: a thousand models are not a thousand series."""
    hostile = ['m"} 1\nevil{x="', "模型", "a" * 5000, *(f"m{n}" for n in range(30))]
    statuses = iter([418, 599, 299, 777] * 20)

    def script(request: Received) -> Reply:
        return Reply((completion("x"),), status=next(statuses))

    def series() -> set[str]:
        with urllib.request.urlopen(f"{gateway.url}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        assert all(
            re.fullmatch(r'[a-z_]+(\{([a-z_]+="[^"\n]*",?)*\})? -?[\d.e+]+', x) for x in lines if x[0] != "#"
        )
        return {line.rpartition(" ")[0] for line in lines}

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        before = series()
        for number, model in enumerate(hostile):
            body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]})
            ask(
                gateway,
                body,
                f"/session/{number}/v1/chat/completions",
                **{"x-rightsizer-session": "s"},
            )
        for path in ("/nothing/a", "/nothing/b"):
            assert ask(gateway, BODY, path)[0] == 404
        new = series() - before
        gateway.stop()
    assert new == {f'rightsizer_calls_total{{served_by="llm",status="{n}"}}' for n in (299, 418, 599, 777)}


LINES = {
    "text": re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [^\n]+"),
    "json": re.compile(r'\{"at":"[^\n]+\}'),
}


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_word_of_a_prompt_is_in_the_log(start: Any, tmp_path: Path, form: str) -> None:
    """Calls that fail in every way we know, with a word that must not come up; every line is one event."""

    def script(request: Received) -> Reply:
        if b"cut" in request.body:
            return Reply((completion(SECRET),), cut=True)
        if b"garbage" in request.body:
            return Reply(raw=f"{SECRET}\r\n\r\n".encode())
        return Reply((completion(SECRET),), status=500 if b"500" in request.body else 200)

    def body(word: str, **more: Any) -> bytes:
        return orjson.dumps(
            {"model": SECRET, "messages": [{"role": "user", "content": f"{SECRET} {word}"}], **more}
        )

    settings(tmp_path, log_format=form, max_request_bytes=5000)
    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        marked = {"x-rightsizer-session": "7731-prompt", "x-rightsizer-metadata": '{"step": "7731-prompt"}'}
        for word in ("well", "cut", "garbage", "500"):
            with contextlib.suppress(http.client.HTTPException):
                ask(gateway, body(word), **marked)
        for bad in (
            SECRET.encode() + b"{",
            orjson.dumps({"model": 7, "messages": SECRET}),
            orjson.dumps({"model": "m", "messages": [{"role": SECRET, "content": {"x": SECRET}}]}),
            body("big") + b" " * 6000,
        ):
            ask(gateway, bad)
            ask(gateway, bad, "/v1/messages")
            ask(gateway, bad, "/v1/responses")
            ask(gateway, bad, "/feedback")
            ask(gateway, bad, "/v1/traces", **{"content-type": "application/json"})
        assert gateway.stop() == 0
    log = (tmp_path / "gateway.log").read_text(encoding="utf-8")
    assert "7731" not in log
    lines = log.splitlines()
    assert lines, "the indexer tells what it did"
    assert [line for line in lines if not LINES[form].fullmatch(line)] == []


def failed(words: str) -> tuple[type[BaseException], BaseException, Any]:
    try:
        raise ValueError(words)
    except ValueError as error:
        return type(error), error, error.__traceback__


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_line_end_in_a_message_begins_no_line_and_an_exception_has_no_words(
    formatter: logging.Formatter,
) -> None:
    message = "key 'a\n2026-01-01 00:00:00,000 ERROR all is lost\x1b[2J\u2028' is 秘"
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "%s", (message,), failed(f"{SECRET}\n{SECRET}"))
    line = formatter.format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    assert "7731" not in line
    assert "秘" in line
    assert "ValueError" in line
    assert "test_operations.py:" in line


def test_a_process_that_ends_and_an_event_loop_say_no_words_either(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # import-linter, which a test of the house runs, switches off all loggers that there are
    monkeypatch.setattr(logging.getLogger("rightsizer.gateway"), "disabled", False)
    error = failed(SECRET)[1]
    tell_end("worker", error)
    tell_loop_error(None, {"message": f"Task {SECRET}", "exception": error})  # type: ignore[arg-type]
    tell_loop_error(None, {"message": f"callback <Handle f({SECRET})>"})  # type: ignore[arg-type]
    assert len(caplog.messages) == 3
    assert "7731" not in caplog.text
    assert "test_operations.py:" in caplog.messages[0]
    assert "ValueError" in caplog.messages[1]


def test_what_a_child_dies_of_is_one_line_without_words(tmp_path: Path) -> None:
    code = f"""
import sys
from rightsizer.gateway.logs import set_up_logs
from rightsizer.gateway.serve import Job, _fork
import os
set_up_logs("text")
def work():
    raise ValueError("{SECRET}")
pid = _fork(Job("worker", work))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert LINES["text"].fullmatch(done.stderr.strip()), done.stderr
    assert "the worker ends: ValueError in <string>:" in done.stderr
    assert "7731" not in done.stderr
