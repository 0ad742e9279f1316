"""Saved points lie sealed in a run's folder, in plain outside it only, and nothing stays behind."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from rightsizer.students.artifact import Seal, is_sealed, sealed
from rightsizer.training.decoder.saved_points import opened_points, seal_points

SEAL = Seal(close=lambda b: bytes(x ^ 0x5A for x in b), open=lambda b: bytes(x ^ 0x5A for x in b))
WEIGHTS = b"weights that know Harriet Grant"


def save_point(folder: Path, step: int, best: int | None = None) -> None:
    """As transformers writes one."""
    point = folder / f"checkpoint-{step}"
    point.mkdir(parents=True)
    (point / "model.safetensors").write_bytes(WEIGHTS + b"%d" % step)
    state = {"global_step": step, "best_model_checkpoint": str(folder / f"checkpoint-{best or step}")}
    (point / "trainer_state.json").write_text(json.dumps(state))


def everything(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_points_are_sealed_as_they_come_and_opened_for_the_next_run(tmp_path: Path) -> None:
    work = tmp_path / ".training-x"
    with sealed(SEAL):
        with opened_points(work, 1) as first:
            assert first != work
            assert stat.S_IMODE(first.stat().st_mode) == 0o700
            save_point(first, 2)
            assert seal_points(first, work) == 1
            save_point(first, 4, best=2)
            assert seal_points(first, work) == 1
            assert seal_points(first, work) == 0
            assert b"Harriet" not in everything(work)
            assert all(is_sealed(p) for p in work.glob("checkpoint-*/*"))
        assert not first.exists()
        with opened_points(work, 1) as again:
            assert (again / "checkpoint-4" / "model.safetensors").read_bytes() == WEIGHTS + b"4"
            state = json.loads((again / "checkpoint-4" / "trainer_state.json").read_text())
            assert Path(state["best_model_checkpoint"]) == again / "checkpoint-2"
            assert Path(state["best_model_checkpoint"]).is_dir()


def test_points_that_the_run_dropped_are_dropped(tmp_path: Path) -> None:
    work = tmp_path / "w"
    with sealed(SEAL), opened_points(work, 1) as plain:
        save_point(plain, 2)
        seal_points(plain, work)
        (plain / "checkpoint-2").rename(plain / "checkpoint-9")
        seal_points(plain, work)
        assert [p.name for p in work.glob("checkpoint-*")] == ["checkpoint-9"]


def test_what_a_killed_run_left_in_plain_is_taken_away(tmp_path: Path) -> None:
    work = tmp_path / "w"
    with sealed(SEAL):
        killed = opened_points(work, 1)
        left = killed.__enter__()
        save_point(left, 2)
        seal_points(left, work)
        save_point(left, 4)  # not sealed in time
        with opened_points(work, 1) as plain:
            assert not left.exists()
            assert [p.name for p in plain.iterdir()] == ["checkpoint-2"]
        assert not plain.exists()


def test_points_that_lay_in_plain_are_sealed(tmp_path: Path) -> None:
    save_point(tmp_path / "w", 2)
    with sealed(SEAL), opened_points(tmp_path / "w", 1) as plain:
        assert (plain / "checkpoint-2" / "model.safetensors").read_bytes() == WEIGHTS + b"2"
        assert b"Harriet" not in everything(tmp_path / "w")


def test_a_note_never_takes_another_folder_away(tmp_path: Path) -> None:
    work, other = tmp_path / "w", tmp_path / "other"
    work.mkdir()
    other.mkdir()
    (work / "in-plain-at").write_text(str(other))
    with sealed(SEAL), opened_points(work, 1):
        pass
    assert other.is_dir()


def test_without_a_seal_the_run_writes_into_its_folder(tmp_path: Path) -> None:
    with opened_points(tmp_path / "w", 1) as points:
        assert points == tmp_path / "w"


def test_the_room_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with sealed(SEAL), opened_points(tmp_path / "w", 1 << 60) as plain:
        assert plain.parent == tmp_path
