"""The LLM's side: a pool of HTTP/1.1 connections on llhttp, in callbacks and not in tasks.

A connection is used for one exchange at a time and goes back to the pool (last in, first out) when the
whole answer has been read and both sides keep it alive. An exchange is sent again, once, only if a
*reused* connection dies at once, before any byte of an answer: then the server closed it while idle and has
not looked at the request (RFC 9112 §9.3.1). One that dies later may have worked on it, and be paid for that.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from typing import Any, Protocol, cast

import httptools

from rightsizer.gateway.answer_head import AnswerHead, head_of_headers, head_of_lines
from rightsizer.gateway.settings import GatewaySettings, Upstream

_NO_BODY = (204, 304)
MOST_HEAD_BYTES = 1 << 20  # of an answer
RACE_S = 5.0  # a server that closed a connection while it was idle has said so by then
_OK = b"HTTP/1.1 200 OK\r\n"


class Running(Protocol):
    """An answer on its way, over whatever kind of connection."""

    def cancel(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


Handle = Running | asyncio.Task[None]


class Listener(Protocol):
    """Who receives an answer. Exactly one of `on_whole`, `on_end` and `on_failure` is called, last."""

    def on_whole(self, head: AnswerHead, body: bytes) -> None:
        """The same as `on_head`, `on_body` and `on_end`: the answer came in one read."""
        ...

    def on_head(self, head: AnswerHead) -> None: ...

    def on_body(self, data: bytes) -> None: ...

    def on_segment(self) -> None:
        """What arrived in one read has been given, and the answer goes on: write it in one piece."""
        ...

    def on_end(self) -> None: ...

    def on_failure(self, reason: str) -> None:
        """`reason` is a slug: connect, connect-timeout, first-byte-timeout, idle-timeout, cut, protocol."""
        ...

    def on_retry(self) -> None: ...

    def attach(self, handle: Handle) -> None:
        """What to cancel when the answer is no longer wanted; may be called again."""
        ...


class Connection(asyncio.Protocol):
    """One connection to the upstream."""

    def __init__(self, pool: UpstreamPool) -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._full = httptools.HttpResponseParser(self)  # tells every header
        self._brief = httptools.HttpResponseParser(
            _Brief(self)
        )  # tells none: for heads that come in one piece
        self._silent = httptools.HttpResponseParser(_Silent(self))  # tells the end alone: for whole answers
        self._parser = self._full
        self._listener: Listener | None = None
        self._request = b""
        self._head_only = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._reason = b""
        self._status = 0
        self._framed = False
        self._started = False
        self._complete = False
        self._reusable = False
        self._n_used = 0
        self._head: AnswerHead | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_s = math.inf  # when the timer does
        self._limit_s, self._reason_late = 0.0, ""
        self._last_data = 0.0
        self._head_bytes = 0
        self._paused = False
        self.idle_since = 0.0

    def send(self, request: bytes, listener: Listener, head_only: bool) -> None:
        """Start an exchange; the connection must be idle."""
        assert self._transport is not None
        self._listener, self._request, self._head_only = listener, request, head_only
        self._status, self._framed, self._started, self._head = 0, False, False, None
        self._complete = self._reusable = False
        self._n_used += 1
        self._transport.write(request)
        self._arm(self._pool.settings.first_byte_timeout_s, "first-byte-timeout")

    def cancel(self) -> None:
        """The answer is no longer wanted: close, so that the LLM stops."""
        self._listener = None
        self.close()

    def close(self) -> None:
        self._disarm()
        if self._transport is not None:
            self._transport.abort()

    def is_alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def pause(self) -> None:
        """The client reads slower than the LLM writes."""
        if self._transport is not None and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # ── asyncio ─────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        listener = self._listener
        if listener is None:  # bytes nobody asked for: the connection cannot be trusted
            self._pool.forget(self)
            self.close()
            return
        if not self._started:
            self._started = True
            self._request = b""  # it will not be sent again: 64 large ones would be held while idle
            end = data.find(b"\r\n\r\n")
            head = None
            if end > 0 and data.startswith(_OK):
                head = head_of_lines(200, data[: end + 2])
                if head is not None and head.length == b"%d" % (len(data) - end - 4) and not self._head_only:
                    self._take_whole(listener, head, data, end + 4)
                    return
            self._head, self._parser = head, self._full if head is None else self._brief
            self._head_bytes = 0
        if not self._status:
            self._head_bytes += len(data)
        if self._reason_late == "idle-timeout":
            self._last_data = self._pool.loop.time()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._complete:
                self._fail("protocol")
                return
            self._reusable = False  # the answer is whole, what follows it is not HTTP
        if self._complete:
            self._finish()
        elif not self._status and self._head_bytes > MOST_HEAD_BYTES:
            self._fail("protocol")
        else:
            if self._status and self._reason_late != "idle-timeout":
                self._arm(self._pool.settings.idle_timeout_s, "idle-timeout")
            listener.on_segment()

    def _take_whole(self, listener: Listener, head: AnswerHead, data: bytes, body_at: int) -> None:
        """Most answers without a stream come in one read. llhttp checks it as ever."""
        try:
            self._silent.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._complete = False
        if not self._complete:
            self._fail("protocol")
            return
        self._listener = None
        if self._paused:
            self.resume()
        if self._reusable:
            self._pool.give_back(self)
        else:
            self.close()
        listener.on_whole(head, data[body_at:])

    def on_whole_complete(self) -> None:
        self._complete = True
        self._reusable = bool(self._silent.should_keep_alive())  # valid in this callback only

    def eof_received(self) -> None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._pool.forget(self)
        if self._listener is None:
            return
        if self._status and not self._framed and exc is None:  # an answer that ends with the connection
            self._finish()
        elif not self._started and self._n_used > 1 and self._pool.loop.time() - self._last_data < RACE_S:
            listener, self._listener = self._listener, None
            listener.on_retry()
            self._pool.request(self._request, listener, self._head_only, fresh=True)
        else:
            self._fail("cut")

    # ── llhttp ──────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if self._complete:  # a second answer: nobody asked
            self._reusable = False
            return
        self._headers, self._reason = [], b""

    def on_status(self, status: bytes) -> None:
        self._reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self._complete or self._listener is None:
            return  # 100 Continue, 103 Early Hints: the answer is still to come
        self._status = status
        head = self._head or head_of_headers(status, self._reason, self._headers)
        self._framed = head.length is not None or head.chunked or status in _NO_BODY or self._head_only
        self._listener.on_head(head)
        if self._head_only:
            self._complete, self._reusable = True, False

    def on_body(self, data: bytes) -> None:
        if self._listener is not None and not self._complete:
            self._listener.on_body(data)

    def on_message_complete(self) -> None:
        if self._status and not self._complete:
            self._complete = True
            self._reusable = bool(self._parser.should_keep_alive())  # valid in this callback only

    # ── ends ────────────────────────────────────────────────────────────────────────────────

    def _finish(self) -> None:
        listener, self._listener = self._listener, None
        self.resume()  # a paused connection in the pool would never read again
        if self._reusable and self.is_alive():
            self._pool.give_back(self)
        else:
            self.close()
        if listener is not None:
            listener.on_end()

    def _fail(self, reason: str) -> None:
        self._disarm()
        listener, self._listener = self._listener, None
        self.close()
        if listener is not None:
            listener.on_failure(reason)

    def _arm(self, timeout_s: float, reason: str) -> None:
        """From now on, `timeout_s` of silence are too long. A timer that rings before that looks again."""
        now = self._pool.loop.time()
        self._limit_s, self._reason_late, self._last_data = timeout_s, reason, now
        if self._rings_s > now + timeout_s:
            self._disarm()
            self._wind(now, timeout_s)

    def _wind(self, now: float, wait_s: float) -> None:
        self._rings_s = now + wait_s
        self._timer = self._pool.loop.call_later(wait_s, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings_s = None, math.inf
        if self._listener is None:  # idle: the pool looks at its age when it is wanted again
            return
        now = self._pool.loop.time()
        left = self._last_data + self._limit_s - now
        if left > 0 or self._paused:
            self._wind(now, max(left, 0.001 if left > 0 else 1.0))
            return
        self._fail(self._reason_late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._rings_s = None, math.inf


class _Silent:
    """The end of an answer and nothing else: its one callback."""

    def __init__(self, connection: Connection) -> None:
        self.on_message_complete = connection.on_whole_complete


class _Brief:
    """The callbacks of a connection without those for the parts of a head."""

    def __init__(self, connection: Connection) -> None:
        self.on_message_begin = connection.on_message_begin
        self.on_headers_complete = connection.on_headers_complete
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete


class UpstreamPool:
    """Connections to one upstream."""

    def __init__(self, target: Upstream, settings: GatewaySettings, loop: asyncio.AbstractEventLoop) -> None:
        self.target = target
        self.settings = settings
        self.loop = loop
        self._idle: list[Connection] = []
        self._connecting: set[asyncio.Task[None]] = set()
        self._tls = ssl.create_default_context() if target.tls else None

    def request(
        self, request: bytes, listener: Listener, head_only: bool = False, *, fresh: bool = False
    ) -> None:
        """Send `request` and tell `listener`, over an idle connection or a new one (`fresh`: a new one)."""
        oldest = self.loop.time() - self.settings.upstream_keep_alive_s
        while self._idle and not fresh:
            connection = self._idle.pop()
            if connection.is_alive() and connection.idle_since > oldest:
                listener.attach(connection)
                connection.send(request, listener, head_only)
                return
            connection.close()
        task = self.loop.create_task(self._connect(request, listener, head_only))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        listener.attach(task)

    async def _connect(self, request: bytes, listener: Listener, head_only: bool) -> None:
        options: dict[str, Any] = {"ssl": self._tls} if self._tls else {}
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                _, connection = await self.loop.create_connection(
                    lambda: Connection(self), self.target.host, self.target.port, **options
                )
        except TimeoutError:
            listener.on_failure("connect-timeout")
            return
        except (OSError, ssl.SSLError):
            listener.on_failure("connect")
            return
        listener.attach(connection)
        connection.send(request, listener, head_only)

    def give_back(self, connection: Connection) -> None:
        connection.idle_since = self.loop.time()
        self._idle.append(connection)

    def forget(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        for task in self._connecting:
            task.cancel()
        while self._idle:
            self._idle.pop().close()
