"""`FakeLLM`: a real HTTP server on a free loopback port that plays an LLM's API from a script.

It stands in a thread of the test's process and speaks raw sockets, because faults are bytes: a stream
cut in the middle, an answer that never comes, garbage where HTTP should be.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType

Header = tuple[str, str]


@dataclass(frozen=True)
class Received:
    """A request as it arrived; header names are lower case."""

    method: str
    target: str
    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Reply:
    """What to answer. `pieces` are sent one by one, `pause_s` apart.

    Framing: ``length`` (Content-Length), ``chunked`` (a chunk a piece) or ``close`` (until the end of the
    connection). `cut`: close without the end that the framing promises. `raw`: send these bytes instead.
    """

    pieces: tuple[bytes, ...] = (b"",)
    status: int = 200
    headers: tuple[Header, ...] = (("content-type", "application/json"),)
    framing: str = "length"
    delay_s: float = 0.0
    pause_s: float = 0.0
    cut: bool = False
    raw: bytes | None = None
    close_after: bool = False


Script = Callable[[Received], Reply]


@dataclass
class FakeLLM:
    """``with FakeLLM(script) as llm:`` serves at `llm.url`; `received` and `hangups` tell what happened."""

    script: Script
    received: list[Received] = field(default_factory=list)
    hangups: int = 0
    connections: int = 0

    def __enter__(self) -> FakeLLM:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.drop_connections()

    @property
    def url(self) -> str:
        """Base URL, ending in /v1."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def drop_connections(self) -> None:
        """Close every connection there is, also idle ones."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                while (request := _read_request(stream)) is not None:
                    self.received.append(request)
                    if not self._reply(connection, self.script(request)):
                        return
        except OSError:
            self.hangups += 1
        finally:
            self._open.discard(connection)

    def _reply(self, connection: socket.socket, reply: Reply) -> bool:
        """Send; whether the connection goes on."""
        self._wait(connection, reply.delay_s)
        if reply.raw is not None:
            connection.sendall(reply.raw)
            return False
        headers = list(reply.headers)
        if reply.framing == "length":
            headers.append(("content-length", str(sum(map(len, reply.pieces)))))
        elif reply.framing == "chunked":
            headers.append(("transfer-encoding", "chunked"))
        head = f"HTTP/1.1 {reply.status} Status\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers)
        connection.sendall(head.encode("latin-1") + b"\r\n")
        for number, piece in enumerate(reply.pieces):
            if number:
                self._wait(connection, reply.pause_s)
            if reply.framing == "chunked" and piece:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            if reply.cut and reply.framing == "length" and number == len(reply.pieces) - 1:
                return False
            connection.sendall(piece)
        if reply.cut or reply.framing == "close":
            return False
        if reply.framing == "chunked":
            connection.sendall(b"0\r\n\r\n")
        return not reply.close_after

    @staticmethod
    def _wait(connection: socket.socket, seconds: float) -> None:
        """Sleep, and raise as soon as the client has hung up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(min(left, 0.02))
            try:
                if connection.recv(1, socket.MSG_PEEK) == b"":
                    raise ConnectionResetError
                time.sleep(min(left, 0.02))  # the next request is there already
            except TimeoutError:
                continue
            finally:
                connection.settimeout(None)


def _read_request(stream: Iterable[bytes]) -> Received | None:
    import io

    assert isinstance(stream, io.BufferedReader)
    line = stream.readline().decode("latin-1").split()
    if len(line) < 2:
        return None
    headers: list[Header] = []
    while raw := stream.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = raw.partition(":")
        headers.append((name.strip().lower(), value.strip()))
    length = next((int(v) for n, v in headers if n == "content-length"), 0)
    return Received(line[0], line[1], tuple(headers), stream.read(length))
