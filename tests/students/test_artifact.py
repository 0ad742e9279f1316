"""A student's folder: what was saved is what is loaded, and nothing else is."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import numpy as np
import pytest

from rightsizer.errors import ArtifactError
from rightsizer.students.artifact import (
    MANIFEST,
    SEALED,
    Artifact,
    Seal,
    artifact_hash,
    artifact_size,
    load_student,
    read,
    save,
    sealed,
)
from rightsizer.students.cache import MajorityStudent
from rightsizer.testing.label_calls import answer, requests


def student() -> Artifact:
    return MajorityStudent(answer("yes"), 0.75).to_artifact()


def edit_manifest(folder: Path, **fields: object) -> None:
    path = folder / MANIFEST
    manifest = json.loads(path.read_text())
    manifest.update(fields)
    path.write_text(json.dumps(manifest))


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.zeros(0, np.int32)}
    save(Artifact("majority", {"文": ["ü\ud800", None, 1.5]}, arrays, "enc-1"), tmp_path)
    found = read(tmp_path)
    assert (found.kind, found.params, found.encoder) == ("majority", {"文": ["ü\ud800", None, 1.5]}, "enc-1")
    assert found.arrays["a"].dtype == np.float16
    assert np.array_equal(found.arrays["a"], arrays["a"])
    assert found.arrays["b"].shape == (0,)


def test_further_files_are_kept_and_checked(tmp_path: Path) -> None:
    save(Artifact("majority", {}, blobs={"encoder.onnx": b"\x00graph"}), tmp_path)
    assert read(tmp_path).blobs == {"encoder.onnx": b"\x00graph"}
    (tmp_path / "encoder.onnx").write_bytes(b"\x00grapf")
    with pytest.raises(ArtifactError, match="not the file that was saved"):
        read(tmp_path)


def test_saving_twice_gives_the_same_hash(tmp_path: Path) -> None:
    first = save(student(), tmp_path / "one")
    assert first == save(student(), tmp_path / "two")
    assert first == save(student(), tmp_path / "one")
    assert artifact_size(tmp_path / "one") == sum(p.stat().st_size for p in (tmp_path / "one").iterdir())


def test_a_folder_of_the_first_sealed_form_is_read_under_its_old_hash(tmp_path: Path) -> None:
    seal = Seal(close=lambda b: b[::-1], open=lambda b: b[::-1])
    save(Artifact("majority", {"a": 1}, {"w": np.ones(3)}), tmp_path)
    manifest = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(b"RZART\x01" + seal.close(manifest))
    with sealed(seal):
        before = artifact_hash(tmp_path)
        assert read(tmp_path).params == {"a": 1}
        (tmp_path / MANIFEST).write_bytes(b"RZART\x01" + seal.close(manifest + b" "))
        assert artifact_hash(tmp_path) != before
    (tmp_path / MANIFEST).write_bytes(b"RZART\x01" + seal.close(manifest))
    assert artifact_hash(tmp_path) == before  # of the bytes on the disk: no seal is needed


def test_long_files_are_sealed_in_numbered_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rightsizer.students.artifact._CHUNK", 100)
    seal = Seal(close=lambda b: bytes(x ^ 7 for x in b), open=lambda b: bytes(x ^ 7 for x in b))
    content = bytes(range(250))
    with sealed(seal):
        save(Artifact("majority", {}, blobs={"graph": content, "empty": b""}), tmp_path)
        assert read(tmp_path).blobs == {"graph": content, "empty": b""}
        assert content[:16] not in (tmp_path / "graph").read_bytes()
        whole = (tmp_path / "graph").read_bytes()
        size = 8 + int.from_bytes(whole[len(SEALED) : len(SEALED) + 8], "big")
        first, rest = whole[len(SEALED) : len(SEALED) + size], whole[len(SEALED) + size :]
        for spoiled in (
            rest[:size] + first + rest[size:],
            first,
            first + rest + first,
        ):  # moved, cut, repeated
            (tmp_path / "graph").write_bytes(SEALED + spoiled)
            with pytest.raises(ArtifactError, match=r"not the file|cut off"):
                read(tmp_path)
    with pytest.raises(ArtifactError, match="is sealed"):
        read(tmp_path)


def test_saving_leaves_nothing_of_what_was_there(tmp_path: Path) -> None:
    clean = save(student(), tmp_path / "clean")
    (tmp_path / "dirty").mkdir()
    (tmp_path / "dirty" / "left-over.bin").write_bytes(b"x")
    assert save(student(), tmp_path / "dirty") == clean


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    save(student(), tmp_path / "s")
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o700
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in (tmp_path / "s").iterdir())


def test_hash_sees_contents_names_and_additions(tmp_path: Path) -> None:
    original = save(student(), tmp_path)
    (tmp_path / "more").write_text("x")
    added = artifact_hash(tmp_path)
    (tmp_path / "more").rename(tmp_path / "other")
    renamed = artifact_hash(tmp_path)
    (tmp_path / "other").write_text("y")
    assert len({original, added, renamed, artifact_hash(tmp_path)}) == 4


def test_loaded_student_predicts(tmp_path: Path) -> None:
    save(student(), tmp_path)
    predicted = load_student(tmp_path).predict(requests(["a", "b"]))
    assert [p.message for p in predicted] == [answer("yes")] * 2
    assert predicted[0].confidence == 0.75


def test_altered_arrays_are_refused(tmp_path: Path) -> None:
    save(Artifact("majority", {}, {"a": np.ones(4)}), tmp_path)
    path = tmp_path / "arrays.safetensors"
    blob = bytearray(path.read_bytes())
    blob[-1] ^= 1
    path.write_bytes(bytes(blob))
    with pytest.raises(ArtifactError, match="not the file that was saved"):
        read(tmp_path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    save(student(), tmp_path)
    (tmp_path / "arrays.safetensors").unlink()
    with pytest.raises(ArtifactError, match="missing"):
        load_student(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"format": "1"}', '{"format": 1}'])
def test_unsound_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(ArtifactError):
        load_student(tmp_path)


def test_newer_format_asks_for_an_upgrade(tmp_path: Path) -> None:
    save(student(), tmp_path)
    edit_manifest(tmp_path, format=99)
    with pytest.raises(ArtifactError, match="format 99") as caught:
        load_student(tmp_path)
    assert "upgrade" in caught.value.hint


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    save(Artifact("oracle", {}), tmp_path)
    with pytest.raises(ArtifactError, match="unknown kind 'oracle'"):
        load_student(tmp_path)


def test_params_that_lack_a_field_are_refused(tmp_path: Path) -> None:
    save(Artifact("majority", {"share": 1.0}), tmp_path)
    with pytest.raises(ArtifactError, match="sound"):
        load_student(tmp_path)


def test_a_file_name_cannot_lead_outside(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    save(student(), tmp_path / "s")
    edit_manifest(tmp_path / "s", files={"../secret": "0" * 64})
    with pytest.raises(ArtifactError, match="missing"):
        read(tmp_path / "s")


def test_another_encoder_is_refused(tmp_path: Path) -> None:
    class Other:
        identity = "enc-2"
        size = 2

    save(Artifact("majority", {"answer": None, "share": 0, "reason": ""}, {}, "enc-1"), tmp_path)
    with pytest.raises(ArtifactError, match="enc-1; this is enc-2"):
        load_student(tmp_path, encoder=Other())  # type: ignore[arg-type]


def test_no_student_at_all(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no student"):
        load_student(tmp_path)
    with pytest.raises(ArtifactError, match="empty"):
        artifact_hash(tmp_path)
    with pytest.raises(ArtifactError, match="missing"):
        artifact_hash(tmp_path / "nowhere")
