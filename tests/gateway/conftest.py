"""A gateway in a process of its own, before a scripted LLM."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from rightsizer.errors import KeyMismatch
from rightsizer.gateway.segments import SUFFIX, read_frames
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store
from rightsizer.types import Call
from tests.gateway.certificate import make_pem


@dataclass
class Gateway:
    """A running `rightsizer gateway`."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    def stop(self) -> int:
        """SIGTERM, and wait: what was recorded is in the store afterwards."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill_everything(self) -> None:
        """kill -9 of all its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def calls(self) -> list[Call]:
        return stored_calls(self.home)


def stored_calls(home: Path) -> list[Call]:
    """Everything recorded, after folding what is left.

    A killed process gives up its lock when the kernel has closed its files, which may be a moment after
    its sockets: until then its segment counts as being written.
    """
    from rightsizer.gateway.indexer import index_segments

    with open_store(home, create=False) as store:
        give_up = time.monotonic() + 10
        while index_segments(store, home, find_key(home, None, create=False)).busy:
            if time.monotonic() > give_up:
                raise AssertionError("a segment is still locked")
            time.sleep(0.05)
        return list(store.calls.scan())


def start_gateway(home: Path, upstream: str, *options: str) -> Gateway:
    command = [sys.executable, "-m", "rightsizer", "--home", str(home), "gateway"]
    process = subprocess.Popen(
        [*command, "--upstream", upstream, "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=(home.parent / "gateway.log").open("ab"),
        start_new_session=True,
    )
    assert process.stdout is not None
    text = b""
    while True:
        line = process.stdout.readline()
        if not line:
            raise AssertionError((home.parent / "gateway.log").read_text())
        text += line
        with contextlib.suppress(orjson.JSONDecodeError):
            return Gateway(process, orjson.loads(text)["url"], home)


def recorded_frames(home: Path, folder: Path) -> Iterator[tuple[str, bytes, bytes, bytes]]:
    """(segment, kind, meta, body) of every frame of the segments in a folder, under the store's keys."""
    with open_store(home, create=False) as store:
        keys = store.segment_keys
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        for key in keys:
            with contextlib.suppress(KeyMismatch):
                for frame in read_frames(path, key):
                    yield path.stem, *frame
                break


Start = Callable[..., Gateway]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts gateways that are gone when the test is over."""
    running: list[Gateway] = []

    def begin(upstream: str, *options: str) -> Gateway:
        running.append(start_gateway(tmp_path / "home", upstream, *options))
        return running[-1]

    yield begin
    for gateway in running:
        gateway.kill_everything()


@pytest.fixture
def pem(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    return make_pem(tmp_path)
