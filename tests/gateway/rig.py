"""The gateway's protocol without sockets: bytes in at one side, bytes out at the other."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httptools
import uvicorn
from uvicorn.server import ServerState

from rightsizer.gateway.admin import Admin
from rightsizer.gateway.protocol import GatewayProtocol
from rightsizer.gateway.routing import RouteSource
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.gateway.upstream import Connection, Listener, UpstreamPool
from rightsizer.gateway.worker import Worker

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nx-from: llm\r\n\r\n{}"


class Wire(asyncio.Transport):
    """One side of a connection that only remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        if not self.closed:
            self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = write_eof = close

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        return None

    resume_reading = pause_reading

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default


class InstantPool(UpstreamPool):
    """An LLM that has answered before the request is out; `answers` are the pieces in which bytes come."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker.settings.target(), worker.settings, asyncio.get_running_loop())
        self.asked: list[bytes] = []
        self.answers: Sequence[bytes] = (ANSWER,)

    def request(
        self, request: bytes, listener: Listener, head_only: bool = False, *, fresh: bool = False
    ) -> None:
        self.asked.append(request)
        connection = Connection(self)
        connection.connection_made(Wire())
        listener.attach(connection)
        connection.send(request, listener, head_only)
        for piece in self.answers:
            if connection.is_alive():
                connection.data_received(piece)
        if connection.is_alive():
            connection.connection_lost(None)


class Rig:
    """A worker and what is before and behind it. Make it inside a running loop."""

    def __init__(self, home: Path, source: RouteSource | None = None, **settings: Any) -> None:
        given = {
            "upstream": "http://llm.example/v1",
            "max_request_bytes": 5000,
            "max_header_bytes": 4000,
            **settings,
        }
        self.worker = Worker(GatewaySettings(**given), home, bytes(range(32)), source)
        self.pool = InstantPool(self.worker)
        self.worker.upstreams.default = self.pool
        self._config = uvicorn.Config(
            Admin(self.worker),
            http=functools.partial(GatewayProtocol, self.worker),  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            date_header=False,
        )
        self._config.load()

    def connect(self) -> tuple[GatewayProtocol, Wire]:
        """A client's connection: what it sends goes into the one, what it gets stands in the other."""
        protocol = GatewayProtocol(self.worker, self._config, ServerState(), {}, asyncio.get_running_loop())
        wire = Wire()
        protocol.connection_made(wire)
        return protocol, wire

    async def exchange(self, pieces: Sequence[bytes]) -> bytes:
        """Send the pieces over one connection, then hang up: all that came back."""
        protocol, wire = self.connect()
        for piece in pieces:
            if not wire.closed:
                protocol.data_received(piece)
        for _ in range(5):  # what went to the ASGI app
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        return b"".join(wire.written)


def run(home: Path, test: Callable[[Rig], Any], source: RouteSource | None = None, **settings: Any) -> Any:
    """`await test(rig)` in a loop of its own."""

    async def whole() -> Any:
        rig = Rig(home, source, **settings)
        try:
            return await test(rig)
        finally:
            await rig.worker.stop()

    return asyncio.run(whole())


class Answers:
    """What a client's parser makes of bytes: (status, headers, body) of each whole answer."""

    def __init__(self, data: bytes) -> None:
        self.whole: list[tuple[int, dict[bytes, bytes], bytes]] = []
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._body = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.whole.append((self._parser.get_status_code(), self._headers, self._body))
