"""A disk that is really full: a small file system, a gateway on it, calls under way, and kill -9."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import StoreError
from rightsizer.gateway.counts import Counts
from rightsizer.pipeline.gateway import StoreRoutes
from rightsizer.pipeline.gateway_start import enter_start
from rightsizer.pipeline.workspace import open_workspace
from rightsizer.store.audit import AuditEntry, read_audit
from rightsizer.store.full_disk import may_read_without_log
from rightsizer.store.sqlite import database_path
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion
from rightsizer.types import Route
from tests.gateway.conftest import Gateway, start_gateway, stored_calls
from tests.gateway.test_pressure import ask, figure, until

SIZE = 12 << 20
PAD = "." * 5000  # the last page of a file may have room for less


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of `SIZE` bytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("this user may mount no file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    path = folder / "filler"
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        (folder / "one more").write_bytes(b"x")
    (folder / "one more").unlink(missing_ok=True)
    return path


def read(gateway: Gateway, path: str) -> dict[str, Any]:
    import http.client

    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    connection.request("GET", path)
    value: dict[str, Any] = orjson.loads(connection.getresponse().read())
    connection.close()
    return value


class Slow:
    """An LLM that says nothing to a call with the word "slow" before it is told to."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def __call__(self, request: Received) -> Reply:
        text = orjson.loads(request.body)["messages"][0]["content"]
        if text.startswith("slow"):
            self.go.wait(30)
        return Reply((completion(text),))


def run_over_the_brink(gateway: Gateway, llm: Slow, home: Path) -> Path:
    """Five calls begin, the disk fills, they end, and five more are asked: all of them are answered."""
    answered: list[int] = []
    under_way = [
        threading.Thread(target=lambda n=n: answered.append(ask(gateway, f"slow {n}{PAD}")))  # type: ignore[misc]
        for n in range(5)
    ]
    for thread in under_way:
        thread.start()
    until(lambda: figure(gateway, "rightsizer_in_flight") == 5)
    filler = fill(home.parent)
    llm.go.set()
    for thread in under_way:
        thread.join(30)
    answered += [ask(gateway, f"full {number}{PAD}") for number in range(5)]
    assert answered == [200] * 10
    return filler


WANTED = {"before", "after", *(f"slow {n}" for n in range(5)), *(f"full {n}" for n in range(5))}


def answers_of(home: Path) -> list[str]:
    return sorted(
        call.response.text.removesuffix(PAD) for call in stored_calls(home) if call.response is not None
    )


def test_calls_under_way_go_to_the_other_disk_and_survive_kill(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIGHTSIZER_GATEWAY_SPILL", str(tmp_path / "other"))
    llm, home = Slow(), small / "home"
    with FakeLLM(llm) as server:
        gateway = start_gateway(home, server.url)
        try:
            assert ask(gateway, "before") == 200
            filler = run_over_the_brink(gateway, llm, home)
            assert figure(gateway, "rightsizer_records_waiting") == 0
            assert figure(gateway, "rightsizer_spilled_total") == 10
            assert read(gateway, "/readyz")["records"] == "spill"
        finally:
            gateway.kill_everything()
        filler.unlink()
        gateway = start_gateway(home, server.url)
        try:
            assert ask(gateway, "after") == 200
            assert read(gateway, "/readyz")["records"] == "disk"
        finally:
            gateway.stop()
    calls = stored_calls(home)
    assert answers_of(home) == sorted(WANTED)
    assert len(calls) == len(WANTED), "no call is there twice, nor as an error"


def test_without_another_disk_they_wait_and_are_written_when_there_is_room(small: Path) -> None:
    llm, home = Slow(), small / "home"
    with FakeLLM(llm) as server:
        gateway = start_gateway(home, server.url)
        try:
            assert ask(gateway, "before") == 200
            filler = run_over_the_brink(gateway, llm, home)
            assert figure(gateway, "rightsizer_records_waiting") == 10
            assert read(gateway, "/readyz") == {"ready": True, "routes": False, "records": "memory"}
            filler.unlink()
            until(lambda: figure(gateway, "rightsizer_records_waiting") == 0)
            assert ask(gateway, "after") == 200
            assert read(gateway, "/readyz")["records"] == "disk"
        finally:
            gateway.stop()
    assert answers_of(home) == sorted(WANTED)


def test_what_finds_no_room_anywhere_is_counted_and_the_agents_get_their_answers(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIGHTSIZER_GATEWAY_MAX_WAITING_BYTES", "30000")
    llm, home = Slow(), small / "home"
    with FakeLLM(llm) as server:
        gateway = start_gateway(home, server.url)
        try:
            assert ask(gateway, "before") == 200
            run_over_the_brink(gateway, llm, home)
            text = urlopen_text(gateway, "/metrics")
            lost = next(line for line in text.splitlines() if 'records_lost_total{reason="disk"}' in line)
            assert int(lost.split()[1]) + figure(gateway, "rightsizer_records_waiting") >= 10
            assert int(lost.split()[1]) >= 5
        finally:
            gateway.kill_everything()


@pytest.mark.parametrize("spill", [True, False], ids=["another-disk", "no-other"])
@pytest.mark.parametrize("end", ["killed", "stopped"])
def test_it_starts_on_a_full_disk(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, spill: bool
) -> None:
    """Agents wait for answers: its entry in the audit log comes when there is room, and no record is lost."""
    if spill:
        monkeypatch.setenv("RIGHTSIZER_GATEWAY_SPILL", str(tmp_path / "other"))
    home = small / "home"
    with FakeLLM(Slow()) as server:
        gateway = start_gateway(home, server.url)
        assert ask(gateway, "before") == 200
        filler = fill(small)
        if end == "killed":
            gateway.kill_everything()
        else:
            assert gateway.stop() == 0
        fill(small)  # a process that ends gives room back
        gateway = start_gateway(home, server.url)
        try:
            assert ask(gateway, f"full{PAD}") == 200
            assert [entry.on for entry in starts(home)] == [{}]
            filler.unlink()
            until(lambda: len(starts(home)) == 2)
            assert ask(gateway, "after") == 200
        finally:
            assert gateway.stop() == 0
    assert answers_of(home) == ["after", "before", "full"]
    assert [entry.on for entry in starts(home)] == [{}, {"late": True}]


def test_routes_are_read_on_a_full_disk_and_again_when_there_is_room(small: Path) -> None:
    home = small / "home"
    route = Route(task_id="task_desk", release_id="r", student_id="s", threshold=0.5, mode="live", share=1)
    with open_workspace(home) as ws:
        ws.store.records.put(route)
    filler = fill(small)
    with pytest.raises(StoreError, match="disk"):
        open_workspace(home)
    with open_workspace(home, even_full=True) as ws:
        assert ws.store.is_still
        assert ws.store.records.list(Route) == [route]
        with pytest.raises(StoreError, match="reading only"):
            ws.store.records.put(route)
    source = StoreRoutes(home)
    assert source.load() is not None
    assert source.load() is None, "nothing changed"
    filler.unlink()
    with open_workspace(home) as ws:
        assert not ws.store.is_still
        ws.store.records.put(route.model_copy(update={"share": 0.5}))
    assert source.load() is not None


def test_a_log_that_holds_something_is_never_left_out(small: Path) -> None:
    """What SQLite has not folded into the database yet would not be seen without it."""
    home = small / "home"
    with open_workspace(home):
        fill(small)
        log = Path(f"{database_path(home)}-wal")
        assert log.stat().st_size
        assert not may_read_without_log(database_path(home))
        (small / "filler").unlink()
    assert not may_read_without_log(database_path(home)), "there is room"


def starts(home: Path) -> list[AuditEntry]:
    return [entry for entry in read_audit(home) if entry.action == "gateway"]


@pytest.mark.parametrize("fault", [errno.EACCES, errno.EIO])
def test_another_fault_of_the_audit_log_is_no_reason_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(fault, os.strerror(fault))

    with open_workspace(tmp_path / "home") as ws:
        monkeypatch.setattr("rightsizer.store.audit._write_all", refuse)
        with pytest.raises(StoreError, match="audit log"):
            enter_start(ws, may_be_late=True)
        fault = errno.ENOSPC
        with pytest.raises(StoreError, match="audit log"):
            enter_start(ws, may_be_late=False)
        assert not enter_start(ws, may_be_late=True)


def urlopen_text(gateway: Gateway, path: str) -> str:
    import urllib.request

    with urllib.request.urlopen(gateway.url + path) as answer:
        text: str = answer.read().decode()
    return text


def test_counts_of_keys_need_no_room_that_is_not_there(small: Path) -> None:
    """A hole in a mapped file would end the process when it is written to."""
    roomy = Counts(small)
    filler = fill(small)
    for slot in (0, 4000):
        roomy.add(slot, 5, 1, requests=1)
    pid = os.fork()
    if not pid:
        other = Counts(small)
        other.add(4000, 5, 1, requests=1)
        os._exit(other.used(4000, 5, 1).requests)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
    filler.unlink()
    roomy.close()
