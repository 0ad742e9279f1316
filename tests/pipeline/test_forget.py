"""Forget: whole sessions, everything that was derived is named, and no trace opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rightsizer.errors import AccessDenied, ArtifactError, InputError, StoreError
from rightsizer.gateway.indexer import Feedback
from rightsizer.pipeline.audit import verify_audit_log
from rightsizer.pipeline.forget import Deletion, apply_retention, forget_subject
from rightsizer.pipeline.keys import add_role_key, rotate_keys
from rightsizer.pipeline.lineage import trace
from rightsizer.pipeline.subject import belongs_to, holds, line_holds
from rightsizer.pipeline.workspace import Workspace, open_workspace
from rightsizer.store import Rejected
from rightsizer.store.audit import read_audit
from rightsizer.testing.store_contract import file_bytes, make_call
from rightsizer.types import Call, Dataset, DatasetRow, Release, Route, Student, Task, ToolCallPart

NOW = datetime.now(UTC)


def call(n: int, user: str, text: str = "") -> Call:
    made = make_call(f"call-{n}", f"{user}-{n // 2}", text=text or f"text {n}", answer=f"answer {n}")
    return made.model_copy(update={"metadata": {"user": {"id": user}}, "timestamp": NOW - timedelta(days=n)})


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = open_workspace(tmp_path / "home")
    # One session of Lin names her once only; its other call has no metadata at all.
    bare = make_call("call-1", "lin-0", text="张琳 is at home", answer="noted")
    made.store.calls.append([call(0, "lin"), bare, *(call(n, "bo") for n in range(2, 8))])
    made.store.calls.reject(
        [Rejected("f", n, "invalid-json", "", t) for n, t in enumerate((b'"lin', b'{"u":"lin"'))]
    )
    rows = [DatasetRow(call_id=f"call-{n}", group="lin-0", split="train", digest="0") for n in (0, 2)]
    made.store.records.put(
        Task(id="task_1", name="sorter", output="label", example_call_id="call-0"),
        Dataset(id="dataset_1", task_id="task_1", content_hash="c", rows=tuple(rows)),
        Dataset(id="dataset_2", task_id="task_1", content_hash="d", rows=(rows[1],)),
        Student(
            id="student_1", task_id="task_1", dataset_id="dataset_1", rung="linear", method="m",
            artifact="a", artifact_hash="h",
        ),
        Release(
            id="release_1", task_id="task_1", student_id="student_1", certificate_id="", mode="live",
            share=1, created_at=NOW,
        ),
        Route(
            task_id="task_1", student_id="student_1", release_id="release_1", mode="live",
            share=1, threshold=0,
        ),
        Feedback(id="f1", at=NOW, metric_name="ok", value=True, call_id="call-0"),
        Feedback(id="f2", at=NOW, metric_name="ok", value=True, call_id="call-2"),
    )  # fmt: skip
    return made


def test_whole_sessions_of_the_subject_go_and_what_learned_is_named(ws: Workspace) -> None:
    done = forget_subject(ws, "lin")
    assert (done.calls, done.sessions, done.unreadable_lines, done.feedback) == (2, 1, 1, 1)
    assert (done.datasets, done.students, done.releases) == (("dataset_1",), ("student_1",), ("release_1",))
    assert [c.id for c in ws.store.calls.scan()] == [f"call-{n}" for n in range(2, 8)]
    assert [f.id for f in ws.store.records.list(Feedback)] == ["f2"]
    assert ws.store.records.list(Deletion) == [done]


def test_no_record_names_the_subjects_calls_and_lineage_still_answers(ws: Workspace) -> None:
    forget_subject(ws, "lin")
    dataset = ws.store.records.get(Dataset, "dataset_1")
    assert [r.call_id.split("-")[0] for r in dataset.rows] == ["forgotten", "call"]
    assert ws.store.records.get(Task, "task_1").example_call_id is None
    assert [node.id for node in trace(ws, "call-0").down] == ["dataset_1"]


def test_surrogates_in_exports_can_not_be_drawn_again(ws: Workspace) -> None:
    from rightsizer.pipeline.pseudonyms import find_session_key

    assert find_session_key(ws, "", "lin-0")
    forget_subject(ws, "lin")
    assert find_session_key(ws, "", "lin-0") is None
    assert find_session_key(ws, "", "bo-1")


def test_a_dry_run_changes_nothing(ws: Workspace) -> None:
    before = list(ws.store.calls.scan())
    done = forget_subject(ws, "lin", dry_run=True)
    assert (done.calls, done.students, done.dry_run) == (2, ("student_1",), True)
    assert list(ws.store.calls.scan()) == before
    assert ws.store.records.list(Deletion) == []


def test_rollback_gives_the_task_back(ws: Workspace) -> None:
    assert forget_subject(ws, "lin", rollback=True).rolled_back == ("release_1",)
    assert ws.store.records.list(Route) == []
    assert ws.store.records.get(Release, "release_1").ended_by == "forget"


@pytest.mark.parametrize("value", ["张琳", "IS AT HOME", "text 5"])
def test_a_value_is_found_wherever_it_stands(ws: Workspace, value: str) -> None:
    assert forget_subject(ws, values=[value]).calls == 2


def test_nobody_is_an_error_and_an_unknown_subject_is_not(ws: Workspace) -> None:
    with pytest.raises(InputError):
        forget_subject(ws)
    with pytest.raises(InputError):
        forget_subject(ws, values=[""])
    assert forget_subject(ws, "nobody").calls == 0


def test_doing_it_again_finds_nothing_left(ws: Workspace) -> None:
    forget_subject(ws, "lin")
    assert forget_subject(ws, "lin").calls == 0


def test_the_name_is_in_no_file_of_the_home(ws: Workspace) -> None:
    """Neither the report nor the audit log may keep what they say is gone."""
    forget_subject(ws, "lin", values=["张琳"])
    home = ws.home
    assert verify_audit_log(ws).faults == ()
    assert "lin" not in [value for entry in read_audit(home) for value in entry.on.values()]
    ws.close()
    data = file_bytes(home)
    assert "张琳".encode() not in data
    assert b"lin-0" not in data


def test_age_takes_single_calls_and_bars_nothing(ws: Workspace) -> None:
    done = apply_retention(ws, days=4.5)
    assert (done.why, done.calls) == ("retention", 3)
    assert [c.id for c in ws.store.calls.scan()] == [f"call-{n}" for n in range(5)]
    assert ws.store.calls.append([call(5, "bo")]).new == 1


def test_without_an_age_nothing_is_deleted(ws: Workspace) -> None:
    with pytest.raises(InputError, match="no age"):
        apply_retention(ws)


@pytest.mark.parametrize("at", ["_roll_back", "_redact", "destroy_salts", "erase", "_finish"])
@pytest.mark.parametrize("after", [False, True])
def test_cut_off_anywhere_it_is_ended_by_the_next_run_and_no_report_is_lost(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, at: str, after: bool
) -> None:
    from rightsizer.pipeline import forget

    class Killed(BaseException):
        pass

    owner: object = ws.store.calls if at == "erase" else forget
    real = getattr(owner, at)

    def killed(*args: object, **named: object) -> None:
        if after:
            real(*args, **named)
        raise Killed

    monkeypatch.setattr(owner, at, killed)
    with pytest.raises(Killed):
        forget_subject(ws, "lin", rollback=True)
    monkeypatch.undo()
    done = forget_subject(ws, "lin", rollback=True)
    assert [c.id for c in ws.store.calls.scan()] == [f"call-{n}" for n in range(2, 8)]
    reports = ws.store.records.list(Deletion)
    assert reports[-1] == done
    assert all(report.finished for report in reports)
    assert {i for report in reports for i in report.datasets} == {"dataset_1"}
    assert {i for report in reports for i in report.students} == {"student_1"}
    assert ws.store.records.get(Release, "release_1").ended_by == "forget"
    rows = ws.store.records.get(Dataset, "dataset_1").rows
    assert [r.call_id.split("-")[0] for r in rows] == ["forgotten", "call"]
    assert ws.store.calls.append([call(0, "lin")]).new == 0


def test_a_dataset_frozen_by_another_process_meanwhile_is_named_and_redacted(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ws.store.calls.erase
    row = DatasetRow(call_id="call-0", group="lin-0", split="train", digest="0")

    def erase(*args: object, **named: object) -> object:
        late = Dataset(id="dataset_late", task_id="task_1", content_hash="c", rows=(row,))
        ws.store.records.put(late)
        ws.store.keep_curated("dataset_late", b"masked")
        return real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ws.store.calls, "erase", erase)
    assert forget_subject(ws, "lin").datasets == ("dataset_1", "dataset_late")
    assert "lin" not in ws.store.records.get(Dataset, "dataset_late").model_dump_json()
    assert ws.store.curated("dataset_late") is None


def test_what_is_forgotten_while_a_log_is_curated_or_frozen_goes_all_the_same(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process forgets after this one has read the calls and before it writes."""
    from rightsizer.pipeline import collect, curate_log, learn, prepare
    from rightsizer.store import open_store

    def while_reading(name: str, module: object) -> None:
        real = getattr(module, name)

        def slow(*args: object, **named: object) -> object:
            made = real(*args, **named)
            with open_store(ws.home) as other:
                other.calls.erase(["call-0", "call-1"], sessions=["lin-0"])
            return made

        monkeypatch.setattr(module, name, slow)

    empty = make_call("call-1", "lin-0", text="hello", answer="")
    ws.store.calls.erase(["call-1"])
    ws.store.calls.append([empty])
    while_reading("curate", collect)
    funnel = curate_log(ws)
    assert dict(funnel.dropped)["error"] == 1
    assert list(ws.store.marks.aside()) == []
    monkeypatch.undo()
    ws.store.marks.assign("template", {f"call-{n}": "task_1" for n in range(2, 8)})
    while_reading("_frozen", learn)
    with pytest.raises(StoreError, match="deleted each time"):
        prepare(ws, ws.store.records.get(Task, "task_1"))
    assert [d.id for d in ws.store.records.list(Dataset)] == ["dataset_1", "dataset_2"]


def test_a_role_may_not_and_that_is_written_down(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, made = add_role_key(ws, "curator", "night job")
    monkeypatch.setenv("RIGHTSIZER_ROLE_KEY", secret)
    with open_workspace(ws.home) as curator:
        with pytest.raises(AccessDenied, match="curator") as denied:
            forget_subject(curator, "lin")
        assert "admin" in denied.value.hint
        with pytest.raises(AccessDenied):
            rotate_keys(curator)
    assert ws.store.calls.count() == 8
    last = list(read_audit(ws.home))[-2:]
    assert [(e.action, e.allowed, e.role, e.key) for e in last] == [
        ("forget", False, "curator", made.id),
        ("keys.rotate", False, "curator", made.id),
    ]


def test_what_the_gateway_recorded_and_nobody_indexed_goes_too(ws: Workspace) -> None:
    import orjson

    from rightsizer.gateway.segments import BEGIN, Segment, segments_folder

    segments_folder(ws.home).mkdir(parents=True)
    segment = Segment(segments_folder(ws.home), ws.store.writing_key)
    body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "I am lin"}]})
    meta = {"id": "seg-call", "session_id": "s", "api": "chat", "at": 1.0, "path": "/v1/chat/completions"}
    segment.append(BEGIN, orjson.dumps(meta), body)
    assert forget_subject(ws, values=["I am lin"]).segments_being_written == 1
    segment.close()
    forget_subject(ws, values=["I am lin"])
    assert list(segments_folder(ws.home).glob("*.seg")) == []
    assert not any(holds(c, "I am lin") for c in ws.store.calls.scan())


def test_values_are_found_in_json_escapes_and_arguments() -> None:
    made = make_call("c")
    assert made.response is not None
    parts = (ToolCallPart(name="f", arguments='{"name": "\\u5f20\\u7433"}'),)
    made = made.model_copy(update={"response": made.response.model_copy(update={"parts": parts})})
    assert holds(made, "张琳")
    assert not holds(made, "张林")
    assert not holds(made, "")
    assert line_holds(b'{"a": "\\u5F20\\u7433', (), ["张琳"])
    assert belongs_to(made.model_copy(update={"extra": {"a": [{"b": 7}]}}), {"7"})
    assert not belongs_to(made, {"7"})


def test_a_student_of_a_forgotten_dataset_is_not_evaluated_again(ws: Workspace) -> None:
    from rightsizer.tasks.dataset import materialise

    forget_subject(ws, "lin")
    with pytest.raises(ArtifactError, match="content hash"):
        materialise(
            ws.store.records.get(Dataset, "dataset_1"),
            ws.store.calls.scan(),
            lambda c: (c.request, c.response),
        )  # type: ignore[arg-type,return-value]
