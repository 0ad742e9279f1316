"""The client's side: uvicorn's HTTP protocol, with the API's paths taken out of ASGI.

Requests under ``/v1/`` become an `Exchange` in plain callbacks; all others go to the ASGI app as
uvicorn does it. A head that was read before (`known_heads`) is not parsed again. Requests that a client
sends before the last answer is done (pipelining) wait in order; only a mix of both kinds is answered up to
the change and then closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rightsizer.gateway import traces
from rightsizer.gateway.access import Refusal, find_secret, places_of_keys
from rightsizer.gateway.exchange import Exchange
from rightsizer.gateway.headers import header
from rightsizer.gateway.incoming import Incoming, climbs, read_metadata, read_session, split_session
from rightsizer.gateway.known_heads import LastHead, split_head
from rightsizer.gateway.upgrade import head_without_upgrade
from rightsizer.wire.callers import metadata_hidden

if TYPE_CHECKING:
    from rightsizer.gateway.worker import Worker

_HOT = b"/v1/"
_TRACES = traces.PATH.encode()
_LINGER_S = 1.0
_AROUND_A_BYTE = 16  # of a body that comes in chunks of one: their lengths and line ends
_MAX_QUEUED, _MAX_QUEUED_BYTES = 16, 1 << 20
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
        self._queued_bytes = 0
        self._pieces: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0
        self._in_head = True
        self._ignoring = False
        self._deadline: asyncio.TimerHandle | None = None
        self._at_start = True  # of a request: nothing of it has come yet
        self._raw = b""  # what came with the first bytes of a request: its head, most often
        self._missing = 0  # bytes of a body whose head was known
        self._last_head: LastHead | None = None
        self._idle_since = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    # ── asyncio ─────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()
        if len(self.connections) > self._worker.settings.max_connections:
            self._refuse(Refusal(503, "too many connections", "overloaded", 1))

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._cancel_unread()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._exchange is not None:
            self._exchange.client_gone()
        self._exchange = None  # those that wait their turn have not begun
        self._queue.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ignoring:
            return
        if self._missing:
            data = self._rest_of_body(data)
            if not data:
                return
        if self._at_start:
            if self._exchange is None and self._take_known(data):
                return
            self._raw = data
        self._head_bytes += len(data)
        self._feed(data)
        if self._head_bytes > self._worker.settings.max_header_bytes and self._is_endless():
            self._refuse(Refusal(431, "the headers of this request are too large", "headers_too_large"))

    def _feed(self, data: bytes) -> None:
        """Give llhttp what came. An upgrade is declined: the request is read once more, without it."""
        self._unset_keepalive_if_required()
        parts = [memoryview(data)]
        while parts:
            part = parts.pop()
            try:
                self.parser.feed_data(part)
            except httptools.HttpParserError:
                self.logger.warning("Invalid HTTP request received.")
                self.send_400_response("")
                return
            except httptools.HttpParserUpgrade as upgrade:
                head = head_without_upgrade(self.parser, self.url, self.headers)
                if not head:
                    self.send_400_response("")
                    return
                parts += (part[upgrade.args[0] :], memoryview(head))
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _is_endless(self) -> bool:
        """Whether more than belongs to a body has come: a head, or what may stand around chunks."""
        about_body = _AROUND_A_BYTE * self._body_bytes + self._worker.settings.max_header_bytes
        return self._in_head or self._head_bytes > about_body

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP: said in its turn, and once."""
        if not self._ignoring:
            self._refuse(Refusal(400, "this is not an HTTP request", "invalid_http"))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self._worker.settings.idle_timeout_s, self._unread_for_long)
        if self._exchange is not None:
            self._exchange.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_unread()
        if self._exchange is not None:
            self._exchange.resume()

    def _cancel_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _unread_for_long(self) -> None:
        """The client takes nothing of its answer: it is as if it had hung up."""
        self._unread = None
        self.transport.abort()

    def shutdown(self) -> None:
        """Graceful: what is under way ends first."""
        if self._exchange is not None:
            self._exchange.keep_alive = False
        elif self._incoming is None:
            super().shutdown()

    # ── llhttp ──────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes, self._at_start = True, 0, False
        self._body_bytes = 0
        if self._deadline is None:
            self._arm()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers are no headers (RFC 9110 §6.5.1): nobody has looked at them
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            self._raw = b""
            return  # see `_feed`
        self._in_head = False
        raw, self._raw = self._raw, b""  # it is the head of the first request in what came, of no later one
        if self._ignoring:
            return
        session, target = split_session(self.url)
        upstream = ""
        if not target.startswith(_HOT) or target.startswith(_TRACES):
            upstream, target = self._worker.upstreams.split(target)
            if not upstream:
                self._to_asgi()
                return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            self._ignoring = True
            return
        self._begin(session, upstream, target, raw)

    def on_body(self, body: bytes) -> None:
        if self._ignoring:
            return
        self._body_bytes += len(body)
        if self._incoming is None:
            super().on_body(body)
            return
        if self._body_bytes > self._worker.settings.max_request_bytes:
            self._too_large()
            return
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._at_start = True
        self._disarm()
        if self._ignoring:
            return
        if self._incoming is None:
            super().on_message_complete()
            return
        self._whole_request()

    # ── requests whose head is known ────────────────────────────────────────────────────────

    def _take_known(self, data: bytes) -> bool:
        """Take a request without parsing it, if its head was read before; False: llhttp must."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        read = None if self._last_head is None else self._last_head.read(data)
        if read is None:
            read = self._find_head(data)
        if read is None or self._last_head is None:
            return False
        length, body_at = read
        end = body_at + length
        if length > self._worker.settings.max_request_bytes or end < len(data):
            return False  # more than one request: in order, and by llhttp
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        if self._deadline is not None:
            self._disarm()
        known = self._last_head.incoming
        grant = self._worker.access.admit(known.credential)
        if isinstance(grant, Refusal):
            self._at_start = False
            self._refuse(grant)
            return True
        incoming = known.again(data[body_at:])
        incoming.spender = grant.spender
        if end == len(data):
            self._start(incoming)
        else:
            self._at_start = self._in_head = False
            self._incoming, self._pieces = incoming, [incoming.body]
            self._missing = end - len(data)
            self._arm()
        return True

    def _find_head(self, data: bytes) -> tuple[int, int] | None:
        """(length of the body, where it begins) if the memo has this head, which is now the last."""
        split = split_head(data)
        if split is None:
            return None
        known = self._worker.known_heads.find(split.key, self.client[0] if self.client else "")
        if known is None:
            return None
        self._last_head = LastHead(split, known)
        return split.length, split.body_at

    def _rest_of_body(self, data: bytes) -> bytes:
        """More of the body of a request whose head was known; what comes after it."""
        part, rest = (
            (data, b"") if len(data) <= self._missing else (data[: self._missing], data[self._missing :])
        )
        self._pieces.append(part)
        self._missing -= len(part)
        if not self._missing:
            self._at_start = True
            self._disarm()
            self._whole_request()
        return rest

    def _whole_request(self) -> None:
        assert self._incoming is not None
        incoming, self._incoming = self._incoming, None
        if self._pieces:
            incoming.body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces = []
        self._start(incoming)

    def _start(self, incoming: Incoming) -> None:
        exchange = Exchange(self._worker, self, incoming)
        if self._exchange is None:
            self._exchange = exchange
            exchange.start()
        else:
            self._queue.append(exchange)
            self._queued_bytes += len(incoming.body)
            if len(self._queue) >= _MAX_QUEUED or self._queued_bytes > _MAX_QUEUED_BYTES:
                self.flow.pause_reading()  # and while it is, nobody sees the client hang up

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
            if not self._queue:
                self._queued_bytes = 0
                self.flow.resume_reading()
        else:
            if self.flow.read_paused:
                self.flow.resume_reading()
            self._idle_since = self.loop.time()
            if self._idle_timer is None:
                self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._idle)

    def answer_error(self, status: int, message: str, code: str, ours: bytes, keep_alive: bool) -> None:
        """An error of ours, in a form OpenAI's and Anthropic's clients read; `ours`: more header lines."""
        error = {"message": message, "type": "rightsizer_gateway_error", "code": code, "param": None}
        body = orjson.dumps({"type": "error", "error": error})
        head = b"HTTP/1.1 %d %s\r\n" % (status, _REASONS.get(status, b"Error"))
        head += b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
        head += b"x-content-type-options: nosniff\r\nx-rightsizer-reason: %b\r\n%b" % (code.encode(), ours)
        if not keep_alive:
            head += b"connection: close\r\n"
        self.transport.write(head + b"\r\n" + body)

    # ── ours ────────────────────────────────────────────────────────────────────────────────

    def _begin(self, session: str, upstream: str, target: bytes, raw: bytes) -> None:
        """Look at the head of an API request: may it come in, and how."""
        worker, headers = self._worker, self.headers
        if climbs(target):
            self._refuse(Refusal(400, "this path leads out of the API", "invalid_path"))
            return
        credential = find_secret(headers)
        grant = worker.access.from_elsewhere(headers, credential) or worker.access.admit(credential)
        if isinstance(grant, Refusal):
            self._refuse(grant)
            return
        try:
            metadata = metadata_hidden(read_metadata(headers), worker.callers.of_user)
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
            withheld=grant.withheld if credential is None else (*grant.withheld, *places_of_keys(headers)),
            encoding=header(headers, b"content-encoding") or b"",
            extra_headers=worker.replacement(grant),
            credential=credential,
        )
        if (split := split_head(raw)) is not None:
            worker.known_heads.learn(split, self.client[0] if self.client else "", self._incoming)
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
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or not cycle.more_body:
                cycle.keep_alive = False
                return
            cycle.disconnected = True  # we answer in its place: what it says from now on goes nowhere
            cycle.message_event.set()
        wait = b"retry-after: %d\r\n" % refusal.retry_after_s if refusal.retry_after_s else b""
        self.answer_error(refusal.status, refusal.message, refusal.code, wait, keep_alive=False)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.close)

    def _idle(self) -> None:
        """Rings from time to time while the connection is kept: close it if nothing has come for long."""
        self._idle_timer = None
        if self._exchange is not None or self._incoming is not None or not self._at_start:
            return  # the end of that exchange winds it up again
        if self.cycle is not None and not self.cycle.response_complete:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle_timer = self.loop.call_later(left, self._idle)
        elif not self.transport.is_closing():
            self.transport.close()

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
