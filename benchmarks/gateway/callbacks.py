"""CPU of this gateway's own code a call: its callbacks, from bytes to bytes, without sockets.

    python benchmarks/gateway/callbacks.py

What `run` measures has system calls of sockets in it, and the neighbours' load. This has neither, and steers
work on the code; records are written to files as always. The best of eight runs is shown.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import tempfile
import time
from pathlib import Path
from typing import Any

import uvicorn
from ours import Routes
from payloads import body, request, write_answers
from uvicorn.server import ServerState

from rightsizer.gateway.admin import Admin
from rightsizer.gateway.keys import create_key
from rightsizer.gateway.protocol import GatewayProtocol
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.upstream import Connection
from rightsizer.gateway.worker import Worker
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store

RUNS = 8
READ_BYTES = 65536  # what comes in one read of a socket, at most
HEAD = (
    b"HTTP/1.1 200 OK\r\n%b" + b"".join(b"x-header-%d: some value of it\r\n" % n for n in range(14)) + b"\r\n"
)


class Wire(asyncio.Transport):
    """One side of a connection; keeps what was written last."""

    def __init__(self) -> None:
        super().__init__()
        self.last = b""

    def write(self, data: Any) -> None:
        self.last = data

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default

    def pause_reading(self) -> None:
        return None

    resume_reading = close = abort = pause_reading


def answer(folder: Path, *, stream: bool) -> list[bytes]:
    """An answer in the pieces in which it comes: a stream's events one by one."""
    whole, events = (path.read_bytes() for path in write_answers(folder))
    if not stream:
        return [HEAD % b"content-type: application/json\r\ncontent-length: %d\r\n" % len(whole) + whole]
    chunks = [each + b"\n\n" for each in events.split(b"\n\n")[:-1]]
    pieces = [b"%x\r\n%b\r\n" % (len(each), each) for each in chunks]
    head = HEAD % b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    return [head + pieces[0], *pieces[1:-1], pieces[-1] + b"0\r\n\r\n"]


async def measure(folder: Path, size: int, calls: int, *, stream: bool) -> float:
    """Microseconds of CPU a call."""
    home = folder / "home"
    open_store(home).close()
    secret, _ = create_key(home, "bench")
    worker = Worker(
        GatewaySettings(upstream="http://llm.example/v1"), home, find_key(home, None, create=False), Routes()
    )
    worker.routing.reload()
    config = uvicorn.Config(
        Admin(worker),
        http=functools.partial(GatewayProtocol, worker),  # type: ignore[arg-type]
        lifespan="off",
        log_config=None,
    )
    config.load()
    client, llm = Wire(), Wire()
    protocol = GatewayProtocol(worker, config, ServerState(), {})
    protocol.connection_made(client)
    connection = Connection(worker.pool)
    connection.connection_made(llm)
    worker.pool.give_back(connection)
    headers = {"x-rightsizer-key": secret, "x-rightsizer-session": "bench"}
    asked = request(body(size, stream=stream), headers)
    reads = [asked[at : at + READ_BYTES] for at in range(0, len(asked), READ_BYTES)]
    pieces = answer(folder, stream=stream)
    best = float("inf")
    gc.collect()
    gc.freeze()
    for number in range(RUNS + 1):
        start = time.process_time()
        for _ in range(calls):
            for read in reads:
                protocol.data_received(read)
            for piece in pieces:
                connection.data_received(piece)
        if number:  # the first warms up
            best = min(best, (time.process_time() - start) / calls * 1e6)
    assert worker.metrics.recorded == (RUNS + 1) * calls, "every call is recorded"
    assert llm.last.endswith(asked[-100:])
    await worker.stop()
    return best


def main() -> None:
    for size, stream, calls in (
        (1000, False, 2500),
        (32_000, False, 1000),
        (128_000, False, 400),
        (1000, True, 800),
    ):
        with tempfile.TemporaryDirectory() as name:
            us = asyncio.run(measure(Path(name), size, calls, stream=stream))
        what = "stream of 68 events" if stream else "whole answer"
        print(f"{size // 1000:>4} kB, {what:20} {us:7.1f} µs of CPU a call", flush=True)


if __name__ == "__main__":
    main()
