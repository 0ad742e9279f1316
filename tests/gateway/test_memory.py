"""What the gateway's processes hold, and when they let go of it."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from rightsizer.gateway.memory import give_back
from rightsizer.gateway.upstream import Connection
from tests.gateway.rig import Rig, Wire, run


def resident_mb() -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc on Linux only"
)
def test_what_was_freed_is_given_back() -> None:
    held = [bytes(4000 + number % 7) for number in range(10_000)]
    pins = held[::50]  # the allocator cannot shrink its heap from the end
    full = resident_mb()
    del held
    give_back()
    assert len(pins) == 200
    assert full - resident_mb() > 20


class Deaf:
    """A listener to whom it is all the same."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


def test_a_request_is_let_go_when_its_answer_begins(tmp_path: Path) -> None:
    """Not when the next is sent: 64 idle connections would hold 64 large bodies."""

    async def test(rig: Rig) -> None:
        request = b"x" * 1000
        before = sys.getrefcount(request)
        connection, wire = Connection(rig.pool), Wire()
        connection.connection_made(wire)
        connection.send(request, Deaf(), head_only=False)
        wire.written.clear()
        assert sys.getrefcount(request) == before + 1, "it may have to be sent again"
        connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n1")
        assert sys.getrefcount(request) == before
        connection.close()

    run(tmp_path, test)
