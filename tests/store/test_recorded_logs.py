"""The recorded logs, stored: nothing lost, and far smaller."""

from __future__ import annotations

from pathlib import Path

import pytest
import zstandard

from rightsizer.capture import import_files, read_calls
from rightsizer.store import open_store


def json_size(path: Path) -> int:
    with zstandard.open(path, "rb") as file:
        return sum(len(chunk) for chunk in iter(lambda: file.read(1 << 20), b""))


@pytest.mark.shared
def test_agent_loops_are_stored_at_least_15_times_smaller(shared_data: Path, tmp_path: Path) -> None:
    paths = [shared_data / "calls" / name for name in ("tau_bench_v1.jsonl.zst", "tau2_sft_small.jsonl.zst")]
    with open_store(tmp_path) as store:
        report = import_files(store, paths)
        assert (report.rejected, report.conflicts) == (0, ())
        assert report.new == report.calls == store.calls.count() > 2_000
        for stored, read in zip(
            store.calls.scan(), (c for path in paths for c in read_calls(path)), strict=True
        ):
            assert stored == read
        again = import_files(store, paths)
        assert (again.new, again.known) == (0, report.calls)
    stored_bytes = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert sum(map(json_size, paths)) > 15 * stored_bytes
