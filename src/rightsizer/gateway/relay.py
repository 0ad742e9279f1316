"""An answer on its way to the client: its head and framing, and the copy that is recorded.

`strip` takes out of a stream what the caller did not ask for; the copy has it.
"""

from __future__ import annotations

import re

from rightsizer.gateway.answer_head import AnswerHead, without_length
from rightsizer.gateway.headers import response_head
from rightsizer.gateway.stream_usage import UsageStripper

_NO_BODY = (204, 304)
_WINDOW = 64
# After these a client may take the answer for whole, although the connection's last byte is to come: as soon
# as the line of data has ended, because some read lines and not events.
_LAST = rb"(?:message_stop|response\.(?:completed|incomplete|failed))"
_LAST_EVENT = re.compile(
    rb"[\r\n](?:(event: ?" + _LAST + rb")"
    rb"|data: ?(?:\[DONE\]|\{(?:\"sequence_number\": ?\d+, ?)?\"type\": ?\"" + _LAST + rb"\"))"
)
_MARKS = (b"[DONE]", b"message_stop", b"response.completed", b"response.incomplete", b"response.failed")
_DATA_OR_END = re.compile(rb"[\r\n](data:)|\r\n\r\n|\n\n|\r\r")
_LINE_END = re.compile(rb"[\r\n]")
_EVENT_ENDS = (b"\n\n", b"\r\r", b"\r\n\r\n")


class Relay:
    """`ours`: header lines to add. `chunks`: the client can take a body in chunks. `keeps`: bytes of the body
    to keep for the record."""

    __slots__ = (
        "_chunked",
        "_has_body",
        "_head",
        "_in_last_data",
        "_in_last_event",
        "_is_stream",
        "_keeps",
        "_kept",
        "_kept_bytes",
        "_looked_whole",
        "_pending",
        "_strip",
        "_window",
        "content_type",
        "encoding",
        "ends_with_connection",
        "head_sent",
        "truncated",
    )

    def __init__(
        self,
        head: AnswerHead,
        ours: bytes,
        *,
        is_head: bool,
        chunks: bool,
        keeps: int,
        strip: UsageStripper | None = None,
    ) -> None:
        self._is_stream = b"event-stream" in head.content_type.lower()
        self._strip = strip if self._is_stream else None
        if self._strip is not None:
            head = without_length(head)  # it will be shorter
        self._keeps = keeps
        self._pending: list[bytes] = []
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._window = b"\n"
        self.head_sent = self.truncated = False
        self._in_last_event = self._in_last_data = self._looked_whole = False
        self.content_type, self.encoding = head.content_type, head.encoding
        self._has_body = head.status not in _NO_BODY and not is_head
        unframed = self._has_body and head.length is None
        self._chunked = unframed and chunks
        self.ends_with_connection = unframed and not chunks
        if self._chunked:
            ours += b"transfer-encoding: chunked\r\n"
        lines = head.lines or response_head(head.status, head.reason, head.headers)
        self._head = lines + ours

    def add(self, data: bytes) -> None:
        """More of the body."""
        self._pending.append(data if self._strip is None else self._strip.feed(data))
        if not self._keeps or self.truncated:
            return
        self._kept_bytes += len(data)
        if self._kept_bytes > self._keeps:
            self.truncated = True
        else:
            self._kept.append(data)

    def may_look_whole(self) -> bool:
        """Whether a client may stop reading after what is pending: the last line of data ends in it."""
        if self._looked_whole or not self._is_stream:
            return self._looked_whole
        text = self._window + (self._pending[0] if len(self._pending) == 1 else b"".join(self._pending))
        if not self._in_last_event:
            begun = None
            if any(mark in text for mark in _MARKS):  # a fifth of what the expression takes
                begun = _LAST_EVENT.search(text)
            if begun is None:
                self._window = text[-_WINDOW:]
                return False
            self._in_last_event, self._in_last_data = True, begun[1] is None
            text = text[begun.end() :]
        self._window = text[-6:]
        if not self._in_last_data:
            found = _DATA_OR_END.search(text)
            if found is None:
                return False
            self._in_last_data, self._looked_whole = True, found[1] is None
            text = text[found.end() :]
        self._window = b""
        self._looked_whole = self._looked_whole or _LINE_END.search(text) is not None
        return self._looked_whole

    def take(self, *, last: bool, keep_alive: bool) -> bytes:
        """What is to be written now."""
        out: list[bytes] = []
        if not self.head_sent:
            self.head_sent = True
            out += (self._head, b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        if last and self._strip is not None:
            self._pending.append(self._strip.rest())
        if self._has_body and self._pending:
            size = sum(map(len, self._pending))
            if self._chunked and size:
                out.append(b"%x\r\n" % size)
                out += self._pending
                out.append(b"\r\n")
            else:
                out += self._pending
        self._pending = []
        if last and self._chunked:
            out.append(b"0\r\n\r\n")
        return b"".join(out)

    def kept(self) -> bytes:
        """The body as far as it was kept; forgets it. A last event is closed, as it is for the client."""
        kept, self._kept = self._kept, []
        if self._looked_whole and kept and not kept[-1].endswith(_EVENT_ENDS):
            kept.append(b"\n\n")
        return kept[0] if len(kept) == 1 else b"".join(kept)
