"""Events of Anthropic's Messages API become the message they are."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rightsizer.testing.llm_answers import anthropic_message, anthropic_stream
from rightsizer.wire.anthropic import is_closed, message_from_events
from rightsizer.wire.sse import read_json_events


def test_a_whole_stream_equals_the_unstreamed_message() -> None:
    events, _ = read_json_events(anthropic_stream())
    assert is_closed(events)
    assert message_from_events(events) == anthropic_message()


def test_a_cut_input_stays_the_text_that_came() -> None:
    events, _ = read_json_events(anthropic_stream())
    cut = [e for e in events if '"A-1"' not in str(e.get("delta", {}).get("partial_json", ""))][:-3]
    assert not is_closed(cut)
    assert message_from_events(cut)["content"][1]["input"] == '{"id'


def test_thinking_and_its_signature() -> None:
    def delta(kind: str, field: str, text: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: text}}

    block = {"type": "thinking", "thinking": "", "signature": ""}
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    events = [start, delta("thinking_delta", "thinking", "a"), delta("signature_delta", "signature", "s")]
    assert message_from_events(events)["content"] == [{"type": "thinking", "thinking": "a", "signature": "s"}]


@given(st.integers(0, 2000))
def test_a_stream_cut_anywhere_is_read(at: int) -> None:
    events, _ = read_json_events(anthropic_stream()[:at])
    assert message_from_events(events)["role"] == "assistant"
