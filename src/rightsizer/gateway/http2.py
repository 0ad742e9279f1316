"""HTTP/2 to an LLM's server, where TLS agrees on it (ALPN); with all others the pool's HTTP/1.1.

Frames, HPACK and windows are the library h2's. One connection carries many calls; a call goes over a new one
again, once, only if the server says that it has not looked at it (a GOAWAY below its number, REFUSED_STREAM;
RFC 9113 §8.7), or if a connection that was used before dies without a word about it.
"""

from __future__ import annotations

import asyncio
import ssl
from http import HTTPStatus
from typing import Any, cast

from h2 import events
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from rightsizer.gateway.answer_head import head_of_headers
from rightsizer.gateway.http2_stream import Stream
from rightsizer.gateway.settings import GatewaySettings, Upstream
from rightsizer.gateway.upstream import Connection, Listener, UpstreamPool

_STREAM_WINDOW, _CONNECTION_WINDOW = 1 << 20, 16 << 20
_FIRST_WINDOW = (1 << 16) - 1  # RFC 9113 §6.9.2
_PROTOCOLS = ["h2", "http/1.1"]


class Http2Connection(asyncio.Protocol):
    """One connection and the calls on it."""

    def __init__(self, pool: Http2Pool) -> None:
        self.pool = pool
        self.number = 0  # of those the pool has opened
        self.idle_since = pool.loop.time()
        self.streams: dict[int, Stream] = {}
        self.greeted: asyncio.Future[None] = pool.loop.create_future()  # how many calls it takes is known
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._transport: asyncio.Transport | None = None
        self._closing = False

    def has_room(self) -> bool:
        """Whether one more call may be asked over it."""
        if self._closing or self._transport is None or self._transport.is_closing():
            return False
        if (
            not self.streams
            and self.pool.loop.time() - self.idle_since > self.pool.settings.upstream_keep_alive_s
        ):
            self.close()
            return False
        most: int = self._h2.remote_settings.max_concurrent_streams
        return len(self.streams) < most

    def ask(
        self, request: bytes, listener: Listener, head_only: bool, *, reused: bool, again: bool = False
    ) -> None:
        """Send a request of `headers.request_bytes` as a stream of its own."""
        number = self._h2.get_next_available_stream_id()
        stream = Stream(self, number, request, listener, head_only, reused=reused, again=again)
        listener.attach(stream)
        try:
            self._h2.send_headers(number, stream.headers, end_stream=not stream.body)
        except ProtocolError:  # nothing went out, but the shared table of headers may have changed
            self._closing = True
            stream.fail("protocol")
            self._close_if_over()
            return
        self.streams[number] = stream
        stream.wait_for_head()
        self._pump(stream)
        self._flush()

    def read(self, stream: Stream, n_bytes: int) -> None:
        """So many bytes of an answer were taken: the server may send as many more."""
        if self._closing and self._transport is None:
            return
        self._h2.acknowledge_received_data(n_bytes, stream.number)
        self._flush()

    def drop(self, stream: Stream) -> None:
        """The answer is no longer wanted: tell the server."""
        if self.streams.pop(stream.number, None) is None:
            return
        try:
            self._h2.reset_stream(stream.number, ErrorCodes.CANCEL)
        except ProtocolError:
            self._closing = True
        self._flush()
        self._close_if_over()

    def close(self) -> None:
        """Close at once."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    # ── asyncio ─────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        ours = {SettingCodes.ENABLE_PUSH: 0, SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW}
        self._h2.local_settings = Settings(client=True, initial_values=ours)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_CONNECTION_WINDOW - _FIRST_WINDOW)
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            happened = self._h2.receive_data(data)
        except ProtocolError:
            self._flush()  # h2 has written why
            self._lose("protocol")
            return
        touched: dict[int, Stream] = {}
        for event in happened:
            self._take(event, touched)
        self._flush()
        for stream in touched.values():
            stream.segment_over()
        self._close_if_over()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lose("cut")

    # ── what the server says ────────────────────────────────────────────────────────────────

    def _take(self, event: events.Event, touched: dict[int, Stream]) -> None:
        if isinstance(event, events.ConnectionTerminated):
            self._going_away(event)
            return
        if isinstance(event, events.RemoteSettingsChanged):
            self._greeted()
            for each in list(self.streams.values()):
                self._pump(each)
            return
        number = getattr(event, "stream_id", None) or 0
        stream = self.streams.get(number)
        if isinstance(event, events.WindowUpdated):
            for each in list(self.streams.values()) if not number else [stream] if stream else []:
                self._pump(each)
        elif isinstance(event, events.DataReceived):
            if stream is None:  # of a call that was dropped: the window of the connection is everybody's
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, number)
            else:
                touched[number] = stream
                stream.data(event.data or b"", event.flow_controlled_length or 0)
        elif stream is None:
            return
        elif isinstance(event, events.ResponseReceived):
            touched[number] = stream
            stream.head(_head(event.headers or []))
        elif isinstance(event, events.StreamEnded):
            touched.pop(number, None)
            del self.streams[number]
            stream.end()
        elif isinstance(event, events.StreamReset):
            touched.pop(number, None)
            del self.streams[number]
            stream.refused() if event.error_code == ErrorCodes.REFUSED_STREAM else stream.fail("cut")

    def _going_away(self, event: events.ConnectionTerminated) -> None:
        """The server takes no more; what it has begun it may still finish (h2 would refuse to read on)."""
        self._closing = True
        if event.error_code == ErrorCodes.NO_ERROR:
            self._h2.state_machine.state = ConnectionState.CLIENT_OPEN
        last = event.last_stream_id if event.last_stream_id is not None else 0
        for number in [n for n in self.streams if n > last]:
            self.streams.pop(number).refused()

    # ── sending ─────────────────────────────────────────────────────────────────────────────

    def _pump(self, stream: Stream) -> None:
        """Send as much of a body as the windows allow."""
        while stream.body and stream.number in self.streams:
            room = min(
                self._h2.local_flow_control_window(stream.number),
                self._h2.max_outbound_frame_size,
                len(stream.body),
            )
            if room <= 0:
                return
            piece, stream.body = stream.body[:room], stream.body[room:]
            self._h2.send_data(stream.number, piece, end_stream=not stream.body)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # ── ends ────────────────────────────────────────────────────────────────────────────────

    def _greeted(self) -> None:
        if not self.greeted.done():
            self.greeted.set_result(None)

    def _lose(self, reason: str) -> None:
        self._closing = True
        self._greeted()
        self.pool.forget_shared(self)
        streams, self.streams = list(self.streams.values()), {}
        for stream in streams:
            stream.lost(reason)
        if self._transport is not None:
            self._transport.close()

    def _close_if_over(self) -> None:
        if self.streams:
            return
        self.idle_since = self.pool.loop.time()
        if self._closing:
            self.pool.forget_shared(self)
            if self._transport is not None:
                self._transport.close()


class _Undecided(asyncio.Protocol):
    """Becomes one or the other as soon as TLS has agreed."""

    def __init__(self, pool: Http2Pool) -> None:
        self._pool = pool
        self.chosen: Connection | Http2Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        speaks_h2 = tls is not None and tls.selected_alpn_protocol() == "h2"
        self.chosen = Http2Connection(self._pool) if speaks_h2 else Connection(self._pool)
        cast(asyncio.Transport, transport).set_protocol(self.chosen)
        self.chosen.connection_made(transport)


class Http2Pool(UpstreamPool):
    """Connections to one upstream that may speak HTTP/2."""

    def __init__(self, target: Upstream, settings: GatewaySettings, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(target, settings, loop)
        assert self._tls is not None
        self._tls.set_alpn_protocols(_PROTOCOLS)
        self._shared: list[Http2Connection] = []
        self._n_opened = 0
        self._opening = asyncio.Lock()
        self._speaks_plain = False

    def request(
        self, request: bytes, listener: Listener, head_only: bool = False, *, fresh: bool = False
    ) -> None:
        connection = None if fresh else self._room(0)
        if connection is not None:
            connection.ask(request, listener, head_only, reused=True)
        elif not fresh:
            super().request(request, listener, head_only)
        else:
            task = self.loop.create_task(self._connect(request, listener, head_only, again=True))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
            listener.attach(task)

    async def _connect(
        self, request: bytes, listener: Listener, head_only: bool, *, again: bool = False
    ) -> None:
        above = self._n_opened if again else 0
        known: Http2Connection | None = None
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                if self._speaks_plain:
                    connection = await self._open()
                else:  # calls that come together share what the first of them opens
                    async with self._opening:
                        known = self._room(above)
                        connection = known or await self._open()
        except TimeoutError:
            listener.on_failure("connect-timeout")
            return
        except (OSError, ssl.SSLError):
            listener.on_failure("connect")
            return
        if isinstance(connection, Http2Connection):
            connection.ask(request, listener, head_only, reused=known is not None, again=again)
        else:
            listener.attach(connection)
            connection.send(request, listener, head_only)

    async def _open(self) -> Connection | Http2Connection:
        undecided = _Undecided(self)
        await self.loop.create_connection(
            lambda: undecided, self.target.host, self.target.port, ssl=self._tls
        )
        if undecided.chosen is None:
            raise ConnectionResetError
        self._speaks_plain = isinstance(undecided.chosen, Connection)
        if isinstance(undecided.chosen, Http2Connection):
            await undecided.chosen.greeted
            if not undecided.chosen.has_room():
                raise ConnectionResetError
            self._n_opened += 1
            undecided.chosen.number = self._n_opened
            self._shared.append(undecided.chosen)
        return undecided.chosen

    def _room(self, above: int) -> Http2Connection | None:
        for connection in list(self._shared):
            if connection.number > above and connection.has_room():
                return connection
        return None

    def forget_shared(self, connection: Http2Connection) -> None:
        """It takes no more calls."""
        if connection in self._shared:
            self._shared.remove(connection)

    def close(self) -> None:
        super().close()
        for connection in list(self._shared):
            connection.close()


def _head(pairs: list[tuple[Any, Any]]) -> Any:
    headers = [(bytes(name), bytes(value)) for name, value in pairs]
    status = int(dict(headers)[b":status"])
    try:
        reason = HTTPStatus(status).phrase.encode()
    except ValueError:
        reason = b""
    return head_of_headers(status, reason, [(name, value) for name, value in headers if name[:1] != b":"])


def pool_for(target: Upstream, settings: GatewaySettings, loop: asyncio.AbstractEventLoop) -> UpstreamPool:
    """The pool of an upstream that is allowed HTTP/2; without TLS nobody could agree on it."""
    return Http2Pool(target, settings, loop) if target.tls else UpstreamPool(target, settings, loop)
