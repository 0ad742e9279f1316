"""CPU and memory of the indexer a call: from segments to the store.

    python benchmarks/gateway/indexing.py

``new``: every call has a message and ids of its own. ``same``: all calls are alike, as those of `run` are.
Ten calls are a session. Memory is the process's peak (`ru_maxrss`) above what it had before, each case in
a process of its own.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from payloads import body, write_answers

from rightsizer.gateway.indexer import index_segments
from rightsizer.gateway.metrics import Metrics
from rightsizer.gateway.recorder import Recorder
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store
from rightsizer.types import new_id

CASES = (
    ("1 kB, new", 1000, 10_000, False, True),
    ("1 kB, same", 1000, 10_000, False, False),
    ("128 kB, same", 128_000, 400, False, False),
    ("1 kB, stream, new", 1000, 3000, True, True),
)


def record(home: Path, folder: Path, size: int, calls: int, *, stream: bool, new: bool) -> None:
    """Segments as a gateway leaves them."""
    recorder = Recorder(home, find_key(home, None, create=False), GatewaySettings(), Metrics())
    whole, events = (path.read_bytes() for path in write_answers(folder))
    asked, answered = body(size, stream=stream), events if stream else whole
    end = {
        "status": 200,
        "type": "text/event-stream" if stream else "application/json",
        "total_s": 0.012,
        "first_byte_s": 0.009,
        "served_by": "llm",
        "route": {"task_id": "task_asked", "offered": False, "propensity": 0.0},
    }
    for number in range(calls):
        order = b"A-%05d" % number if new else b"A-1207"
        answer = answered.replace(b"0123456789abcdef", b"%016x" % number) if new else answered
        begin = {"at": 1.7e9 + number, "path": "/v1/chat/completions", "session": f"s{number // 10}"}
        entry = recorder.begin(new_id("call"), begin, asked.replace(b"A-1207", order))
        recorder.end(entry, end, answer.replace(b"A-1207", order))
    recorder.close()


def measure(name: str, size: int, calls: int, stream: bool, new: bool) -> None:
    with tempfile.TemporaryDirectory() as text:
        home = Path(text) / "home"
        with open_store(home) as store:
            record(home, Path(text), size, calls, stream=stream, new=new)
            before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            start = time.process_time()
            done = index_segments(store, home, find_key(home, None, create=False))
            us = (time.process_time() - start) / calls * 1e6
            more_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    assert done.calls == calls
    print(f"{name:20} {us:7.1f} µs of CPU a call, {more_mb:5.1f} MB more than before", flush=True)


def main() -> None:
    for case in CASES:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=case)
        process.start()
        process.join()


if __name__ == "__main__":
    main()
