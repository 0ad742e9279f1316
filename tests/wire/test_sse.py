"""Events of recorded streams, in every way servers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.errors import RecordError
from rightsizer.wire.sse import read_events, read_json_events


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_comments_and_several_data_lines(end: str) -> None:
    lines = [": ping", "event: a", "data: {", "data: }", "id: 7", "", "data:no space", "", "retry: 3", "", ""]
    assert list(read_events(end.join(lines).encode())) == [("a", "{\n}"), ("", "no space")]


def test_a_cut_event_is_left_out() -> None:
    assert list(read_events(b"data: 1\n\ndata: 2")) == [("", "1")]
    assert list(read_events(b"data: 1\n\ndata: 2\n")) == [("", "1")]


def test_done_closes_and_what_follows_is_not_read() -> None:
    assert read_json_events(b'data: {"a":1}\n\ndata: [DONE]\n\ndata: x\n\n') == ([{"a": 1}], True)
    assert read_json_events(b"event: ping\ndata: {}\n\n") == ([{"type": "ping"}], False)


def test_an_event_that_is_not_json() -> None:
    with pytest.raises(RecordError):
        read_json_events(b"data: {oops\n\n")


@given(
    st.lists(st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",)), min_size=1))
)
def test_what_is_written_is_read(texts: list[str]) -> None:
    stream = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert [data for _, data in read_events(stream)] == texts


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_harm(stream: bytes) -> None:
    list(read_events(stream))
