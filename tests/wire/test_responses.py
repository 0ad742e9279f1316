"""Events of OpenAI's Responses API become the response they are."""

from __future__ import annotations

from rightsizer.testing.llm_answers import response_object, response_stream
from rightsizer.wire.responses import is_closed, response_from_events
from rightsizer.wire.sse import read_json_events


def test_a_whole_stream_is_its_closing_response() -> None:
    events, _ = read_json_events(response_stream("在路上"))
    assert is_closed(events)
    assert response_from_events(events) == response_object("在路上")


def test_a_cut_stream_keeps_finished_items_only() -> None:
    events, _ = read_json_events(response_stream("在路上"))
    cut = events[:-1]
    assert not is_closed(cut)
    assert response_from_events(cut)["output"] == response_object("在路上")["output"]
    assert response_from_events(events[:-2])["output"] == []
    assert response_from_events([]) == {"object": "response", "output": []}
