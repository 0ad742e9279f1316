"""One call on an HTTP/2 connection: what is sent, who hears the answer, how long it may be silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rightsizer.gateway import upstream
from rightsizer.gateway.answer_head import AnswerHead

if TYPE_CHECKING:
    from rightsizer.gateway.http2 import Http2Connection
    from rightsizer.gateway.upstream import Listener


END_WAIT_S = 5.0  # for the frame that ends an answer of which every byte has come


class Stream:
    """`reused`: its connection had been used before, and may have died unseen. `again`: sent before."""

    def __init__(
        self,
        connection: Http2Connection,
        number: int,
        request: bytes,
        listener: Listener,
        head_only: bool,
        *,
        reused: bool,
        again: bool,
    ) -> None:
        self.number = number
        self.headers, self.body = split_request(request)
        self._connection = connection
        self._request, self._head_only = request, head_only
        self._reused, self._again = reused, again
        self._listener: Listener | None = listener
        self._has_head = False
        self._paused = False
        self._unread = 0
        self._left: int | None = None  # bytes of the answer to come, where its head says how many
        self._timer: asyncio.TimerHandle | None = None
        self._limit_s, self._reason_late, self._last_data = 0.0, "", 0.0

    # ── for the exchange ────────────────────────────────────────────────────────────────────

    def cancel(self) -> None:
        """The answer is no longer wanted."""
        self._disarm()
        self._listener = None
        self._connection.drop(self)

    def pause(self) -> None:
        """The client reads slower than the LLM writes: the window of the stream closes by itself."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        unread, self._unread = self._unread, 0
        if unread and self._listener is not None:
            self._connection.read(self, unread)

    # ── for the connection ──────────────────────────────────────────────────────────────────

    def wait_for_head(self) -> None:
        """The request is on its way."""
        self._arm(self._connection.pool.settings.first_byte_timeout_s, "first-byte-timeout")

    def head(self, head: AnswerHead) -> None:
        self._has_head = True
        self._left = _length_of(head, self._head_only)
        self._arm(self._connection.pool.settings.idle_timeout_s, "idle-timeout")
        if self._listener is not None:
            self._listener.on_head(head)

    def data(self, data: bytes, n_bytes: int) -> None:
        self._last_data = self._connection.pool.loop.time()
        if self._paused:
            self._unread += n_bytes
        else:
            self._connection.read(self, n_bytes)
        if self._left is not None:
            self._left -= len(data)
        if self._listener is not None and data:
            self._listener.on_body(data)

    def segment_over(self) -> None:
        if self._left == 0 and self._listener is not None:
            self.end()  # whole to the client, who counts too: the frame that ends it may come later
            self._wait_for_end()
        elif self._listener is not None and self._has_head:
            self._listener.on_segment()

    def end(self) -> None:
        listener = self._let_go()
        if listener is not None:
            listener.on_end()

    def fail(self, reason: str) -> None:
        listener = self._let_go()
        if listener is not None:
            listener.on_failure(reason)

    def refused(self) -> None:
        """The server has not looked at it, and says so: once more, over another connection."""
        if self._has_head or self._again:
            self.fail("cut")
        else:
            self._ask_again()

    def lost(self, reason: str) -> None:
        """The connection is gone."""
        soon = self._connection.pool.loop.time() - self._last_data < upstream.RACE_S
        if reason == "cut" and self._reused and not self._has_head and soon:
            self._ask_again()
        else:
            self.fail(reason)

    def _ask_again(self) -> None:
        listener = self._let_go()
        if listener is not None:
            listener.on_retry()
            self._connection.pool.request(self._request, listener, self._head_only, fresh=True)

    def _let_go(self) -> Listener | None:
        self._disarm()
        listener, self._listener = self._listener, None
        return listener

    def _wait_for_end(self) -> None:
        """It takes a place on the connection until the server has said that it is over, or was told so."""
        loop, settings = self._connection.pool.loop, self._connection.pool.settings
        self._timer = loop.call_later(min(END_WAIT_S, settings.idle_timeout_s), self._connection.drop, self)

    # ── silence ─────────────────────────────────────────────────────────────────────────────

    def _arm(self, limit_s: float, reason: str) -> None:
        self._disarm()
        loop = self._connection.pool.loop
        self._limit_s, self._reason_late, self._last_data = limit_s, reason, loop.time()
        self._timer = loop.call_later(limit_s, self._ring)

    def _ring(self) -> None:
        loop = self._connection.pool.loop
        left = self._last_data + self._limit_s - loop.time()
        if left > 0 or self._paused:
            self._timer = loop.call_later(max(left, 0.001 if left > 0 else 1.0), self._ring)
            return
        listener = self._let_go()
        self._connection.drop(self)
        if listener is not None:
            listener.on_failure(self._reason_late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _length_of(head: AnswerHead, head_only: bool) -> int | None:
    if head_only or head.status in (204, 304):
        return 0
    return int(head.length) if head.length is not None and head.length.isdigit() else None


def split_request(request: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """(headers, body) of an HTTP/1.1 request of our own making, as HTTP/2 has them (RFC 9113 §8.3.1)."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, _, rest = first.partition(b" ")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    authority = next((value for name, value in pairs if name == b"host"), b"")
    about = [
        (b":method", method),
        (b":scheme", b"https"),
        (b":authority", authority),
        (b":path", rest.rpartition(b" ")[0]),
    ]
    return [*about, *((name, value) for name, value in pairs if name != b"host")], body
