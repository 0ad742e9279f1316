"""Weights lie sealed, are in plain only while somebody reads them, and are the same afterwards."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rightsizer.errors import ArtifactError
from rightsizer.students import artifact
from rightsizer.students.artifact import Seal, artifact_hash, current_seal, is_sealed, sealed
from rightsizer.students.sealed_weights import open_into, opened_folder, seal_folder

SEAL = Seal(close=lambda b: bytes(x ^ 0x5A for x in b), open=lambda b: bytes(x ^ 0x5A for x in b))
FILES = {
    "adapter.safetensors": b"weights " * 9,
    "tokenizer.json": b"{}",
    "empty": b"",
    "deep/er.bin": b"x" * 41,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(artifact, "_CHUNK", 20)
    for name, content in FILES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "model"


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_sealed_and_opened_again(folder: Path) -> None:
    before = artifact_hash(folder)
    with sealed(SEAL):
        assert seal_folder(folder) == len(FILES)
        assert seal_folder(folder) == 0
        assert artifact_hash(folder) == before
    on_disk = contents(folder)
    assert on_disk.keys() == FILES.keys()
    assert all(is_sealed(folder / name) for name in FILES)
    assert b"weights" not in b"".join(on_disk.values())
    with opened_folder(folder, SEAL) as plain:
        assert contents(plain) == FILES
        assert plain != folder
        assert stat.S_IMODE(plain.stat().st_mode) == 0o700
        assert {stat.S_IMODE((plain / name).stat().st_mode) for name in FILES} == {0o600}
    assert not plain.exists()
    assert current_seal() is None


def test_the_copy_is_gone_when_reading_fails(folder: Path) -> None:
    with sealed(SEAL):
        seal_folder(folder)
    with pytest.raises(ValueError, match="no model"), opened_folder(folder, SEAL) as plain:
        raise ValueError("no model")
    assert not plain.exists()


def test_without_a_seal_nothing_is_sealed_and_nothing_is_copied(folder: Path) -> None:
    assert seal_folder(folder) == 0
    with opened_folder(folder) as plain:
        assert plain == folder
        assert contents(plain) == FILES


def test_sealed_weights_need_the_seal(folder: Path) -> None:
    with sealed(SEAL):
        seal_folder(folder)
    with pytest.raises(ArtifactError, match="is sealed"), opened_folder(folder):
        pass


@pytest.mark.parametrize("damage", ["cut", "swapped", "longer"])
def test_a_damaged_file_is_noticed(folder: Path, tmp_path: Path, damage: str) -> None:
    with sealed(SEAL):
        seal_folder(folder)
    path = folder / "adapter.safetensors"
    content = path.read_bytes()
    piece = 8 + 16 + 20
    head = len(artifact.SEALED)
    path.write_bytes(
        {
            "cut": content[:-3],
            "swapped": content[:head]
            + content[head + piece : head + 2 * piece]
            + content[head : head + piece],
            "longer": content + b"\0",
        }[damage]
    )
    with pytest.raises(ArtifactError), opened_folder(folder, SEAL):
        pass


def test_for_a_foreign_server_in_plain_for_the_owner_only(folder: Path, tmp_path: Path) -> None:
    with sealed(SEAL):
        seal_folder(folder)
    out = tmp_path / "served"
    for _ in range(2):
        made = open_into(folder, out, SEAL)
        assert contents(out) == FILES
        assert {stat.S_IMODE(p.stat().st_mode) for p in made} == {0o600}
