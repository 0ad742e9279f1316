"""A trainer learns from masked copies and opens no raw call; other roles do what is theirs, no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rightsizer.errors import AccessDenied, NotFound
from rightsizer.pipeline.collect import curate_log, export_log
from rightsizer.pipeline.deploy import release_student
from rightsizer.pipeline.keys import add_role_key
from rightsizer.pipeline.learn import prepare, train_students
from rightsizer.pipeline.prove import evaluate_student
from rightsizer.pipeline.report import make_report
from rightsizer.pipeline.workspace import Workspace, open_workspace
from rightsizer.store.keys import key_path
from rightsizer.store.roles import COMPARTMENTS, Role, may, roles_that_may
from rightsizer.testing.store_contract import make_call
from rightsizer.types import Call, Task

FLAGS: dict[str, object] = {"encoder.enabled": False, "store.curated_copies": True, "gate.min_calls": 5}
SECRET = "lin.zhang@example.com"


def call(n: int) -> Call:
    label = ("billing", "delivery")[n % 2]
    return make_call(f"c{n}", f"s{n}", text=f"{SECRET} asks {label} question {n}", answer=label)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with open_workspace(tmp_path / "home", flags=FLAGS) as ws:
        ws.store.calls.append(map(call, range(120)))
        ws.store.records.put(Task(id="task_1", name="sorter", output="label", n_calls=120))
        ws.store.marks.assign("template", {f"c{n}": "task_1" for n in range(120)})
    return tmp_path / "home"


def as_role(home: Path, monkeypatch: pytest.MonkeyPatch, role: Role) -> Workspace:
    monkeypatch.delenv("RIGHTSIZER_ROLE_KEY", raising=False)
    with open_workspace(home, flags=FLAGS) as ws:
        secret = add_role_key(ws, role, role)[0]
    monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", secret)
    return open_workspace(home, flags=FLAGS)


def test_a_trainer_trains_and_evaluates_from_the_copy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_workspace(home, flags=FLAGS) as ws:
        frozen = prepare(ws, ws.find(Task, "task_1"))
    with as_role(home, monkeypatch, "trainer") as ws:
        key_path(home).rename(home / "away")
        learning = prepare(ws, ws.find(Task, "task_1"))
        assert learning == frozen
        assert not any(SECRET in m.text for e in learning.examples for m in e.prompt.messages)
        student = train_students(ws, learning, only=["tfidf-linear"])[0]
        assert evaluate_student(ws, student).n_test > 0
        with pytest.raises(AccessDenied):
            ws.store.calls.get("c0")
        with pytest.raises(AccessDenied):
            release_student(ws, student, mode="shadow")


def test_without_a_copy_the_trainer_is_told_who_makes_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_role(home, monkeypatch, "trainer") as ws, pytest.raises(NotFound) as error:
        prepare(ws, ws.find(Task, "task_1"))
    assert "curator" in error.value.hint


def test_a_curator_curates_and_may_not_train(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with as_role(home, monkeypatch, "curator") as ws:
        assert curate_log(ws).n_in == 120
        assert export_log(ws, tmp_path / "out.jsonl", curated=True).calls == 120
        learning = prepare(ws, ws.find(Task, "task_1"))
        with pytest.raises(AccessDenied):
            train_students(ws, learning)


@pytest.mark.parametrize("role", ["auditor", "approver", "trainer", "ingest"])
def test_deny_by_default(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, role: Role) -> None:
    with as_role(home, monkeypatch, role) as ws:
        for verb in (curate_log, make_report, lambda w: export_log(w, tmp_path / "out.jsonl")):
            with pytest.raises(AccessDenied):
                verb(ws)


MATRIX: dict[str, set[str]] = {
    "ingest": {"gateway", "gateway.keys"},
    "curator": {
        "import", "calls.read", "export", "export.curated", "curate", "discover", "tasks.edit", "rollback",
        "dataset", "dataset.card", "report", "models.read",
    },
    "trainer": {"curated.read", "train", "evaluate", "replay", "models.read"},
    "approver": {"release", "rollback", "replay", "models.read"},
    "auditor": {"audit.read"},
    "admin": {
        "forget", "deleted", "retention", "keys.add", "keys.destroy", "keys.list", "keys.passphrase",
        "keys.revoke", "keys.rotate", "keys.rotated",
    },
}  # fmt: skip


def test_every_action_of_the_program_is_in_the_matrix_and_every_role_may_its_own_only() -> None:
    import rightsizer

    source = Path(str(rightsizer.__file__)).parent
    used: set[str] = set()
    for path in source.rglob("*.py"):
        used |= set(re.findall(r"\.enter\(\s*\"([a-z._]+)\"", path.read_text(encoding="utf-8")))
    everything = set().union(*MATRIX.values())
    assert used <= everything
    for role in COMPARTMENTS:
        allowed = {action for action in everything if may(role, action)}
        assert allowed == (everything if role == "admin" else MATRIX[role])


def test_the_table_of_actions() -> None:
    assert may("admin", "an action nobody has thought of")
    for role in COMPARTMENTS:
        assert role == "admin" or not may(role, "an action nobody has thought of")
        assert role == "admin" or not may(role, "keys.rotate")
    assert roles_that_may("release") == ("approver", "admin")


def test_nothing_of_a_student_is_on_the_disk_in_plain_form_and_equal_students_have_equal_hashes(
    home: Path, tmp_path: Path
) -> None:
    from rightsizer.errors import ArtifactError
    from rightsizer.pipeline.predict import artifact_seal, load_verified, student_folder
    from rightsizer.students.artifact import ARRAYS, load_student, read, save, sealed

    with open_workspace(home, flags=FLAGS) as ws:
        learning = prepare(ws, ws.find(Task, "task_1"))
        students = [train_students(ws, learning, only=["tfidf-linear"])[0] for _ in range(2)]
        folder = student_folder(ws, students[0])
        data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert b"delivery" not in data
        assert b"params" not in data
        assert students[0].artifact_hash == students[1].artifact_hash
        request = learning.examples[0].prompt
        answer = load_verified(ws, students[0]).predict([request])[0].message
        assert answer is not None
        assert answer.text in ("billing", "delivery")
        with pytest.raises(ArtifactError, match="sealed"):
            load_student(folder)
        with sealed(artifact_seal(ws)):
            artifact = read(folder)
        plain = tmp_path / "plain"
        assert (
            save(artifact, plain) == students[0].artifact_hash
        )  # of what the files say, however they are kept
        weights = (plain / ARRAYS).read_bytes()
        assert weights[8:200] not in data  # names and shapes of arrays
        assert weights[-200:] not in data  # numbers
        assert (folder / ARRAYS).stat().st_size < len(weights) + 200
        spoiled = bytearray((folder / ARRAYS).read_bytes())
        spoiled[-1] ^= 1
        (folder / ARRAYS).write_bytes(spoiled)
        with pytest.raises(ArtifactError, match="altered"):
            load_verified(ws, students[0])
        (folder / ARRAYS).write_bytes(spoiled[:40])
        with pytest.raises(ArtifactError, match="cut off"):
            load_verified(ws, students[0])
