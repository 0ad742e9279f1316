"""An LLM's server that speaks HTTP/2 over TLS, by script; with faults that only HTTP/2 has.

`FakeLLM` sees to sockets and threads; here are the frames, by the library h2.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings

from rightsizer.testing.fake_llm import FakeLLM, Received, Reply, Script


class H2LLM(FakeLLM):
    """`protocols`: what ALPN offers. `max_streams`: calls at once. `before` may misbehave (see `Talk`) when a
    request has come whole: True from it, and the request is not answered."""

    def __init__(
        self,
        script: Script,
        pem: tuple[Path, Path],
        *,
        protocols: tuple[str, ...] = ("h2",),
        max_streams: int = 100,
        before: Callable[[Talk, int, Received], bool] = lambda talk, stream, received: False,
    ) -> None:
        super().__init__(script)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(*pem)
        self.tls.set_alpn_protocols(list(protocols))
        self.max_streams, self.before = max_streams, before
        self.versions: list[str | None] = []
        self.resets: list[int] = []
        self.most_at_once = 0
        self.sent_bytes = 0

    @property
    def url(self) -> str:
        return super().url.replace("http://", "https://")

    def _serve(self, connection: socket.socket) -> None:
        try:
            wrapped = self.tls.wrap_socket(connection, server_side=True)
        except OSError:
            return
        self._open.add(wrapped)
        version = wrapped.selected_alpn_protocol()
        self.versions.append(version)
        if version == "h2":
            Talk(self, wrapped).run()
        else:
            super()._serve(wrapped)

    @staticmethod
    def _wait(connection: socket.socket, seconds: float) -> None:
        time.sleep(seconds)  # one cannot peek into TLS


class Talk:
    """One connection."""

    def __init__(self, llm: H2LLM, connection: ssl.SSLSocket) -> None:
        self.llm, self.connection = llm, connection
        self.lock = threading.Lock()
        self.room = threading.Condition(self.lock)
        self.h2 = H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.requests: dict[int, Any] = {}
        self.now = 0

    def run(self) -> None:
        ours = {SettingCodes.MAX_CONCURRENT_STREAMS: self.llm.max_streams}
        self.h2.local_settings = Settings(client=False, initial_values=ours)
        self.h2.initiate_connection()
        self.flush()
        with contextlib.suppress(OSError, ProtocolError):
            while data := self.connection.recv(65536):
                with self.lock:
                    happened = self.h2.receive_data(data)
                    self.flush()
                for event in happened:
                    self.take(event)
        with self.lock:
            self.connection.close()
            self.room.notify_all()

    def take(self, event: Any) -> None:
        if isinstance(event, RequestReceived):
            self.requests[event.stream_id] = [dict(event.headers), b""]
        elif isinstance(event, DataReceived):
            self.requests[event.stream_id][1] += event.data
            with self.lock:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.flush()
        elif isinstance(event, StreamEnded):
            threading.Thread(target=self.answer, args=(event.stream_id,), daemon=True).start()
        elif isinstance(event, StreamReset):
            self.llm.resets.append(event.stream_id)
        elif isinstance(event, WindowUpdated):
            with self.lock:
                self.room.notify_all()
        elif isinstance(event, ConnectionTerminated):
            raise ProtocolError

    def answer(self, stream: int) -> None:
        headers, body = self.requests.pop(stream)
        given = tuple((name, value) for name, value in headers.items())
        received = Received(headers[":method"], headers[":path"], given, body)
        self.llm.received.append(received)
        self.now += 1
        self.llm.most_at_once = max(self.llm.most_at_once, self.now)
        try:
            if not self.llm.before(self, stream, received):
                self.reply(stream, self.llm.script(received), head_only=headers[":method"] == "HEAD")
        except (OSError, ProtocolError, StreamClosedError):
            self.llm.hangups += 1
        finally:
            self.now -= 1

    def reply(self, stream: int, reply: Reply, *, head_only: bool) -> None:
        time.sleep(reply.delay_s)
        headers = [(":status", str(reply.status)), *reply.headers]
        if reply.framing == "length":
            headers.append(("content-length", str(sum(map(len, reply.pieces)))))
        with self.lock:
            self.h2.send_headers(stream, headers, end_stream=head_only)
            self.flush()
        for number, piece in enumerate(() if head_only else reply.pieces):
            time.sleep(reply.pause_s if number else 0)
            self.send(stream, piece)
        with self.lock:
            if reply.cut:
                self.h2.reset_stream(stream, 2)
            elif not head_only:
                self.h2.end_stream(stream)
            self.flush()

    def send(self, stream: int, data: bytes) -> None:
        while data:
            with self.lock:
                while not (room := self.h2.local_flow_control_window(stream)):
                    if not self.room.wait(20) or self.connection.fileno() < 0:
                        raise ConnectionResetError
                part = data[: min(room, self.h2.max_outbound_frame_size)]
                self.h2.send_data(stream, part)
                self.flush()
                self.llm.sent_bytes += len(part)
            data = data[len(part) :]

    def go_away(self, last: int) -> None:
        """No more calls over this connection; those above `last` were not looked at."""
        with self.lock:
            self.h2.close_connection(last_stream_id=last)
            self.h2.state_machine.state = ConnectionState.SERVER_OPEN  # h2 would let nothing end
            self.flush()

    def refuse(self, stream: int) -> None:
        """REFUSED_STREAM."""
        with self.lock:
            self.h2.reset_stream(stream, 7)
            self.flush()

    def flush(self) -> None:
        self.connection.sendall(self.h2.data_to_send())
