"""The LLM of the soak, in a process of its own: it says what it was asked, whole or as a stream in pieces.

    python benchmarks/gateway/soak_upstream.py PORT [CERTIFICATE KEY]

HTTP/1.1, or with a certificate HTTP/2 over TLS. Over HTTP/2 every second whole answer says
its length, and the frame that ends an answer may come later than its last byte.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from h2.connection import H2Connection

STREAM_PIECES = 12
Json = dict[str, Any]


def answer_to(body: Json) -> str:
    return "answer to " + str(body["messages"][-1]["content"])


def whole(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    return orjson.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


def events(text: str) -> Iterator[bytes]:
    """The events of a stream, without the last one."""
    size = len(text) // STREAM_PIECES + 1
    for at in range(0, len(text), size):
        yield event({"index": 0, "delta": {"content": text[at : at + size]}})
    yield event({"index": 0, "delta": {}, "finish_reason": "stop"})


def event(choice: Json) -> bytes:
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"


DONE = b"data: [DONE]\n\n"


class Echo(asyncio.Protocol):
    """One connection in HTTP/1.1."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.got = transport, b""
        self.answers: set[asyncio.Task[None]] = set()

    def connection_lost(self, exc: Exception | None) -> None:
        for answer in self.answers:
            answer.cancel()

    def data_received(self, data: bytes) -> None:
        self.got += data
        while (end := self.got.find(b"\r\n\r\n")) >= 0:
            length = int(self.got[:end].lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self.got) < end + 4 + length:
                return
            body = orjson.loads(self.got[end + 4 : end + 4 + length])
            self.got = self.got[end + 4 + length :]
            self.spawn(self._stream(answer_to(body)) if body.get("stream") else self._whole(answer_to(body)))

    def spawn(self, answering: Any) -> None:
        answer = asyncio.create_task(answering)
        self.answers.add(answer)
        answer.add_done_callback(self.answers.discard)

    async def _whole(self, text: str) -> None:
        body = whole(text)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        await asyncio.sleep(random.uniform(0, 0.05))
        self.transport.write(head % len(body) + body)

    async def _stream(self, text: str) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for each in events(text):
            self.transport.write(b"%x\r\n%b\r\n" % (len(each), each))
            await asyncio.sleep(random.uniform(0, 0.01))
        self.transport.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


class Http2Echo(Echo):
    """One connection in HTTP/2; its frames are the library h2's."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        super().connection_made(transport)
        self.h2: H2Connection = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
        self.requests: dict[int, bytes] = {}
        self.h2.initiate_connection()
        self.flush()

    def data_received(self, data: bytes) -> None:
        from h2 import events as happened

        for each in self.h2.receive_data(data):
            if isinstance(each, happened.RequestReceived):
                self.requests[each.stream_id] = b""
            elif isinstance(each, happened.DataReceived):
                self.requests[each.stream_id] += each.data
                self.h2.acknowledge_received_data(each.flow_controlled_length, each.stream_id)
            elif isinstance(each, happened.StreamEnded):
                self.spawn(self._answer(each.stream_id, orjson.loads(self.requests.pop(each.stream_id))))
            elif isinstance(each, happened.StreamReset):
                self.requests.pop(each.stream_id, None)
        self.flush()

    async def _answer(self, stream: int, body: Json) -> None:
        from h2.exceptions import ProtocolError

        try:
            await (self._events if body.get("stream") else self._body)(stream, answer_to(body))
        except ProtocolError:  # the gateway was killed, or wants it no more
            return

    async def _body(self, stream: int, text: str) -> None:
        body = whole(text)
        await asyncio.sleep(random.uniform(0, 0.05))
        says_length = stream % 4 == 1
        length = [("content-length", str(len(body)))] if says_length else []
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/json"), *length])
        await self._send(stream, body)
        await self._end(stream, pause_s=random.uniform(0, 0.5))

    async def _events(self, stream: int, text: str) -> None:
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "text/event-stream")])
        for each in events(text):
            await self._send(stream, each)
            await asyncio.sleep(random.uniform(0, 0.01))
        await self._send(stream, DONE)
        await self._end(stream, pause_s=random.choice((0.0, 0.02)))

    async def _send(self, stream: int, data: bytes) -> None:
        while data:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                await asyncio.sleep(0.005)
                continue
            self.h2.send_data(stream, data[:room])
            self.flush()
            data = data[room:]

    async def _end(self, stream: int, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        self.h2.end_stream(stream)
        self.flush()

    def flush(self) -> None:
        self.transport.write(self.h2.data_to_send())


async def serve(port: int, pem: list[str]) -> None:
    tls = None
    if pem:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*pem)
        tls.set_alpn_protocols(["h2"])
    protocol = Http2Echo if pem else Echo
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", port, ssl=tls)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2:]))
