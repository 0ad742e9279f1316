"""An answer on its way to the client: its head and framing, and the copy that is recorded."""

from __future__ import annotations

import re

from rightsizer.gateway.headers import Headers, response_head

_NO_BODY = (204, 304)
_WINDOW = 512
# After these a client may take the answer for whole, although the connection's last byte is to come.
_LAST_EVENT = re.compile(rb"(data: ?\[DONE\]|event: ?message_stop)[^\r\n]*(\r?\n[^\r\n]+)*\r?\n\r?\n")


class Relay:
    """`chunks`: the client can take a body in chunks. `keeps`: bytes of the body to keep for the record."""

    __slots__ = (
        "_chunked",
        "_has_body",
        "_head",
        "_is_stream",
        "_keeps",
        "_kept",
        "_kept_bytes",
        "_may_chunk",
        "_pending",
        "_status",
        "_window",
        "content_type",
        "head_sent",
        "truncated",
    )

    def __init__(self, status: int, *, is_head: bool, chunks: bool, keeps: int) -> None:
        self._status = status
        self._has_body = status not in _NO_BODY and not is_head
        self._may_chunk, self._keeps = chunks, keeps
        self._chunked = self._is_stream = False
        self._head: bytes = b""
        self._pending: list[bytes] = []
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._window = b""
        self.content_type = b""
        self.head_sent = self.truncated = False

    def head(
        self, reason: bytes, headers: Headers, lines: bytes | None, ours: list[tuple[bytes, bytes]]
    ) -> bool:
        """Take the head; `lines`: it may travel as it came. False: the connection must end with the answer."""
        length = None
        for name, value in headers:
            if name == b"content-length":
                length = value
            elif name == b"content-type" and not self.content_type:
                self.content_type = value
        self._is_stream = b"event-stream" in self.content_type
        keep_alive = True
        if self._has_body and length is None:
            self._chunked = keep_alive = self._may_chunk
            if self._chunked:
                ours.append((b"transfer-encoding", b"chunked"))
        if lines is None:
            self._head = b"".join(response_head(self._status, reason, headers, ours))
        else:
            self._head = b"".join((lines, *(b"%b: %b\r\n" % pair for pair in ours)))
        return keep_alive

    def add(self, data: bytes) -> None:
        """More of the body."""
        self._pending.append(data)
        if not self._keeps or self.truncated:
            return
        self._kept_bytes += len(data)
        if self._kept_bytes > self._keeps:
            self.truncated = True
        else:
            self._kept.append(data)

    def may_look_whole(self) -> bool:
        """Whether a client may stop reading after what is pending: a stream's last event is in it."""
        if not self._is_stream:
            return False
        self._window = (self._window + b"".join(self._pending))[-_WINDOW:]
        return _LAST_EVENT.search(self._window) is not None

    def take(self, *, last: bool, keep_alive: bool) -> bytes:
        """What is to be written now."""
        out: list[bytes] = []
        if not self.head_sent:
            self.head_sent = True
            out += (self._head, b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        if self._has_body and self._pending:
            if self._chunked:
                out.append(b"%x\r\n" % sum(map(len, self._pending)))
                out += self._pending
                out.append(b"\r\n")
            else:
                out += self._pending
        self._pending = []
        if last and self._chunked:
            out.append(b"0\r\n\r\n")
        return b"".join(out)

    def kept(self) -> bytes:
        """The body as far as it was kept; forgets it."""
        kept, self._kept = self._kept, []
        return kept[0] if len(kept) == 1 else b"".join(kept)
