"""The segment log: what was appended is read back, what was torn or altered is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rightsizer.errors import KeyMismatch, StoreError
from rightsizer.gateway.segments import BEGIN, END, MOST_FRAMES, Segment, read_frames, take_over

KEK = bytes(range(32))
FRAMES = [(BEGIN, b'{"id":"1"}', "你好".encode()), (END, b"{}", b""), (BEGIN, b"", os.urandom(100_000))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    segment = Segment(tmp_path, KEK)
    for frame in FRAMES:
        segment.append(*frame)
    segment.close()
    return segment.path


def test_read_back_in_order(path: Path) -> None:
    assert list(read_frames(path, KEK)) == FRAMES


def test_nothing_is_readable_without_the_key(path: Path) -> None:
    assert "你好".encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(KeyMismatch):
        list(read_frames(path, bytes(32)))


def test_a_torn_tail_is_left_out_wherever_it_was_torn(path: Path) -> None:
    data = path.read_bytes()
    for size in (len(data) - 1, len(data) - 99_000, len(data) - 100_020):
        path.write_bytes(data[:size])
        assert list(read_frames(path, KEK)) == FRAMES[:2]
    for size in range(0, 60, 7):
        path.write_bytes(data[:size])
        assert list(read_frames(path, KEK)) == [], "killed while the header was written"


def test_reading_ends_at_an_altered_frame(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    assert list(read_frames(path, KEK)) == FRAMES[:2]


def test_another_segments_frames_do_not_open(path: Path, tmp_path: Path) -> None:
    moved = path.with_name("seg_other.seg")
    path.rename(moved)
    with pytest.raises(KeyMismatch):
        list(read_frames(moved, KEK))


def test_what_is_no_segment(tmp_path: Path) -> None:
    file = tmp_path / "x.seg"
    file.write_bytes(b"something else entirely")
    with pytest.raises(StoreError):
        list(read_frames(file, KEK))


def test_only_a_segment_without_a_writer_can_be_taken(tmp_path: Path) -> None:
    segment = Segment(tmp_path, KEK)
    assert take_over(segment.path) is None
    segment.close()
    descriptor = take_over(segment.path)
    assert descriptor is not None
    assert take_over(segment.path) is None, "and by one only"
    os.close(descriptor)
    assert take_over(tmp_path / "gone.seg") is None


def test_the_first_sync_puts_the_name_on_the_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut may leave a file of synced records that no folder names."""
    synced: list[Path] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    monkeypatch.setattr("rightsizer.gateway.segments.os.fsync", note)
    segment = Segment(tmp_path, KEK)
    segment.append(BEGIN, b"{}")
    segment.sync()
    segment.sync()
    assert synced == [tmp_path]
    segment.close()


def test_small_calls_fill_a_segment_by_their_number(path: Path) -> None:
    segment = Segment(path.parent, KEK)
    assert not segment.is_full(1 << 20)
    for _ in range(MOST_FRAMES):
        segment.append(BEGIN, b"{}", b"")
    assert segment.bytes < 1 << 20
    assert segment.is_full(1 << 20)
    segment.close()
