"""What export writes, import reads, equal."""

from __future__ import annotations

import itertools
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rightsizer.capture import read_calls, write_calls
from rightsizer.errors import InputError
from rightsizer.testing.call_strategy import calls
from rightsizer.testing.store_contract import make_call
from rightsizer.types import Call


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=st.lists(calls, min_size=1, max_size=4))
def test_any_calls_come_back_equal(tmp_path: Path, name: str, batch: list[Call]) -> None:
    assert write_calls(batch, tmp_path / name) == len(batch)
    assert list(read_calls(tmp_path / name)) == batch


def test_equal_calls_give_equal_files(tmp_path: Path) -> None:
    batch = [make_call(f"c{n}") for n in range(5)]
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_calls(batch, tmp_path / name)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_calls([make_call("old")], path)

    def breaks() -> Iterator[Call]:
        yield make_call("new")
        raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        write_calls(breaks(), path)
    assert [call.id for call in read_calls(path)] == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]


def test_an_export_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_calls([make_call("a")], tmp_path / "out.jsonl")
    assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write") as error:
        write_calls([make_call("a")], tmp_path / "missing" / "out.jsonl")
    assert error.value.hint


@pytest.mark.shared
def test_recorded_logs_are_exported_as_they_came(shared_data: Path, tmp_path: Path) -> None:
    for path in sorted((shared_data / "calls").glob("*.jsonl.zst")):
        write_calls(itertools.islice(read_calls(path), 150), tmp_path / "out.jsonl")
        with zstandard.open(path, "rt", encoding="utf-8", newline="\n") as file:
            for written, original in zip((tmp_path / "out.jsonl").open(encoding="utf-8"), file, strict=False):
                assert json.loads(written) == json.loads(original)
