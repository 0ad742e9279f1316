"""Logs from files into the store: streaming, once, and whatever is broken is told."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from rightsizer.capture import import_files, read_calls
from rightsizer.errors import InputError, RecordError
from rightsizer.store import Rejected, Store, open_store


def record(n: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"c{n}",
        "request": {"messages": [{"role": "user", "content": f"问题 {n}\u2028?"}]},
        "response": {"role": "assistant", "content": "答案"},
    } | changed


def lines(*records: Any) -> bytes:
    return b"".join(
        item + b"\n" if isinstance(item, bytes) else json.dumps(item, ensure_ascii=False).encode() + b"\n"
        for item in records
    )


def write(path: Path, data: bytes) -> Path:
    if path.suffix == ".gz":
        data = gzip.compress(data)
    elif path.suffix == ".zst":
        data = zstandard.compress(data)
    path.write_bytes(data)
    return path


def read(path: Path, format: str = "auto") -> tuple[list[str], list[Rejected]]:
    rejected: list[Rejected] = []
    return [call.id for call in read_calls(path, format, rejected.append)], rejected


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as store:
        yield store


THREE = ["c0", "c1", "c2"]


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz", "log.jsonl.zst", "log", "log.txt"])
def test_lines_are_read_however_compressed_and_named(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path / name, lines(*map(record, range(3))))) == (THREE, [])


def test_compression_is_seen_in_the_bytes_not_the_name(tmp_path: Path) -> None:
    data = lines(*map(record, range(3)))
    (tmp_path / "log.jsonl").write_bytes(gzip.compress(data[:100]) + gzip.compress(data[100:]))
    assert read(tmp_path / "log.jsonl") == (THREE, [])
    (tmp_path / "log.jsonl").write_bytes(zstandard.compress(data[:50]) + zstandard.compress(data[50:]))
    assert read(tmp_path / "log.jsonl") == (THREE, [])


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("shape", ["array", "list object", "one after the other"])
def test_documents_are_read_like_lines(tmp_path: Path, shape: str, indent: int | None) -> None:
    records = [record(n) for n in range(3)]
    text = {
        "array": json.dumps(records, indent=indent),
        "list object": json.dumps({"object": "list", "data": records}, indent=indent),
        "one after the other": "\n".join(json.dumps(r, indent=indent) for r in records),
    }[shape]
    assert read(write(tmp_path / "log.json", text.encode())) == (THREE, [])


def test_windows_files_are_read(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + lines(*map(record, range(3))).replace(b"\n", b"\r\n") + b"\r\n"
    assert read(write(tmp_path / "log.jsonl", data)) == (THREE, [])


def test_bad_lines_are_told_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    bad = [b'{"id": "x", "request"', b"\xff\xfe\xfa", b"17", b'{"a": 1}']
    path = write(
        tmp_path / "log.jsonl.zst",
        lines(record(0), bad[0], b"", bad[1], record(1), bad[2], bad[3], record(2)),
    )
    ids, rejected = read(path)
    assert ids == THREE
    assert [(r.line, r.reason, r.raw) for r in rejected] == [
        (2, "invalid-json", bad[0]),
        (4, "invalid-utf8", bad[1]),
        (6, "not-an-object", bad[2]),
        (7, "unknown-format", bad[3]),
    ]
    assert {r.file for r in rejected} == {str(path)}
    assert all(r.detail for r in rejected)


def test_a_bad_first_line_does_not_hide_the_rest(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", lines(b'{"id": "x", "request', record(0), record(1)))
    ids, rejected = read(path)
    assert (ids, [r.line for r in rejected]) == (["c0", "c1"], [1])


def test_bad_elements_of_an_array_are_told_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path / "log.json", json.dumps([record(0), {"a": 1}, record(1)], indent=1).encode())
    ids, rejected = read(path)
    assert ids == ["c0", "c1"]
    line = path.read_text().splitlines()[rejected[0].line]
    assert (rejected[0].reason, line.strip()) == ("unknown-format", '"a": 1')


def test_without_a_place_for_bad_lines_the_first_one_raises(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", lines(record(0), b"{"))
    with pytest.raises(RecordError):
        list(read_calls(path))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["truncated-file", "damaged-file"])
def test_a_broken_archive_gives_what_could_be_read(tmp_path: Path, suffix: str, damage: str) -> None:
    whole = write(tmp_path / f"log.jsonl{suffix}", lines(*map(record, range(4000)))).read_bytes()
    half = len(whole) // 2
    broken = whole[:half] if damage == "truncated-file" else whole[:half] + b"\xff" * 40 + whole[half + 40 :]
    (tmp_path / f"log.jsonl{suffix}").write_bytes(broken)
    ids, rejected = read(tmp_path / f"log.jsonl{suffix}")
    reasons = [r.reason for r in rejected]
    assert damage in reasons or (damage == "damaged-file" and reasons), reasons
    assert 0 < len(ids) < 4000
    assert ids == [f"c{n}" for n in range(len(ids))]


def test_a_document_that_ends_early_gives_what_was_whole(tmp_path: Path) -> None:
    text = json.dumps([record(n) for n in range(3)], indent=1)
    ids, rejected = read(write(tmp_path / "log.json", text[:-60].encode()))
    assert ids == ["c0", "c1"]
    assert [r.reason for r in rejected] == ["truncated-file"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "holds no records"),
        (b"\x00\x01\x7fELF\x00" * 50, "binary data"),
        (b"[]", "no records"),
    ],
)
def test_a_file_without_records_is_an_input_error(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "log.jsonl").write_bytes(data)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "log.jsonl")


def test_a_missing_file_or_a_folder_is_an_input_error(tmp_path: Path, store: Store) -> None:
    good = write(tmp_path / "log.jsonl", lines(record(0)))
    for path in (tmp_path / "nothing.jsonl", tmp_path):
        with pytest.raises(InputError) as error:
            import_files(store, [good, path])
        assert error.value.hint
    assert store.calls.count() == 0, "nothing is imported before all files are looked at"


def test_records_without_an_id_get_the_same_one_every_time(tmp_path: Path, store: Store) -> None:
    nameless = [record(n, id=None) for n in (1, 2, 1, 1)]
    path = write(tmp_path / "log.jsonl", lines(*nameless))
    first = import_files(store, [path])
    assert (first.new, first.known) == (4, 0)
    copied = write(tmp_path / "copy.jsonl.gz", path.read_bytes())
    again = import_files(store, [path, copied])
    assert (again.new, again.known, again.conflicts) == (0, 8, ())


def test_an_import_reports_what_came_of_each_file(tmp_path: Path, store: Store) -> None:
    one = write(tmp_path / "one.jsonl", lines(record(0), record(1), b"{", b"[]"))
    two = write(tmp_path / "two.jsonl.zst", lines(record(1), record(0, model="other"), record(2)))
    report = import_files(store, [one, two])
    first, second = report.files
    assert (first.calls, first.new, first.known, first.rejected) == (2, 2, 0, 2)
    assert first.reasons == {"invalid-json": 1, "not-an-object": 1}
    assert (second.calls, second.new, second.known, second.conflicts) == (3, 1, 1, ("c0",))
    assert (report.new, report.rejected) == (3, 2)
    assert [(r.line, r.reason) for r in store.calls.rejected()] == [(3, "invalid-json"), (4, "not-an-object")]
    import_files(store, [one])
    assert len(list(store.calls.rejected())) == 2


def trace(n: int) -> dict[str, Any]:
    """A trace of two calls and a tool, as Langfuse exports it."""
    common = {"traceId": f"t{n}", "startTime": "2026-01-01T10:00:00Z", "input": "问题", "output": "答案"}
    kinds = ("GENERATION", "TOOL", "GENERATION")
    return {"observations": [{"id": f"o{n}-{k}", "type": kind, **common} for k, kind in enumerate(kinds)]}


def test_a_trace_gives_several_calls_and_its_other_spans_are_counted(tmp_path: Path, store: Store) -> None:
    path = write(tmp_path / "traces.jsonl", lines(trace(0), record(0), trace(1)))
    report = import_files(store, [path])
    assert (report.calls, report.new, report.rejected) == (5, 5, 2)
    assert report.files[0].reasons == {"not-a-generation": 2}
    assert [call.id for call in store.calls.scan()] == ["o0-0", "o0-2", "c0", "o1-0", "o1-2"]
    aside = list(store.calls.rejected())
    assert [(r.line, json.loads(r.raw)["id"]) for r in aside] == [(1, "o0-1"), (3, "o1-1")]
    again = import_files(store, [path])
    assert (again.new, again.known, again.conflicts) == (0, 5, ())
    assert len(list(store.calls.rejected())) == 2


def test_a_page_of_an_api_is_read_though_it_is_one_document(tmp_path: Path) -> None:
    page = {"data": [trace(0), trace(1)], "meta": {"page": 1}}
    ids, rejected = read(write(tmp_path / "page.json", json.dumps(page, indent=1).encode()))
    assert ids == ["o0-0", "o0-2", "o1-0", "o1-2"]
    assert [r.reason for r in rejected] == ["not-a-generation"] * 2


def test_the_other_spans_of_a_trace_are_no_errors(tmp_path: Path) -> None:
    path = write(tmp_path / "traces.jsonl", lines(trace(0)))
    assert [call.id for call in read_calls(path)] == ["o0-0", "o0-2"]


def test_progress_ends_at_the_whole(tmp_path: Path, store: Store) -> None:
    paths = [write(tmp_path / f"{n}.jsonl.gz", lines(*map(record, range(900)))) for n in range(2)]
    seen: list[tuple[int, int, int]] = []
    import_files(store, paths, progress=lambda done, total, calls: seen.append((done, total, calls)))
    total = sum(path.stat().st_size for path in paths)
    assert seen == sorted(seen)
    assert {entry[1] for entry in seen} == {total}
    assert seen[-1] == (total, total, 1800)


def test_reading_needs_no_memory_for_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.zst"
    with zstandard.open(path, "wb") as file:
        for n in range(1500):
            file.write(lines(record(n, metadata={"noise": f"{n}" * 10_000})))
    tracemalloc.start()
    assert sum(1 for _ in read_calls(path)) == 1500
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 << 20, f"{peak:,} bytes for a file of about 50 MB"


@pytest.mark.shared
def test_every_recorded_log_is_read_without_loss(shared_data: Path) -> None:
    names = sorted((shared_data / "calls").glob("*.jsonl.zst"))
    assert len(names) == 13
    for path in names:
        with zstandard.open(path, "rt", encoding="utf-8", newline="\n") as file:
            count = sum(1 for _ in file)
        ids, rejected = read(path)
        assert (len(set(ids)), rejected) == (count, [])
