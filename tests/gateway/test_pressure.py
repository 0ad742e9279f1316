"""A full disk and a slow store: no call waits for them, and nothing is lost in silence."""

from __future__ import annotations

import http.client
import os
import resource
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import ConfigError
from rightsizer.gateway.indexer import index_segments
from rightsizer.gateway.metrics import Metrics
from rightsizer.gateway.recorder import Recorder
from rightsizer.gateway.segments import segments_folder
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import completion
from rightsizer.types import Call

BEGIN = {"at": 1.0, "path": "/v1/chat/completions"}
END = {"status": 200, "type": "application/json", "total_s": 0.1}
BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})


class Disk:
    """Takes what it is given, until it is full; `full_after` writes from now. `other` is another disk."""

    other: Path | None = None

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from rightsizer.gateway import segments

        self.full_after: int | None = None
        self._writev = segments.os.writev
        monkeypatch.setattr("rightsizer.gateway.segments.os.writev", self.write)

    def write(self, descriptor: int, parts: Any) -> int:
        elsewhere = self.other is not None and os.readlink(f"/proc/self/fd/{descriptor}").startswith(
            str(self.other)
        )
        if self.full_after is not None and not elsewhere:
            if self.full_after == 0:
                raise OSError(28, "No space left on device")
            self.full_after -= 1
        return self._writev(descriptor, parts)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Recorder]:
    open_store(tmp_path).close()
    kek = find_key(tmp_path, None, create=False)
    return lambda **more: Recorder(tmp_path, kek, GatewaySettings(**more), Metrics())


def stored(home: Path) -> dict[str, Call]:
    with open_store(home) as store:
        index_segments(store, home, find_key(home, None, create=False))
        return {call.id: call for call in store.calls.scan()}


@pytest.mark.parametrize("full_after", range(4))
def test_what_the_disk_does_not_take_is_written_when_it_does(
    tmp_path: Path, make: Callable[..., Recorder], disk: Disk, full_after: int
) -> None:
    """Wherever it is full first: before the begin, between begin and end, between two calls."""
    recorder = make()
    disk.full_after = full_after
    entries = [recorder.begin(f"call_{number}", BEGIN, BODY) for number in range(2)]
    for entry in entries:
        recorder.end(entry, END, completion(entry.id))
    assert recorder.n_waiting == (2 if full_after < 3 else 4 - full_after)
    recorder.tick(0.0)
    assert recorder.n_waiting, "still full"
    disk.full_after = 1
    recorder.tick(0.0)
    disk.full_after = None
    recorder.tick(0.0)
    assert recorder.n_waiting == 0
    recorder.close()
    calls = stored(tmp_path)
    assert {call_id: call.response.text for call_id, call in calls.items() if call.response} == {
        "call_0": "call_0",
        "call_1": "call_1",
    }
    assert not recorder._metrics.losses


def test_what_cannot_wait_is_counted(
    tmp_path: Path, make: Callable[..., Recorder], disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = make(max_waiting_bytes=1000)
    disk.full_after = 0
    for number in range(5):
        recorder.end(recorder.begin(f"call_{number}", BEGIN, BODY), END, b"{}")
    assert recorder.n_waiting + recorder._metrics.losses["disk"] >= 5
    assert recorder._metrics.losses["disk"] >= 3
    n_waiting = recorder.n_waiting
    recorder.close()
    assert recorder._metrics.losses["disk"] >= 5, "what still waits at the end is lost too, and says so"
    assert f"{n_waiting} records are lost" in caplog.text, "nobody reads the counters of a process that ended"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells the disks apart by /proc")
@pytest.mark.parametrize("order", ["together", "second"])
def test_with_a_second_place_no_call_waits_in_memory(
    tmp_path: Path, make: Callable[..., Recorder], disk: Disk, order: str
) -> None:
    """Those that began before the first was full neither; whichever place is read first."""
    disk.other = tmp_path / "other disk"
    recorder = make(spill=str(disk.other))
    early = recorder.begin("call_early", BEGIN, BODY)
    disk.full_after = 0
    for number in range(3):
        recorder.end(recorder.begin(f"call_{number}", BEGIN, BODY), END, completion("spilled"))
    recorder.feedback("feedback_1", {"call_id": "call_0", "metric_name": "good", "value": 1, "at": 1.0})
    assert recorder.state == "spill"
    recorder.end(early, END, completion("late"))
    recorder.shadow(early, {})
    assert recorder.n_waiting == 0
    assert recorder._metrics.losses == {"shadow": 1}
    assert recorder._metrics.spilled == 4
    assert len(list(disk.other.glob("*.seg"))) == 1
    disk.full_after = None
    recorder.end(recorder.begin("call_after", BEGIN, BODY), END, completion("after"))
    assert recorder.state == "disk"
    recorder.close()
    if order == "second":  # as if the first could not be read before
        first, aside = segments_folder(tmp_path), tmp_path / "aside"
        first.rename(aside)
        first.mkdir()
        assert "call_early" in stored(tmp_path)
        first.rmdir()
        aside.rename(first)
    answers = {call_id: call.response.text for call_id, call in stored(tmp_path).items() if call.response}
    spilled = {f"call_{n}": "spilled" for n in range(3)}
    assert answers == {"call_early": "late", "call_after": "after", **spilled}
    assert not list(disk.other.glob("*.seg")), "folded, and removed"


def test_a_full_second_place_is_as_none(tmp_path: Path, make: Callable[..., Recorder], disk: Disk) -> None:
    recorder = make(spill=str(tmp_path / "also full"))
    disk.full_after = 0
    recorder.end(recorder.begin("call_1", BEGIN, BODY), END, completion("x"))
    assert recorder.n_waiting == 1
    disk.full_after = None
    recorder.close()
    assert stored(tmp_path).keys() == {"call_1"}


def test_a_second_place_that_cannot_be_used_is_told_at_the_start(
    tmp_path: Path, make: Callable[..., Recorder]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot hold records"):
        make(spill=str(tmp_path / "file" / "x"))
    first = make(spill=str(tmp_path / "one"))
    (tmp_path / "one" / "seg_1.seg").write_bytes(b"")
    with pytest.raises(ConfigError, match="not in the store"):
        make(spill=str(tmp_path / "two"))
    (tmp_path / "one" / "seg_1.seg").unlink()
    make(spill=str(tmp_path / "two")).close()
    first.close()


def test_a_call_whose_begin_is_in_a_place_killed_before_its_end_is_an_error_once(
    tmp_path: Path, make: Callable[..., Recorder]
) -> None:
    recorder = make(spill=str(tmp_path / "other"))
    recorder.begin("call_cut", BEGIN, BODY)
    recorder._rotate()
    for segment in recorder._retired:
        segment.close()  # as the kernel does
    (call,) = stored(tmp_path).values()
    assert call.error is not None


def ask(gateway: Any, text: str) -> int:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    try:
        connection.request("POST", "/v1/chat/completions", orjson.dumps(body))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def figure(gateway: Any, name: str) -> float:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return float(next(line.split()[1] for line in lines if line.startswith(name + " ")))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process: Linux only")
def test_a_gateway_whose_disk_is_full_answers_and_records_later(start: Any) -> None:
    from tests.gateway.test_faults import children_of

    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        assert ask(gateway, "before") == 200
        workers = children_of(gateway.process.pid)
        _, hard = resource.prlimit(workers[0], resource.RLIMIT_FSIZE)
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))  # no file may grow
        assert [ask(gateway, f"full {number}") for number in range(5)] == [200] * 5
        assert figure(gateway, "rightsizer_records_waiting") == 5
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: figure(gateway, "rightsizer_records_waiting") == 0)
        gateway.stop()
    asked = {call.request.messages[0].text for call in gateway.calls() if call.response is not None}
    assert asked == {"before", *(f"full {number}" for number in range(5))}


def test_a_store_that_takes_nothing_holds_no_call_up(start: Any) -> None:
    with FakeLLM(lambda r: Reply((completion("ok"),))) as llm:
        gateway = start(llm.url)
        (database,) = (gateway.home / "store").glob("*.db")
        lock = sqlite3.connect(database, isolation_level=None)
        lock.execute("begin exclusive")
        assert [ask(gateway, str(number)) for number in range(20)] == [200] * 20
        assert figure(gateway, "rightsizer_segment_backlog_bytes") > 0
        lock.execute("rollback")
        lock.close()
        gateway.stop()
    assert len(gateway.calls()) == 20
