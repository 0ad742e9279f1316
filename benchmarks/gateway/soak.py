"""Kill the gateway and its upstream at random under load, again and again, and look for what got lost.

    python benchmarks/gateway/soak.py [--minutes 10] [--connections 64] [--rate 300] [--evidence DIR]
    ... [--http2] [--full-disk]

Every call asks for a text of its own, every second one as a stream. At random moments a process dies by
kill -9: the whole gateway, one of its workers, the indexer, or the upstream; each is started again on its old
address. `--http2`: the upstream speaks HTTP/2 over TLS. `--full-disk`: the home lies on a small file system
of its own (needs root), which is full for seconds again and again, also while processes die; `gateway.spill`
is on another disk.
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
from soak_upstream import DONE
from targets import Target

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.gateway.certificate import make_pem  # noqa: E402

DISK_BYTES = 256 << 20

if TYPE_CHECKING:
    from rightsizer.store.sealing import ReadingKey


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
            if answer.endswith(DONE) and said(answer) == f"answer to {text}":
                seen.answered[headers["x-rightsizer-call-id"]] = text  # agents act on it
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

    def __init__(self, home: Path, options: argparse.Namespace) -> None:
        self.home, self.evidence = home, options.evidence
        self.filler = home.parent / "filler" if options.full_disk else None
        self.pem = make_pem(home.parent.parent) if options.http2 else ()
        self.environment = dict(os.environ)
        if self.pem:
            self.environment |= {"SSL_CERT_FILE": str(self.pem[0]), "RIGHTSIZER_GATEWAY_HTTP2": "true"}
        if self.filler is not None:
            self.environment["RIGHTSIZER_GATEWAY_SPILL"] = str(home.parent.parent / "spill")
        self.upstream_port, self.port = free_port(), free_port()
        self.deaths: Counter[str] = Counter()
        self.memory: list[tuple[int, float, float]] = []
        self.indexer_memory: list[tuple[int, float, float]] = []
        self.start_upstream()
        self.start_gateway()

    def start_upstream(self) -> None:
        program = str(Path(__file__).with_name("soak_upstream.py"))
        command = [sys.executable, program, str(self.upstream_port), *map(str, self.pem)]
        self.upstream = subprocess.Popen(command, start_new_session=True)

    def start_gateway(self) -> None:
        command = [sys.executable, "-m", "rightsizer", "--home", str(self.home), "gateway"]
        scheme = "https" if self.pem else "http"
        command += ["--upstream", f"{scheme}://127.0.0.1:{self.upstream_port}/v1", "--port", str(self.port)]
        with (self.home.parent.parent / "gateway.log").open("ab") as log:
            self.gateway = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env=self.environment
            )

    def fill_disk(self) -> None:
        """Take all the room there is."""
        assert self.filler is not None
        self.deaths["disk full"] += 1
        with self.filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free_disk(self) -> None:
        """Give the room back; a gateway that could not start without it starts."""
        if self.filler is not None:
            self.filler.unlink(missing_ok=True)
            if self.gateway.poll() is not None:
                self.deaths["no start on a full disk"] += 1
                self.start_gateway()

    def kill_something(self, rng: random.Random) -> None:
        """One kill -9, and a new start of what does not start again by itself."""
        if self.filler is not None and rng.random() < 0.5:
            if self.filler.exists():
                self.free_disk()
            else:
                self.fill_disk()
            return
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
    stage.free_disk()
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
    print(f"deaths by kill -9, and disks filled: {dict(stage.deaths)}")
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
    parser.add_argument("--http2", action="store_true", help="the upstream speaks HTTP/2")
    parser.add_argument("--full-disk", action="store_true", help="fill the disk of the home now and then")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.home)))
        if options.evidence is not None:
            options.evidence.mkdir(parents=True, exist_ok=True)
        (folder / "disk").mkdir()
        if options.full_disk:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder / "disk")]
            subprocess.run(mount, check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", str(folder / "disk")])
        stage = Stage(folder / "disk" / "home", options)
        try:
            seen = asyncio.run(soak(stage, options))
        finally:
            stage.stop()
        good = judge(stage, seen)
    print("all is well" if good else "NOT well")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
