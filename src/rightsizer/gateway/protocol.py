"""The client's side: uvicorn's HTTP protocol, with the API's paths taken out of ASGI.

Requests under ``/v1/`` become an `Exchange` in plain callbacks; all others go to the ASGI app as
uvicorn does it. Requests that a client sends before the last answer is done (pipelining) wait in order;
only a mix of both kinds is answered up to the change and then closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rightsizer.gateway.access import Refusal
from rightsizer.gateway.exchange import Exchange
from rightsizer.gateway.incoming import Incoming, read_metadata, read_session, split_session

if TYPE_CHECKING:
    from rightsizer.gateway.worker import Worker

_HOT = b"/v1/"
_LINGER_S = 1.0
_REASONS = {
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    408: b"Request Timeout",
    413: b"Content Too Large",
    429: b"Too Many Requests",
    431: b"Request Header Fields Too Large",
    502: b"Bad Gateway",
    503: b"Service Unavailable",
    504: b"Gateway Timeout",
}


class GatewayProtocol(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(self, worker: Worker, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._worker = worker
        self._incoming: Incoming | None = None
        self._exchange: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        self._pieces: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0
        self._in_head = True
        self._ignoring = False
        self._deadline: asyncio.TimerHandle | None = None

    # ── asyncio ─────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()
        if len(self.connections) > self._worker.settings.max_connections:
            self._refuse(Refusal(503, "too many connections", "overloaded", 1))

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        for exchange in (self._exchange, *self._queue):
            if exchange is not None:
                exchange.client_gone()
        self._exchange = None
        self._queue.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ignoring:
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self._worker.settings.max_header_bytes:
            self._refuse(Refusal(431, "the headers of this request are too large", "headers_too_large"))

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._exchange is not None:
            self._exchange.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._exchange is not None:
            self._exchange.resume()

    def shutdown(self) -> None:
        """Graceful: what is under way ends first."""
        if self._exchange is not None:
            self._exchange.keep_alive = False
        elif self._incoming is None:
            super().shutdown()

    # ── llhttp ──────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        if self._deadline is None:
            self._arm()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._ignoring:
            return
        session, target = split_session(self.url)
        upstream = ""
        if not target.startswith(_HOT):
            upstream, target = self._worker.upstreams.split(target)
            if not upstream:
                self._to_asgi()
                return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            self._ignoring = True
            return
        self._begin(session, upstream, target)

    def on_body(self, body: bytes) -> None:
        if self._ignoring:
            return
        if self._incoming is None:
            super().on_body(body)
            return
        self._body_bytes += len(body)
        if self._body_bytes > self._worker.settings.max_request_bytes:
            self._too_large()
            return
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        self._disarm()
        if self._ignoring:
            return
        if self._incoming is None:
            super().on_message_complete()
            return
        incoming, self._incoming = self._incoming, None
        incoming.body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = []
        exchange = Exchange(self._worker, self, incoming)
        if self._exchange is None:
            self._exchange = exchange
            exchange.start()
        else:
            self._queue.append(exchange)
            self.flow.pause_reading()

    # ── for the exchange ────────────────────────────────────────────────────────────────────

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def abort(self) -> None:
        """Close without the end of the answer, so that the client sees the cut."""
        self._exchange = None
        self.transport.close()

    def exchange_done(self, exchange: Exchange, *, close: bool) -> None:
        """The last byte was written: next request, or keep the connection for a while, or close it."""
        self._exchange = None
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if close or self._ignoring:
            self.transport.close()
        elif self._queue:
            self._exchange = self._queue.popleft()
            self._exchange.start()
        else:
            self.flow.resume_reading()
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def answer_error(
        self, status: int, message: str, code: str, headers: list[tuple[bytes, bytes]], keep_alive: bool
    ) -> None:
        """An error of ours, in the form both OpenAI's and Anthropic's clients read."""
        error = {"message": message, "type": "rightsizer_gateway_error", "code": code, "param": None}
        body = orjson.dumps({"type": "error", "error": error})
        lines = [b"HTTP/1.1 %d %s\r\n" % (status, _REASONS.get(status, b"Error"))]
        named = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]
        lines += [name + b": " + value + b"\r\n" for name, value in named]
        if not keep_alive:
            lines.append(b"connection: close\r\n")
        self.transport.write(b"".join([*lines, b"\r\n", body]))

    # ── ours ────────────────────────────────────────────────────────────────────────────────

    def _begin(self, session: str, upstream: str, target: bytes) -> None:
        """Look at the head of an API request: may it come in, and how."""
        worker, headers = self._worker, self.headers
        grant = worker.access.check(headers)
        if isinstance(grant, Refusal):
            self._refuse(grant)
            return
        try:
            metadata = read_metadata(headers)
        except ValueError:
            self._refuse(Refusal(400, "x-rightsizer-metadata is not a JSON object", "invalid_metadata"))
            return
        http_version = self.parser.get_http_version()
        self._incoming = Incoming(
            method=self.parser.get_method(),
            path=target.partition(b"?")[0],
            target=target,
            http_version=http_version,
            headers=headers,
            keep_alive=http_version != "1.0" and self.parser.should_keep_alive() and not worker.draining,
            upstream=upstream,
            session=session or read_session(headers),
            metadata=metadata,
            origin=worker.origin_of(headers, self.client[0] if self.client else ""),
            key_id=grant.key_id,
            spender=grant.spender,
            withheld=grant.withheld,
            extra_headers=worker.replacement(grant),
        )
        self._body_bytes = 0
        length = next((value for name, value in headers if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > worker.settings.max_request_bytes:
            self._too_large()
        elif self.expect_100_continue and self._exchange is None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _to_asgi(self) -> None:
        if self._exchange is not None or self._queue:
            self._ignoring = True
            return
        super().on_headers_complete()

    def _too_large(self) -> None:
        limit = self._worker.settings.max_request_bytes
        self._refuse(Refusal(413, f"the request is larger than {limit} bytes", "request_too_large"))

    def _refuse(self, refusal: Refusal) -> None:
        """Answer at once and close; what still comes in is read for a moment, so that the answer arrives."""
        self._worker.metrics.refusals[refusal.code] += 1
        self._incoming, self._pieces = None, []
        self._disarm()
        self._ignoring = True
        if self._exchange is not None:
            return  # an earlier request is being answered: after it the connection is closed
        wait = [(b"retry-after", b"%d" % refusal.retry_after_s)] if refusal.retry_after_s else []
        self.answer_error(refusal.status, refusal.message, refusal.code, wait, keep_alive=False)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.close)

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self._worker.settings.request_timeout_s, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._exchange is not None:
            self._ignoring = True
        elif self._incoming is None and not self._head_bytes:
            self.transport.close()
        else:
            self._refuse(Refusal(408, "the request did not arrive in time", "request_timeout"))
