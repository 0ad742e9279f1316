"""What the gateway adds to a call: the same requests direct and through it, in turn.

    python benchmarks/gateway/run.py [--seconds 2] [--rounds 3]

Upstream and loader are small asyncio programs, the same for both. CPU per call is told apart by niceness (the
indexer runs at 10). On a shared machine only ratios and CPU mean anything.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import orjson

BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 900}]})
ANSWER = orjson.dumps(
    {
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "y" * 700}, "finish_reason": "stop"}
        ],
    }
)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
) + BODY


class Upstream(asyncio.Protocol):
    """Answers as soon as a whole request is there; all requests end with the same body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.got = b""

    def data_received(self, data: bytes) -> None:
        self.got += data
        if self.got.endswith(BODY):
            self.got = b""
            self.transport.write(HEAD + ANSWER)  # type: ignore[attr-defined]


def serve_upstream(ready: multiprocessing.Queue[int]) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


class Loader(asyncio.Protocol):
    """One connection: ask, wait for the whole answer, ask again."""

    def __init__(self, latencies_s: list[float], until: float) -> None:
        self.latencies_s, self.until, self.got = latencies_s, until, b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.started = time.perf_counter()
        self.transport.write(REQUEST)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.got += data
        if not self.got.endswith(ANSWER):
            return
        assert self.got.startswith(b"HTTP/1.1 200"), self.got[:200]
        self.got = b""
        now = time.perf_counter()
        self.latencies_s.append(now - self.started)
        if now < self.until:
            self.ask()
        else:
            self.transport.close()
            self.done.set_result(None)


async def load(port: int, connections: int, seconds: float) -> list[float]:
    loop, latencies_s = asyncio.get_running_loop(), list[float]()
    until = time.perf_counter() + seconds
    made = [
        await loop.create_connection(lambda: Loader(latencies_s, until), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.wait_for(asyncio.gather(*(loader.done for _, loader in made)), seconds + 30)
    return latencies_s


def cpu_s(group: int) -> tuple[float, float]:
    """CPU of the answering processes of a group so far, and of the indexer (Linux)."""
    answering = indexing = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) != group:
            continue
        ticks = int(fields[11]) + int(fields[12])
        if int(fields[16]) >= 10:
            indexing += ticks
        else:
            answering += ticks
    return answering / os.sysconf("SC_CLK_TCK"), indexing / os.sysconf("SC_CLK_TCK")


def start_gateway(home: str, upstream_port: int) -> tuple[subprocess.Popen[bytes], int]:
    command = [sys.executable, "-m", "rightsizer", "--home", home, "gateway", "--port", "0", "--json"]
    command += ["--upstream", f"http://127.0.0.1:{upstream_port}/v1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert process.stdout is not None
    text = b""
    while not text.rstrip().endswith(b"}"):
        text += process.stdout.readline()
    return process, int(orjson.loads(text)["url"].rpartition(":")[2])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    upstream = multiprocessing.Process(target=serve_upstream, args=(ready,), daemon=True)
    upstream.start()
    upstream_port = ready.get(timeout=20)
    with tempfile.TemporaryDirectory() as home:
        process, port = start_gateway(home, upstream_port)
        try:
            for connections in (1, 16, 64):
                print(orjson.dumps(compare(options, connections, upstream_port, port, process.pid)).decode())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    upstream.terminate()


def compare(
    options: argparse.Namespace, connections: int, upstream_port: int, port: int, group: int
) -> dict[str, float]:
    """Medians over the rounds; direct and gateway alternate within each."""
    ratios, added_us, cpus_us, index_us = [], [], [], []
    for _ in range(options.rounds):
        direct = asyncio.run(load(upstream_port, connections, options.seconds))
        before = cpu_s(group)
        through = asyncio.run(load(port, connections, options.seconds))
        after = cpu_s(group)
        cpus_us.append((after[0] - before[0]) / len(through) * 1e6)
        index_us.append((after[1] - before[1]) / len(through) * 1e6)
        ratios.append(len(through) / len(direct))
        added_us.append((median(through) - median(direct)) * 1e6)
    return {
        "connections": connections,
        "requests_per_s_vs_direct": round(median(ratios), 3),
        "added_p50_us": round(median(added_us)),
        "gateway_cpu_us_per_call": round(median(cpus_us)),
        "indexer_cpu_us_per_call": round(median(index_us)),
    }


if __name__ == "__main__":
    main()
