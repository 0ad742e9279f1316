"""Kill the gateway and its upstream at random under load, again and again, and look for what got lost.

    python benchmarks/gateway/soak.py [--minutes 10] [--connections 64] [--rate 300] [--evidence DIR]

Every call asks for a text of its own, every second one as a stream. At random moments a process dies by
kill -9: the whole gateway, one of its workers, the indexer, or the upstream; each is started again on its old
address.
At the end: every call whose last byte a client has seen is in the store, with its own answer (nothing lost,
nothing mixed up); memory of a worker that lived long has not grown. Exit code 1 if not.

`--evidence` keeps a hard link to every segment there ever was, to say of each lost call what its frames hold.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from targets import Target

if TYPE_CHECKING:
    from rightsizer.store.sealing import ReadingKey

STREAM_PIECES = 12


class Echo(asyncio.Protocol):
    """An LLM that says what it was asked: ``answer to <text>``, whole or as a stream in pieces."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.got = transport, b""
        self.answers: set[asyncio.Task[None]] = set()

    def connection_lost(self, exc: Exception | None) -> None:
        for answer in self.answers:
            answer.cancel()

    def data_received(self, data: bytes) -> None:
        self.got += data
        while (end := self.got.find(b"\r\n\r\n")) >= 0:
            length = int(self.got[:end].lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self.got) < end + 4 + length:
                return
            body = orjson.loads(self.got[end + 4 : end + 4 + length])
            self.got = self.got[end + 4 + length :]
            text = "answer to " + body["messages"][-1]["content"]
            answer = asyncio.create_task(self._answer(text, bool(body.get("stream"))))
            self.answers.add(answer)
            answer.add_done_callback(self.answers.discard)

    async def _answer(self, text: str, stream: bool) -> None:
        await (self._stream(text) if stream else self._whole(text))

    async def _whole(self, text: str) -> None:
        message = {"role": "assistant", "content": text}
        body = orjson.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        await asyncio.sleep(random.uniform(0, 0.05))
        self.transport.write(head % len(body) + body)

    async def _stream(self, text: str) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        size = len(text) // STREAM_PIECES + 1
        for at in range(0, len(text), size):
            self._event({"index": 0, "delta": {"content": text[at : at + size]}})
            await asyncio.sleep(random.uniform(0, 0.01))
        self._event({"index": 0, "delta": {}, "finish_reason": "stop"})
        self.transport.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")

    def _event(self, choice: dict[str, object]) -> None:
        event = b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"
        self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))


def upstream_main(port: int) -> None:
    """The process of the upstream."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(serve())


@dataclass
class Seen:
    """What the clients saw: `answered` (call id → text) have had their last byte."""

    answered: dict[str, str] = field(default_factory=dict)
    mixed: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)


async def client(number: int, port: int, seen: Seen, stopping: asyncio.Event, pause_s: float) -> None:
    """One connection after the other, one call after the other, until the end."""
    count = 0
    while not stopping.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        try:
            while not stopping.is_set():
                count += 1
                text = f"client {number} call {count} " + "lorem 你好 " * random.randrange(0, 200)
                await one_call(reader, writer, text, count % 2 == 0, seen)
                await asyncio.sleep(random.uniform(0, 2 * pause_s))
        except (OSError, EOFError, ValueError):
            seen.ends["cut"] += 1
        finally:
            writer.close()


async def one_call(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str, stream: bool, seen: Seen
) -> None:
    """Ask, read to the last byte, compare. Raises where the connection breaks."""
    body = orjson.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": text}]})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    if headers.get("transfer-encoding") == "chunked":
        answer = b""
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            answer += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    else:
        answer = await reader.readexactly(int(headers["content-length"]))
    status = lines[0].split()[1]
    seen.ends[status] += 1
    if status != "200":
        await asyncio.sleep(0.05)
        return
    if said(answer) != f"answer to {text}":
        seen.mixed.append(headers["x-rightsizer-call-id"])
    seen.answered[headers["x-rightsizer-call-id"]] = text


def said(answer: bytes) -> str:
    """The text of an answer, whole or streamed."""
    if answer.startswith(b"{"):
        return str(orjson.loads(answer)["choices"][0]["message"]["content"])
    events = [line[6:] for line in answer.split(b"\n\n") if line.startswith(b"data: {")]
    return "".join(orjson.loads(event)["choices"][0]["delta"].get("content", "") for event in events)


class Stage:
    """The processes, and the deaths they die."""

    def __init__(self, home: Path, evidence: Path | None) -> None:
        self.home, self.evidence = home, evidence
        self.upstream_port, self.port = free_port(), free_port()
        self.deaths: Counter[str] = Counter()
        self.memory: list[tuple[int, float, float]] = []
        self.indexer_memory: list[tuple[int, float, float]] = []
        self.start_upstream()
        self.start_gateway()

    def start_upstream(self) -> None:
        command = [sys.executable, __file__, "--upstream", str(self.upstream_port)]
        self.upstream = subprocess.Popen(command, start_new_session=True)

    def start_gateway(self) -> None:
        command = [sys.executable, "-m", "rightsizer", "--home", str(self.home), "gateway"]
        command += ["--upstream", f"http://127.0.0.1:{self.upstream_port}/v1", "--port", str(self.port)]
        log = (self.home.parent / "gateway.log").open("ab")
        self.gateway = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def kill_something(self, rng: random.Random) -> None:
        """One kill -9, and a new start of what does not start again by itself."""
        kind = rng.choice(("gateway", "gateway", "worker", "indexer", "upstream"))
        self.deaths[kind] += 1
        if kind == "upstream":
            self.upstream.kill()
            self.upstream.wait()
            time.sleep(rng.uniform(0, 0.3))
            self.start_upstream()
        elif kind == "gateway":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.gateway.pid, signal.SIGKILL)
            self.gateway.wait()
            self.start_gateway()
        else:
            children = self.children()
            niced = [pid for pid, nice in children if nice >= 10]
            plain = [pid for pid, nice in children if nice < 10]
            for pid in (niced if kind == "indexer" else plain)[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def children(self) -> list[tuple[int, int]]:
        """(pid, niceness) of the workers and the indexer."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.gateway.pid:
                    found.append((int(stat.parent.name), int(fields[16])))
        return found

    def look(self, at_s: float) -> None:
        """Note the memory of the workers and the indexer; link the segments."""
        for pid, nice in self.children():
            with contextlib.suppress(OSError, StopIteration):
                (self.memory if nice < 10 else self.indexer_memory).append((pid, at_s, pss_mb(pid)))
        if self.evidence is not None:
            for segment in (self.home / "gateway" / "segments").glob("*.seg"):
                with contextlib.suppress(OSError):
                    os.link(segment, self.evidence / segment.name)

    def memory_now(self) -> list[tuple[str, float]]:
        """(role, MB) of what lives."""
        found = []
        for pid, nice in self.children():
            with contextlib.suppress(OSError, StopIteration):
                found.append(("worker" if nice < 10 else "indexer", pss_mb(pid)))
        return found

    def stop(self) -> None:
        target = Target("gateway", self.port, process=self.gateway)
        target.stop()
        self.upstream.kill()


async def soak(stage: Stage, options: argparse.Namespace) -> Seen:
    """Load and kill until the time is over; the last seconds are quiet."""
    rng, seen, stopping = random.Random(options.seed), Seen(), asyncio.Event()
    pause_s = options.connections / options.rate if options.rate else 0.0
    clients = [
        asyncio.create_task(client(number, stage.port, seen, stopping, pause_s))
        for number in range(options.connections)
    ]
    started = time.monotonic()
    end, next_kill, next_look, next_line = started + 60 * options.minutes, started + 3, started, started + 30
    calm = options.calm
    while (now := time.monotonic()) < end:
        await asyncio.sleep(0.2)
        if now >= next_kill and now < end - 3:
            await asyncio.to_thread(stage.kill_something, rng)
            # two thirds of the time deaths come thick and fast; the rest is left for memory to show itself
            next_kill = now + (rng.uniform(calm, 2 * calm) if rng.random() < 0.25 else rng.uniform(1, 6))
        if now >= next_look:
            next_look = now + 1
            await asyncio.to_thread(stage.look, now - started)
        if now >= next_line:
            next_line += 30
            memory = ", ".join(f"{role} {mb:.0f} MB" for role, mb in stage.memory_now())
            print(
                f"{now - started:5.0f} s: {len(seen.answered):,} answered, {dict(stage.deaths)}; {memory}",
                flush=True,
            )
    stopping.set()
    await asyncio.wait(clients, timeout=20)
    return seen


def judge(stage: Stage, seen: Seen) -> bool:
    """Compare what the clients saw with what the store holds; print it; whether all is well."""
    from rightsizer.gateway.indexer import index_segments
    from rightsizer.store.keys import find_key
    from rightsizer.store.sqlite import open_store

    kek = find_key(stage.home, None, create=False)
    left, wrong, n_stored, n_unfinished = dict(seen.answered), [], 0, 0
    with open_store(stage.home, create=False) as store:
        while index_segments(store, stage.home, kek).busy:
            time.sleep(0.1)
        keys = store.segment_keys
        for call in store.calls.scan():
            n_stored += 1
            text = left.pop(call.id, None)
            if text is None:
                n_unfinished += call.response is None
            elif (
                call.request.messages[-1].text != text
                or call.response is None
                or call.response.text != f"answer to {text}"
            ):
                wrong.append(call.id)
    print(f"deaths by kill -9: {dict(stage.deaths)}")
    print(f"clients saw: {len(seen.answered):,} whole answers, {dict(seen.ends)}")
    print(f"in the store: {n_stored:,} calls, {n_unfinished:,} of them cut or failed")
    print(
        f"answered and not in the store: {len(left)}; stored wrong: {len(wrong)}; mixed up: {len(seen.mixed)}"
    )
    for call_id in [*left, *wrong][:20]:
        print(" ", call_id, *trace(stage, call_id, keys))
    memory_over_time(stage)
    flat = memory_is_flat(stage)
    print(f"memory is {'flat' if flat else 'NOT flat'}")
    return not (left or wrong or seen.mixed) and flat


def trace(stage: Stage, call_id: str, keys: Sequence[ReadingKey]) -> list[str]:
    """What the kept segments hold of a call."""
    from rightsizer.errors import KeyMismatch
    from rightsizer.gateway.segments import read_frames

    found = []
    for path in sorted(stage.evidence.glob("*.seg")) if stage.evidence else ():
        for key in keys:
            with contextlib.suppress(KeyMismatch):
                for kind, meta, _ in read_frames(path, key):
                    if orjson.loads(meta)["id"] == call_id:
                        found.append(f"{path.stem}:{kind.decode()}")
    return found or ["no frame found"]


def memory_is_flat(stage: Stage) -> bool:
    """Of the worker that lived longest: its memory in the second half of its life against the first.

    The same is printed of the indexer.
    """
    flat = True
    for role, looks in (("worker", stage.memory), ("indexer", stage.indexer_memory)):
        lives: dict[int, list[tuple[float, float]]] = {}
        for pid, at_s, mb in looks:
            lives.setdefault(pid, []).append((at_s, mb))
        longest = max(lives.values(), key=len, default=[])
        longest = longest[len(longest) // 6 :]  # caches fill first
        half = len(longest) // 2
        if half < 4:
            print(f"memory of the {role}: none lived long enough to say")
            continue
        first, second = (max(mb for _, mb in part) for part in (longest[:half], longest[half:]))
        span = longest[-1][0] - longest[0][0]
        print(f"memory of one {role} over {span:.0f} s: at most {first:.1f} MB, then {second:.1f} MB")
        flat = flat and (second < first * 1.1 + 2 or role == "indexer")  # which folds what comes, as it comes
    return flat


def pss_mb(pid: int) -> float:
    """The memory of a process, of what it shares its part."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in text if line.startswith("Pss:")) / 1024


def memory_over_time(stage: Stage) -> None:
    """The largest of every minute, over all that lived in it."""
    print("minute, most MB of a worker, of the indexer:")
    minutes = sorted({int(at_s // 60) for _, at_s, _ in stage.memory})
    for minute in minutes:
        most = [
            max((mb for _, at_s, mb in seen if at_s // 60 == minute), default=0.0)
            for seen in (stage.memory, stage.indexer_memory)
        ]
        print(f"{minute + 1:6d} {most[0]:8.1f} {most[1]:8.1f}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(description="kill the gateway under load and look for what got lost")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument(
        "--rate", type=float, default=300, help="calls a second at most, all clients; 0: no limit"
    )
    parser.add_argument("--calm", type=float, default=20, help="seconds that a quiet spell lasts at least")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evidence", type=Path, help="keep all segments in this folder (of the same disk)")
    parser.add_argument(
        "--home", type=Path, help="a folder for the gateway's home (default: a temporary one)"
    )
    parser.add_argument("--upstream", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.upstream:
        upstream_main(options.upstream)
        return 0
    with tempfile.TemporaryDirectory(dir=options.home) as folder:
        evidence = options.evidence
        if evidence is not None:
            evidence.mkdir(parents=True, exist_ok=True)
        stage = Stage(Path(folder) / "home", evidence)
        try:
            seen = asyncio.run(soak(stage, options))
        finally:
            stage.stop()
        good = judge(stage, seen)
    print("all is well" if good else "NOT well")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
