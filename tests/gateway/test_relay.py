"""After which bytes a client may take a stream for whole: before they go out, the record must be written."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rightsizer.gateway.answer_head import AnswerHead, head_of_headers, head_of_lines, without_length
from rightsizer.gateway.relay import Relay
from rightsizer.testing.llm_answers import anthropic_stream, response_stream, text_stream
from rightsizer.wire.sse import read_json_events

HEAD = head_of_headers(200, b"OK", [(b"content-type", b"text/event-stream")])


def make(head: AnswerHead = HEAD) -> Relay:
    return Relay(head, b"", is_head=False, chunks=True, keeps=1 << 20)


def first_whole(pieces: Sequence[bytes]) -> int | None:
    """After how many bytes the relay says so."""
    relay, seen = make(), 0
    for piece in pieces:
        relay.add(piece)
        seen += len(piece)
        if relay.may_look_whole():
            return seen
        relay.take(last=False, keep_alive=True)
    return None


STREAMS = {
    "chat": text_stream("它在路上 [DONE] data: [DONE]"),
    "anthropic": anthropic_stream(),
    "anthropic without names": b"".join(
        line + b"\n" for line in anthropic_stream().split(b"\n") if not line.startswith(b"event:")
    ),
    "responses": response_stream("它在路上 event: response.completed"),
    "responses cut short": response_stream("x").replace(b"response.completed", b"response.incomplete"),
    "responses without names": b"".join(
        line + b"\n" for line in response_stream("x").split(b"\n") if not line.startswith(b"event:")
    ),
    "responses with numbers": response_stream("x").replace(
        b'data: {"type":', b'data: {"sequence_number": 7, "type":'
    ),
    "CRLF": text_stream("ok").replace(b"\n", b"\r\n"),
    "CR": text_stream("ok").replace(b"\n", b"\r"),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65, 500, 1 << 20])
def test_the_end_is_seen_with_its_last_line_and_not_before(name: str, size: int) -> None:
    """Not with its empty line: who reads lines has then stopped already."""
    last = STREAMS[name].rstrip(b"\r\n")
    stream = last + (b"\r\n\r\n" if name == "CRLF" else b"\r\r" if name == "CR" else b"\n\n")
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    line_end = len(last) + 1
    assert first_whole(pieces) == min(-(-line_end // size) * size, len(stream))


@pytest.mark.parametrize("name", STREAMS)
def test_what_is_kept_when_the_last_line_has_ended_is_a_whole_stream(name: str) -> None:
    stream = STREAMS[name].rstrip(b"\r\n") + (b"\r" if name == "CR" else b"\n")
    relay = make()
    relay.add(stream)
    assert relay.may_look_whole()
    kept = relay.kept()
    events, done = read_json_events(kept)
    assert (events, done) == read_json_events(STREAMS[name].rstrip(b"\r\n") + b"\n\n")
    assert events


def test_types_of_content_have_no_case() -> None:
    for kind in (b"text/event-stream", b"Text/Event-Stream; charset=UTF-8"):
        relay = make(head_of_headers(200, b"OK", [(b"content-type", kind)]))
        relay.add(STREAMS["chat"])
        assert relay.may_look_whole()
    relay = make(head_of_headers(200, b"OK", [(b"content-type", b"text/plain")]))
    relay.add(STREAMS["chat"])
    assert not relay.may_look_whole()


def test_a_stream_cut_in_its_last_event_is_not_closed() -> None:
    stream = response_stream("x")
    relay = make()
    relay.add(stream[: stream.rindex(b"response.completed") + 30])
    assert not relay.may_look_whole()
    assert not relay.kept().endswith(b"\n\n")


@pytest.mark.parametrize("end", [b"data: [DONE]\n\n", b"event: message_stop\ndata: {}\n\n"])
def test_what_a_model_writes_is_not_taken_for_the_end(end: bytes) -> None:
    """Wherever the words stand, inside a line they end nothing: what follows would not be recorded."""
    for at in range(200):
        quoted = b'data: {"x":"' + b"y" * at + end.strip().replace(b"\n", b"\\n") + b'"}\n\n'
        assert first_whole([quoted, b"data: {}\n\n"]) is None


def test_a_head_without_its_length() -> None:
    lines = head_of_lines(200, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-a: content-length: 9\r\n")
    assert lines is not None
    bare = without_length(lines)
    assert (bare.lines, bare.length) == (b"HTTP/1.1 200 OK\r\nx-a: content-length: 9\r\n", None)
    listed = head_of_headers(200, b"OK", [(b"content-length", b"5"), (b"x-a", b"1")])
    assert without_length(listed).headers == [(b"x-a", b"1")]
