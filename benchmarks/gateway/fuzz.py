"""Look for bytes that the gateway does not survive: in its readers, and over its sockets.

    python benchmarks/gateway/fuzz.py [--seconds 120] [--seed 0] [--only readers|sockets|properties]

`readers`: coverage-guided (atheris, where it is installed; else random mutation) over everything that reads
foreign bytes: streams of events, recorded exchanges of every API, packed bodies, spans, the head memo,
HTTP/2 requests. Anything but a value or a `RightsizerError` is a find. `sockets`: a real gateway before a
scripted LLM's server, and raw connections with damaged, cut and mixed requests; after every batch a good
call must be answered rightly. A 500 of ours, a good call without its answer, a process that died and an
unreadable record are finds. `properties`: the hypothesis tests of the repository with as many examples as
the time allows. Exit code 1 if anything was found.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
GOLDEN = ROOT / "tests" / "gateway" / "golden"
_GOOD = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "good"}]})


def seeds() -> list[bytes]:
    """Bytes to begin with: the golden exchanges, whole and taken apart."""
    found = [path.read_bytes() for path in sorted(GOLDEN.glob("*.txt"))]
    return found + [part for text in found for part in text.split(b"\n") if len(part) > 20]


# ── readers ─────────────────────────────────────────────────────────────────────────────────


def read_anything(data: bytes) -> None:
    """One input for all readers; the first byte chooses which. Raises only for a find."""
    from rightsizer.errors import RightsizerError

    if not data:
        return
    readers = _readers()
    with contextlib.suppress(RightsizerError):
        readers[data[0] % len(readers)](data[1:])


def _readers() -> list[Callable[[bytes], object]]:
    from rightsizer.gateway.asked import find_model, read_asked
    from rightsizer.gateway.calls import Recorded, call_from_recorded
    from rightsizer.gateway.feedback import FeedbackError, read_feedback
    from rightsizer.gateway.http2_stream import split_request
    from rightsizer.gateway.known_heads import split_head
    from rightsizer.gateway.spending import spent_in
    from rightsizer.gateway.stream_usage import UsageStripper, ask_for_usage
    from rightsizer.gateway.traces import read_traces
    from rightsizer.wire.encoding import decode_body
    from rightsizer.wire.sse import read_json_events

    def recorded(data: bytes) -> None:
        paths = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings")
        cut = data.find(b"\n<")
        request, answer = (data, b"") if cut < 0 else (data[:cut], data[cut + 2 :])
        kind = ("text/event-stream", "application/json")[len(data) % 2]
        for path in paths:
            begin = {"id": "call_1", "at": 1.0, "path": path}
            # what the indexer keeps aside is no find
            with contextlib.suppress(TypeError, ValueError, LookupError, AttributeError, RecursionError):
                call_from_recorded(Recorded(begin, request, {"status": 200, "type": kind}, answer))

    def feedback(data: bytes) -> None:
        with contextlib.suppress(FeedbackError):
            read_feedback(data)

    def stripped(data: bytes) -> None:
        stripper = UsageStripper()
        half = len(data) // 2
        out = stripper.feed(data[:half]) + stripper.feed(data[half:]) + stripper.rest()
        if b'"usage"' not in data and out != data:
            raise AssertionError("bytes were lost")
        ask_for_usage(data)

    def model(data: bytes) -> None:
        asked = read_asked(data)
        if find_model(data, asked.model) != find_model(data):
            raise AssertionError("two ways to a model")

    def packed(data: bytes) -> None:
        for encoding in ("gzip", "deflate", "zstd", "br", "gzip, gzip"):
            with contextlib.suppress(_record_error()):
                decode_body(data, encoding, 1 << 20)

    def spans(data: bytes) -> None:
        for kind in ("application/json", "application/x-protobuf"):
            with contextlib.suppress(_record_error()):
                read_traces(data, kind, "", 1 << 20, str)

    def head(data: bytes) -> None:
        split_head(b"POST " + data)
        split_request(data)

    return [recorded, read_json_events, feedback, stripped, model, packed, spans, spent_in, head]


def _record_error() -> type[Exception]:
    from rightsizer.errors import RecordError

    return RecordError


def fuzz_readers(seconds: float, seed: int) -> bool:
    """Whether all went well."""
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(seeds()):
            for reader in range(len(_readers())):
                (Path(folder) / f"{number}-{reader}").write_bytes(bytes([reader]) + data)
        command = [
            sys.executable,
            __file__,
            "--child",
            folder,
            "--seconds",
            str(seconds),
            "--seed",
            str(seed),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
    tail = [line for line in done.stderr.splitlines() if "Done" in line or "Error" in line or "cov:" in line]
    print(
        "readers:", "well" if done.returncode == 0 else "A FIND", "|", *(tail[-2:] or [done.stdout.strip()])
    )
    if done.returncode:
        print(done.stderr[-4000:])
    return done.returncode == 0


def readers_child(folder: str, seconds: float, seed: int) -> None:
    """In a process of its own: libFuzzer ends it."""
    try:
        import atheris
    except ImportError:
        _mutate_at_random(folder, seconds, seed)
        return
    with atheris.instrument_imports(include=["rightsizer"]):
        _readers()
    options = [f"-max_total_time={int(seconds)}", f"-seed={seed + 1}", "-timeout=20", "-rss_limit_mb=2000"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/", folder], read_anything)
    atheris.Fuzz()


def _mutate_at_random(folder: str, seconds: float, seed: int) -> None:
    rng, end, count = random.Random(seed), time.monotonic() + seconds, 0
    corpus = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    while time.monotonic() < end:
        data = mutate(rng, rng.choice(corpus))
        try:
            read_anything(data)
        except Exception:
            print(repr(data))
            raise
        count += 1
    print(f"{count:,} inputs at random, without atheris")


def mutate(rng: random.Random, data: bytes) -> bytes:
    """A few bytes changed, left out, doubled or put in."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(out) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            del out[at : at + rng.choice((1, 2, 8, 40))]
        elif kind == 1:
            out[at:at] = rng.choice(
                (b"\r\n", b"\0", b"{", b"}", b"[", b'"', b"\xff", b":", b"null", b"data: ")
            )
        elif kind == 2:
            out[at:at] = out[at : at + rng.choice((4, 30, 300))]
        else:
            out[at : at + 1] = bytes([rng.randrange(256)])
    return bytes(out)


# ── sockets ─────────────────────────────────────────────────────────────────────────────────

_METHODS = (
    b"POST",
    b"POST",
    b"POST",
    b"GET",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"CONNECT",
    b"PRI",
    b"post",
)
_TARGETS = (
    *(
        b"/v1/chat/completions",
        b"/v1/responses",
        b"/v1/messages",
        b"/v1/embeddings",
        b"/v1/models",
        b"/v1/x?y=%00",
    ),
    *(
        b"/session/a%0d%0ab/v1/chat/completions",
        b"/v1/traces",
        b"/feedback",
        b"/metrics",
        b"/healthz",
        b"/readyz",
    ),
    *(b"*", b"//v1/x", b"/v1/../x", b"http://other/v1/x", b"/" + b"a" * 3000, b"/v1/\xff"),
)
_HEADERS = (
    *(b"content-type: application/json", b"connection: close", b"connection: keep-alive, x-a", b"x-a: 1"),
    *(
        b"expect: 100-continue",
        b"transfer-encoding: chunked",
        b"transfer-encoding: gzip, chunked",
        b"te: trailers",
    ),
    *(
        b"content-encoding: gzip",
        b"content-encoding: br, gzip",
        b"x-rightsizer-session: a\tb",
        b"upgrade: h2c",
    ),
    *(
        b'x-rightsizer-metadata: {"a":1}',
        b"x-rightsizer-metadata: [",
        b"x-rightsizer-key: rz-no",
        b"cookie: a=b",
    ),
    *(
        b"authorization: Bearer rz-no",
        b"authorization: Bearer sk-1",
        b"host: y",
        b"x: " + b"b" * 9000,
        b": 1",
        b"bad",
    ),
)


def request(rng: random.Random, bodies: list[bytes]) -> bytes:
    """A request, mostly nearly right."""
    body = rng.choice(bodies)
    if rng.random() < 0.5:
        body = mutate(rng, body)
    lines = [rng.choice(_HEADERS) for _ in range(rng.randrange(5))]
    if b"content-encoding: gzip" in lines:
        body = gzip.compress(body)
    framing = rng.random()
    if framing < 0.6:
        lines.append(b"content-length: %d" % len(body))
    elif framing < 0.8:
        lines.append(b"transfer-encoding: chunked")
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    elif framing < 0.9:
        lines.append(b"content-length: %d" % rng.choice((0, 1, 7, len(body) + 5, 10**12)))
    rng.shuffle(lines)
    head = b"%b %b HTTP/1.%d\r\nhost: x\r\n" % (rng.choice(_METHODS), rng.choice(_TARGETS), rng.randrange(2))
    whole = head + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body
    return mutate(rng, whole) if rng.random() < 0.4 else whole


def throw(rng: random.Random, address: tuple[str, int], data: bytes) -> bytes:
    """Send in pieces, perhaps hang up in the middle; what came back."""
    got = b""
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=0.3) as connection:
        cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(4)))
        for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True):
            connection.sendall(data[a:b])
        if rng.random() < 0.2:
            return b""  # hung up
        if rng.random() < 0.3:
            connection.shutdown(socket.SHUT_WR)  # to the gateway the client is gone then, as to nginx
        else:
            connection.settimeout(0.05)
        while piece := connection.recv(65536):
            got += piece
    return got


def bad_status(got: bytes) -> bool:
    """Whether an answer is a 5xx of ours (503 and 502 are said of others: overload, the LLM's server)."""
    line = got.split(b"\r\n", 1)[0]
    return line.startswith((b"HTTP/1.1 500", b"HTTP/1.1 501", b"HTTP/1.1 505")) or (
        bool(got) and not line.startswith(b"HTTP/1.")
    )


def fuzz_sockets(seconds: float, seed: int) -> bool:
    """Whether all went well."""
    from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
    from rightsizer.testing.llm_answers import completion, in_pieces, text_stream

    rng = random.Random(seed)

    def script(received: Received) -> Reply:
        if received.body == _GOOD:
            return Reply((completion("good"),))
        stream = text_stream("你好")
        raw = mutate(rng, b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + stream)
        return rng.choice(
            (
                Reply((completion("x"),)),
                in_pieces(stream, 7),
                Reply(raw=raw),
                Reply((b"{",), cut=True),
                Reply(raw=b""),
            )
        )

    bodies = [_GOOD, b"", b"{}", *(s for s in seeds() if s.startswith(b"{"))]
    finds: list[str] = []
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, FakeLLM(script) as llm:
        home = Path(folder) / "home"
        process, address = _start_gateway(home, llm.url)
        try:
            while len(before := _workers(process.pid)) < 2 or not _good_call(address):
                time.sleep(0.1)
            end = time.monotonic() + seconds
            while time.monotonic() < end and not finds:
                for _ in range(25):
                    data = b"".join(request(rng, bodies) for _ in range(rng.choice((1, 1, 1, 2, 3))))
                    got = throw(rng, address, data)
                    counts[got[9:12].decode("latin-1") or "nothing"] += 1
                    if bad_status(got):
                        finds.append(f"{data!r}\n-> {got[:300]!r}")
                if not _good_call(address):
                    finds.append("a good call was not answered rightly")
            if _workers(process.pid) != before:
                finds.append("a process died")
        finally:
            process.terminate()
            process.wait(60)
        finds += _unread(home)
    print(
        "sockets:",
        "well" if not finds else "A FIND",
        "|",
        f"{sum(counts.values()):,} connections,",
        dict(counts),
    )
    print(*finds[:3], sep="\n")
    return not finds


def _start_gateway(home: Path, upstream: str) -> tuple[subprocess.Popen[bytes], tuple[str, int]]:
    command = [sys.executable, "-m", "rightsizer", "--home", str(home), "gateway", "--json"]
    environment = {
        **os.environ,
        "RIGHTSIZER_GATEWAY_REQUEST_TIMEOUT_S": "2",
        "RIGHTSIZER_GATEWAY_STREAM_USAGE": "true",
    }
    process = subprocess.Popen(
        [*command, "--upstream", upstream, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdout is not None
    text = b""
    while not text.rstrip().endswith(b"}"):
        text += process.stdout.readline()
    host, _, port = orjson.loads(text)["url"].removeprefix("http://").partition(":")
    return process, (host, int(port))


def _workers(pid: int) -> list[str]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return listed.stdout.split()


def _good_call(address: tuple[str, int]) -> bool:
    connection = http.client.HTTPConnection(*address, timeout=20)
    try:
        connection.request("POST", "/v1/chat/completions", _GOOD)
        answer = connection.getresponse()
        body = orjson.loads(answer.read())
        return answer.status == 200 and body["choices"][0]["message"]["content"] == "good"
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _unread(home: Path) -> list[str]:
    """What the indexer could not read and did not expect: its `unreadable`."""
    from rightsizer.gateway.indexer import index_segments
    from rightsizer.store.keys import find_key
    from rightsizer.store.sqlite import open_store

    with open_store(home, create=False) as store:
        done = index_segments(store, home, find_key(home, None, create=False))
        odd = [r for r in store.calls.rejected() if r.reason == "unreadable"]
    found = [f"unreadable: {r.detail} {r.raw[:300]!r}" for r in odd]
    return [*found, *(["a segment cannot be read"] if done.unreadable else [])]


# ── properties ──────────────────────────────────────────────────────────────────────────────


def fuzz_properties(seconds: float) -> bool:
    """Whether all went well: the tests named fuzz, with some thousand examples each."""
    examples = max(100, int(seconds * 12))
    environment = {**os.environ, "RIGHTSIZER_FUZZ": str(examples)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/gateway/test_fuzz.py",
        "tests/wire/test_fuzz.py",
        "-q",
        "-x",
    ]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    last = done.stdout.strip().splitlines()[-1:] or [""]
    print(
        "properties:",
        "well" if done.returncode == 0 else "A FIND",
        "|",
        f"{examples:,} examples a test;",
        last[0],
    )
    if done.returncode:
        print(done.stdout[-4000:])
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description="look for bytes that the gateway does not survive")
    parser.add_argument("--seconds", type=float, default=120, help="for each part, about")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("readers", "sockets", "properties"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        readers_child(options.child, options.seconds, options.seed)
        return 0
    parts: dict[str, Callable[[], bool]] = {
        "readers": lambda: fuzz_readers(options.seconds, options.seed),
        "sockets": lambda: fuzz_sockets(options.seconds, options.seed),
        "properties": lambda: fuzz_properties(options.seconds),
    }
    results = [part() for name, part in parts.items() if options.only in (None, name)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
