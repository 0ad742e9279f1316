"""Six roles by every command, verb and compartment: what is allowed, and that all else is denied."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from rightsizer import pipeline
from rightsizer.cli.app import cli as program
from rightsizer.errors import AccessDenied
from rightsizer.pipeline import Workspace, open_workspace
from rightsizer.pipeline.field_policy import field_uses, set_counting
from rightsizer.pipeline.pseudonyms import destroy_session_keys
from rightsizer.pipeline.tool_policy import set_tool_risk, tool_classes
from rightsizer.store import Rejected, open_store
from rightsizer.store.audit import read_audit
from rightsizer.store.roles import COMPARTMENTS, Compartment, Role
from rightsizer.store.sqlite import SqliteStore
from rightsizer.testing.store_contract import make_call
from rightsizer.types import Call, Dataset, DatasetRow, Evaluation, Release, Route, SetAside, Student, Task

ROLES: tuple[Role, ...] = ("ingest", "curator", "trainer", "approver", "auditor", "admin")
KEYS = tuple(role for role in ROLES if role != "admin")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
READERS = {"curator", "trainer", "approver"}  # of models

# command line → the roles that may run it, besides the admin
COMMANDS: dict[str, set[str]] = {
    "import LOG": {"curator"},
    "export OUT": {"curator"},
    "export OUT --curated": {"curator"},
    "export OUT --subject s1": {"curator"},
    "curate": {"curator"},
    "discover": {"curator"},
    "shortlist task_1": {"curator", "trainer"},
    "candidates list task_1": {"curator", "trainer"},
    "candidates models task_1": {"curator"},
    "probe task_1 --server http://127.0.0.1:9/v1 --model m": {"curator", "trainer"},
    "train task_1": {"trainer"},
    "evaluate student_1": {"trainer"},
    "evaluations measures student_1": {"trainer"},
    "evaluations judge student_1 --server http://127.0.0.1:9/v1 --model m": {"trainer"},
    "evaluations compare student_1 student_1": {"trainer"},
    "evaluations curve task_1": {"curator", "trainer"},
    "evaluations pass-k --by user": {"curator"},
    "evaluations list": READERS,
    "evaluations show evaluation_1": READERS,
    "evaluations slices evaluation_1": READERS,
    "release student_1 --shadow": {"approver"},
    "rollback task_1": {"curator", "approver"},
    "verify task_1": READERS,
    "replay LOG": {"trainer", "approver"},
    "report": {"curator"},
    "run task_1": set(),  # all of a curator's and a trainer's work in one
    "calls list": {"curator"},
    "calls list --set-aside": {"curator"},
    "calls show c1": {"curator"},
    "tasks list": READERS,
    "tasks map --html OUT": READERS,
    "tasks map --html OUT --examples": {"curator"},
    "tasks show task_1": {"curator"},
    "tasks assignments": {"curator"},
    "tasks fields task_1": {"curator"},
    "tasks fields task_1 --ignore nothing": {"curator"},
    "tasks tools task_1": {"curator"},
    "tasks tools task_1 --write nothing": {"curator"},
    "tasks rename task_1 sorted": {"curator"},
    "tasks split task_1 other --contains text": {"curator"},
    "tasks merge task_1 task_2": {"curator"},
    "tasks unmerge task_2": {"curator"},
    "tasks name task_1 --url http://127.0.0.1:9/v1 --model m": {"curator"},
    "datasets list": READERS,
    "datasets show dataset_1": READERS,
    "datasets card dataset_1": {"curator"},
    "students list": READERS,
    "students show student_1": READERS,
    "students export student_1 OUT": READERS,
    "students runtimes student_1": READERS,
    "students serve student_1": READERS,
    "routes list": READERS,
    "routes show task_1": READERS,
    "lineage c1": READERS,
    "lineage student_1": READERS,
    "deletions list": READERS,
    "deletions show deletion_1": READERS,
    "audit list": {"auditor"},
    "audit verify": {"auditor"},
    "forget --subject nobody": set(),
    "retention --days 9": set(),
    "keys add auditor ann": set(),
    "keys list": set(),
    "keys revoke nobody": set(),
    "keys rotate": set(),
    "keys passphrase --remove": set(),
}  # fmt: skip
# These open no home, or (the gateway: `tests/gateway/test_ingest_role.py`) start a server before they do.
NO_HOME = {"pii scan", "demo", "doctor", "config show", "candidates show", "candidates devices", "gateway"}
CHANGES = (
    *("import", "curate", "discover", "rollback", "release", "tasks", "forget", "keys", "shortlist"),
    *("retention", "run", "train", "candidates", "probe"),
)


def call(n: int) -> Call:
    made = make_call(f"c{n}", f"s{n // 2}", text=f"text {n}", answer=f"answer {n % 2}")
    return made.model_copy(update={"metadata": {"user": f"u{n}"}})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Role, str]]:
    """A home with one of everything, and a key for each role."""
    home = tmp_path_factory.mktemp("roles") / "home"
    row = DatasetRow(call_id="c1", group="s0", split="train", digest="0")
    ids: dict[str, Any] = {"task_id": "task_1", "dataset_id": "dataset_1"}
    with open_workspace(home) as ws:
        ws.store.calls.append(map(call, range(8)))
        ws.store.calls.reject([Rejected("f", 1, "invalid-json", "", b"{")])
        ws.store.marks.assign("template", {f"c{n}": "task_1" for n in range(8)})
        ws.store.marks.set_aside("curate", [SetAside(call_id="c7", stage="curate", reason="refusal")])
        ws.store.keep_curated("dataset_1", b"masked")
        ws.store.records.put(
            Task(id="task_1", name="sorter", output="label", n_calls=8),
            Task(id="task_2", name="other", output="label", n_calls=0),
            Dataset(id="dataset_1", task_id="task_1", content_hash="c", rows=(row,)),
            Student(id="student_1", rung="linear", method="m", artifact="a", artifact_hash="h", **ids),
            Release(
                id="release_1", task_id="task_1", student_id="student_1", certificate_id="", mode="live",
                share=1, created_at=NOW,
            ),
            Route(
                task_id="task_1", student_id="student_1", release_id="release_1", mode="live", share=1,
                threshold=0,
            ),
        )  # fmt: skip
        keys = {role: pipeline.add_role_key(ws, role, role)[0] for role in KEYS}
    return home, keys


@pytest.fixture
def as_role(made: tuple[Path, dict[Role, str]], monkeypatch: pytest.MonkeyPatch) -> Callable[[Role], Path]:
    def become(role: Role) -> Path:
        monkeypatch.delenv("RIGHTSIZER_ROLE_KEY", raising=False)
        if role != "admin":
            monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", made[1][role])
        return made[0]

    return become


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_allowed_or_denied_and_entered(
    cli, as_role: Callable[[Role], Path], tmp_path: Path, command: str, role: Role
) -> None:
    home, allowed = as_role(role), role == "admin" or role in COMMANDS[command]
    if allowed and command.startswith(CHANGES):
        home = shutil.copytree(home, tmp_path / "home")
    log = tmp_path / "log.jsonl"
    log.write_text(
        '{"id":"n","request":{"model":"m","messages":[{"role":"user","content":"a"}]},'
        '"response":{"choices":[{"message":{"role":"assistant","content":"b"}}]}}\n'
    )
    places = {"LOG": str(log), "OUT": str(tmp_path / "out.jsonl")}
    argv = [places.get(word, word) for word in command.split()]
    before = len(list(read_audit(home)))
    flags = ("--set", "encoder.enabled=false")
    ran = cli("--home", home, *flags, *argv, *(() if argv[1:2] == ["serve"] else ("--json",)))
    new = list(read_audit(home))[before:]
    refused = "may not do" in ran.err or "does not open" in ran.err
    assert refused != allowed, ran
    assert new, "nothing was entered"
    assert {entry.role for entry in new} == {role}
    assert all(entry.allowed for entry in new) if allowed else not new[-1].allowed
    if not allowed:
        assert ran.code == 1
        assert not any(entry.allowed for entry in new), "a part of it was done"
        assert not (tmp_path / "out.jsonl").exists()


def test_every_command_is_in_the_table() -> None:
    def leaves(group: click.Group, path: str = "") -> list[str]:
        names = group.list_commands(click.Context(group))
        found: list[str] = []
        for name in names:
            command = group.get_command(click.Context(group), name)
            inside = isinstance(command, click.Group)
            found += leaves(command, f"{path}{name} ") if inside else [path + name]
        return found

    every = set(leaves(program))
    covered = {name for name in every for command in COMMANDS if f"{command} ".startswith(f"{name} ")}
    assert every - covered == NO_HOME


LEARNING = {"curator", "trainer"}
# The Python API → the roles that may, besides the admin. A learning is prepared by whoever may.
VERBS: dict[str, tuple[set[str], Callable[[Workspace, Path], Any]]] = {
    "import_logs": ({"curator"}, lambda ws, to: pipeline.import_logs(ws, [to / "none.jsonl"])),
    "export_log": ({"curator"}, lambda ws, to: pipeline.export_log(ws, to / "a")),
    "export_log curated": ({"curator"}, lambda ws, to: pipeline.export_log(ws, to / "a", curated=True)),
    "export_log subject": ({"curator"}, lambda ws, to: pipeline.export_log(ws, to / "a", subject="s1")),
    "curate_log": ({"curator"}, lambda ws, to: pipeline.curate_log(ws)),
    "discover_tasks": ({"curator"}, lambda ws, to: pipeline.discover_tasks(ws)),
    "assignments": ({"curator"}, lambda ws, to: pipeline.assignments(ws)),
    "prepare": (LEARNING, lambda ws, to: pipeline.prepare(ws, Task(id="task_1", name="s", output="label"))),
    "evaluate_student": ({"trainer"}, lambda ws, to: pipeline.evaluate_student(ws, _student())),
    "verify_certificate": (READERS, lambda ws, to: pipeline.verify_certificate(ws, "task_1")),
    "release_student": ({"approver"}, lambda ws, to: pipeline.release_student(ws, _student(), mode="shadow")),
    "rollback_task": ({"curator", "approver"}, lambda ws, to: pipeline.rollback_task(ws, "task_1")),
    "replay_log": ({"trainer", "approver"}, lambda ws, to: pipeline.replay_log(ws, to / "none.jsonl")),
    "run_loop": (set(), lambda ws, to: pipeline.run_loop(ws)),
    "make_report": ({"curator"}, lambda ws, to: pipeline.make_report(ws)),
    "dataset_card": ({"curator"}, lambda ws, to: pipeline.dataset_card(ws, _dataset())),
    "trace": (READERS, lambda ws, to: pipeline.trace(ws, "student_1")),
    "rename_task": ({"curator"}, lambda ws, to: pipeline.rename_task(ws, "task_1", "x")),
    "field_uses": ({"curator"}, lambda ws, to: field_uses(ws, Task(id="task_1", name="s", output="label"))),
    "set_counting": ({"curator"}, lambda ws, to: set_counting(ws, "task_1")),
    "tool_classes": (
        {"curator"},
        lambda ws, to: tool_classes(ws, Task(id="task_1", name="s", output="label")),
    ),
    "set_tool_risk": ({"curator"}, lambda ws, to: set_tool_risk(ws, "task_1")),
    "destroy_session_keys": (set(), lambda ws, to: destroy_session_keys(ws, ["s1"])),
    "forget_subject": (set(), lambda ws, to: pipeline.forget_subject(ws, "s1")),
    "apply_retention": (set(), lambda ws, to: pipeline.apply_retention(ws, days=9)),
    "rotate_keys": (set(), lambda ws, to: pipeline.rotate_keys(ws)),
    "change_passphrase": (set(), lambda ws, to: pipeline.change_passphrase(ws, "")),
    "add_role_key": (set(), lambda ws, to: pipeline.add_role_key(ws, "admin", "x")),
    "revoke_role_key": (set(), lambda ws, to: pipeline.revoke_role_key(ws, "nobody")),
    "verify_audit_log": ({"auditor"}, lambda ws, to: pipeline.verify_audit_log(ws)),
}


def _student() -> Student:
    return Student(
        id="student_1", task_id="task_1", dataset_id="dataset_1", rung="linear", method="m", artifact="a",
        artifact_hash="h",
    )  # fmt: skip


def _dataset() -> Dataset:
    return Dataset(id="dataset_1", task_id="task_1", content_hash="c", rows=())


@pytest.mark.parametrize("role", KEYS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_of_the_library_is_allowed_or_denied(
    as_role: Callable[[Role], Path], tmp_path: Path, verb: str, role: Role
) -> None:
    allowed, act = VERBS[verb]
    home = shutil.copytree(as_role(role), tmp_path / "home") if role in allowed else as_role(role)
    denied = False
    try:
        with open_workspace(home, flags={"encoder.enabled": False}) as ws:
            act(ws, tmp_path)
    except AccessDenied:
        denied = True
    except Exception:  # noqa: BLE001 — whatever else is wrong with this small home, it was not the role
        assert role in allowed
    assert denied == (role not in allowed)
    assert (not list(read_audit(home))[-1].allowed) == denied


# compartment → what reads it and what writes to it, under the verbs: enforced by keys alone
TOUCHES: dict[Compartment, tuple[Callable[[SqliteStore], Any], ...]] = {
    "raw": (
        lambda s: s.calls.get("c1"),
        lambda s: list(s.calls.scan()),
        lambda s: list(s.calls.scan(session_id="s1")),
        lambda s: list(s.calls.rejected()),
        lambda s: list(s.marks.aside()),
        lambda s: s.salts.find_or_make("s1", 16),
        lambda s: s.calls.append([call(99)]),
        lambda s: s.calls.reject([Rejected("g", 1, "invalid-json", "", b"{")]),
    ),
    "curated": (lambda s: s.curated("dataset_1"), lambda s: s.keep_curated("d", b"x")),
    "models": (
        lambda s: s.records.list(Dataset),
        lambda s: s.records.get(Student, "student_1"),
        lambda s: s.records.put(_dataset()),
        lambda s: s.seal_artifact(b"x"),
        lambda s: s.records.list(Evaluation) or s.records.list(Route),
    ),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("compartment", TOUCHES)
def test_a_key_opens_its_compartments_and_no_other(
    as_role: Callable[[Role], Path], tmp_path: Path, compartment: Compartment, role: Role
) -> None:
    home = shutil.copytree(as_role(role), tmp_path / "home")
    for n, touch in enumerate(TOUCHES[compartment]):
        with open_store(home) as store:
            try:
                touch(store)
                opened = True
            except AccessDenied:
                opened = False
        assert opened == (compartment in COMPARTMENTS[role]), n


def test_the_table_is_that_of_the_documents() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "how-to" / "governance.md").read_text(encoding="utf-8")
    decision = (root / "docs" / "decisions" / "0014-keys-forgetting-audit.md").read_text(encoding="utf-8")
    for role in ROLES:
        opened = [c for c in ("raw", "curated", "models") if c in COMPARTMENTS[role]]
        ticks = " | ".join("✓" if c in opened else "–" for c in ("raw", "curated", "models"))
        assert f"| {role} | {ticks} |" in decision
        assert role == "admin" or f"| `{role}` |" in page


def test_a_denied_attempt_through_a_key_is_entered_too(
    as_role: Callable[[Role], Path], tmp_path: Path
) -> None:
    home = shutil.copytree(as_role("auditor"), tmp_path / "home")
    with pytest.raises(AccessDenied), open_workspace(home) as ws:
        ws.store.records.list(Student)
    entry = list(read_audit(home))[-1]
    assert (entry.action, entry.allowed, entry.role) == ("refused", False, "auditor")
    assert "models" in json.dumps(entry.on)
