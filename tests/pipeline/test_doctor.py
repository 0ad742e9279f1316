"""What `doctor` says of records that are not in the store."""

from __future__ import annotations

from pathlib import Path

from rightsizer.gateway.segments import segments_folder, spill_folder
from rightsizer.pipeline.doctor import Check, examine
from rightsizer.store.sqlite import open_store


def records(home: Path) -> list[Check]:
    return [check for check in examine(str(home), {}) if check.name == "gateway's records"]


def test_records_on_the_second_disk_are_told(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    assert records(tmp_path) == [], "no gateway ran here"
    segments_folder(tmp_path).mkdir(parents=True)
    (segments_folder(tmp_path) / "seg_1.seg").write_bytes(b"x" * 2_500_000)
    (check,) = records(tmp_path)
    assert check.ok
    assert check.detail.startswith("2.5 MB wait")
    spill_folder(tmp_path).mkdir()
    (spill_folder(tmp_path) / "seg_2.seg").write_bytes(b"")
    (check,) = records(tmp_path)
    assert not check.ok
    assert not check.required
    assert "1 files on the second disk" in check.detail
    assert "--index" in check.hint
