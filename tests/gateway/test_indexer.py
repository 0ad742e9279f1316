"""Folding segments into the store: once, whole, and again after a crash in the middle."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import StoreError
from rightsizer.gateway.indexer import Indexed, index_segments
from rightsizer.gateway.metrics import Metrics
from rightsizer.gateway.recorder import Recorder
from rightsizer.gateway.segments import Segment, segments_folder
from rightsizer.gateway.settings import GatewaySettings
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import SqliteStore, open_store
from rightsizer.testing.llm_answers import completion, text_stream

CHAT = "/v1/chat/completions"
BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "你好"}], "user": "u1"})
END: dict[str, Any] = {"status": 200, "type": "application/json", "total_s": 0.5, "served_by": "llm"}


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with open_store(tmp_path) as opened:
        yield opened


def record(
    home: Path, *ends: tuple[dict[str, Any] | None, bytes], path: str = CHAT, body: bytes = BODY
) -> None:
    kek = find_key(home, None, create=False)
    with open_store(home, create=False) as opened:
        recorder = Recorder(home, kek, GatewaySettings(), Metrics(), opened.callers)
    for number, (end, answer) in enumerate(ends):
        entry = recorder.begin(f"call_{number}", {"at": 1.7e9 + number, "path": path}, body)
        if end is not None:
            recorder.end(entry, end, answer)
        elif entry.segment is not None:
            entry.segment.open_calls -= 1  # as if the process had been killed
    recorder.close()


def index(store: SqliteStore, home: Path) -> Indexed:
    return index_segments(store, home, find_key(home, None, create=False))


def test_answers_plain_and_streamed_become_equal_calls(store: SqliteStore, tmp_path: Path) -> None:
    streamed = {**END, "type": "text/event-stream"}
    record(tmp_path, (END, completion("好")), (streamed, text_stream("好")))
    assert index(store, tmp_path) == Indexed(segments=1, calls=2)
    plain, stream = store.calls.scan()
    assert plain.response is not None
    assert stream.response is not None
    assert plain.response.text == stream.response.text == "好"
    assert plain.latency_s == 0.5
    assert plain.metadata == {"user_id": store.callers.of_user("u1")}
    assert plain.timestamp is not None
    assert list(segments_folder(tmp_path).iterdir()) == []


@pytest.mark.parametrize(
    ("end", "answer", "words"),
    [
        (None, b"", "the gateway stopped before the answer ended"),
        ({**END, "status": 429}, b'{"error":{"message":"slow"}}', "slow"),
        ({**END, "status": 502, "failure": "connect"}, b"", "connect"),
        ({**END, "type": "text/event-stream"}, text_stream("cut here")[:300], "cut"),
        ({**END, "type": "text/event-stream"}, b'data: {"error":{"message":"overloaded"}}\n\n', "overloaded"),
        (END, b"<html>", "the answer could not be read"),
        ({**END, "truncated": True}, completion("x")[:30], "recording-limit"),
    ],
)
def test_what_is_no_whole_answer_is_an_error(
    store: SqliteStore, tmp_path: Path, end: dict[str, Any] | None, answer: bytes, words: str
) -> None:
    record(tmp_path, (end, answer))
    index(store, tmp_path)
    (call,) = store.calls.scan()
    assert call.response is None
    assert call.error is not None
    assert call.error.message.startswith(words)
    assert call.request.messages[0].text == "你好"


def test_folding_twice_adds_nothing(store: SqliteStore, tmp_path: Path) -> None:
    record(tmp_path, (END, completion("a")), (None, b""))
    (segment,) = segments_folder(tmp_path).iterdir()
    shutil.copy(segment, tmp_path / "kept")
    index(store, tmp_path)
    shutil.move(tmp_path / "kept", segment)  # as if it had died between commit and removal
    assert index(store, tmp_path) == Indexed(segments=1, known=2)
    assert store.calls.count() == 2


def test_the_segment_stays_when_the_store_takes_nothing(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(calls: object) -> None:
        raise StoreError("the disk is full")

    record(tmp_path, (END, completion("a")))
    with monkeypatch.context() as patch:
        patch.setattr(store.calls, "append", full)
        with pytest.raises(StoreError):
            index(store, tmp_path)
    assert index(store, tmp_path).calls == 1


def test_unreadable_requests_are_kept_aside(store: SqliteStore, tmp_path: Path) -> None:
    record(tmp_path, (END, b"x"), body=b"{no json")
    assert index(store, tmp_path).rejected == 1
    (rejected,) = store.calls.rejected()
    assert b"{no json" in rejected.raw


def test_past_its_backlog_the_recorder_stops_and_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_store(tmp_path).close()
    metrics = Metrics()
    settings = GatewaySettings(max_backlog_bytes=10)
    recorder = Recorder(tmp_path, find_key(tmp_path, None, create=False), settings, metrics)
    recorder.end(recorder.begin("call_1", {"at": 1.0, "path": CHAT}, BODY), END, b"")
    recorder.tick(0.0)
    recorder.tick(0.0)
    assert caplog.text.count("gateway.max_backlog_bytes") == 1
    assert recorder.begin("call_2", {"at": 1.0, "path": CHAT}, BODY).segment is None
    assert metrics.losses == {"backlog": 1}


def test_a_segment_of_another_key_stays_and_holds_nobody_up(store: SqliteStore, tmp_path: Path) -> None:
    Segment(segments_of(tmp_path), bytes(32)).close()
    record(tmp_path, (END, completion("a")))
    assert index(store, tmp_path) == Indexed(segments=1, calls=1, unreadable=1)
    assert len(list(segments_folder(tmp_path).iterdir())) == 1


def segments_of(home: Path) -> Path:
    folder = segments_folder(home)
    folder.mkdir(parents=True)
    return folder


def test_a_segment_whose_key_is_damaged_stays_and_holds_nobody_up(store: SqliteStore, tmp_path: Path) -> None:
    record(tmp_path, (END, completion("a")))
    damaged = segments_folder(tmp_path) / "seg_x.seg"
    damaged.write_bytes(b"RZSEG\x01" + (40).to_bytes(4, "big") + bytes(400))
    (segments_folder(tmp_path) / "seg_y.seg").write_bytes(b"RZSEG\x01" + bytes(400))
    assert index(store, tmp_path) == Indexed(segments=1, calls=1, unreadable=2)
    assert damaged.exists()


def test_python_searches_for_cycles_again_afterwards(store: SqliteStore, tmp_path: Path) -> None:
    seen: list[bool] = []
    record(tmp_path, (END, completion("x")))
    kek = find_key(tmp_path, None, create=False)
    index_segments(store, tmp_path, kek, tell=lambda calls: seen.append(gc.isenabled()))
    assert seen == [False]
    assert gc.isenabled()


def test_spans_that_no_reader_foresaw_are_kept_aside_and_hold_nothing_up(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception here would end the indexer, again and again, and with it the gateway."""
    spans = b'{"resourceSpans":[]}'
    kek = find_key(tmp_path, None, create=False)
    recorder = Recorder(tmp_path, kek, GatewaySettings(), Metrics(), store.callers)
    recorder.spans("spans_1", spans)
    entry = recorder.begin("call_0", {"at": 1.7e9, "path": CHAT}, BODY)
    recorder.end(entry, END, completion("好"))
    recorder.close()

    def fail(*arguments: object) -> None:
        raise TypeError("a shape nobody thought of")

    monkeypatch.setattr("rightsizer.wire.otlp.read", fail)
    assert index(store, tmp_path) == Indexed(segments=1, calls=1, rejected=1)
    (aside,) = store.calls.rejected()
    assert (aside.reason, aside.detail, aside.raw) == ("unreadable", "TypeError", spans)
