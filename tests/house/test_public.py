"""The public face: the Python API, pinned, so that a change to it is a decision."""

from __future__ import annotations

import inspect

import pytest

VERBS = {
    "add_role_key",
    "apply_retention",
    "assignments",
    "change_passphrase",
    "curate_log",
    "dataset_card",
    "discover_tasks",
    "evaluate_student",
    "export_log",
    "forget_subject",
    "import_logs",
    "make_report",
    "merge_tasks",
    "open_workspace",
    "prepare",
    "release_student",
    "rename_task",
    "replay_log",
    "revoke_role_key",
    "rollback_task",
    "rotate_keys",
    "run_loop",
    "trace",
    "train_students",
    "verify_audit_log",
    "split_task",
    "unmerge_task",
    "verify_certificate",
}
TYPES = {
    "AuditVerification",
    "Deletion",
    "Learning",
    "Lineage",
    "Origin",
    "ReplayOutcome",
    "Rotation",
    "RunOutcome",
    "TaskOutcome",
    "Workspace",
}


def test_the_python_api_is_what_it_was() -> None:
    from rightsizer import pipeline

    assert set(pipeline.__all__) == VERBS | TYPES
    assert list(pipeline.__all__) == sorted(pipeline.__all__)


@pytest.mark.parametrize("name", sorted(VERBS | TYPES))
def test_every_public_name_is_documented_and_typed(name: str) -> None:
    from rightsizer import pipeline

    thing = getattr(pipeline, name)
    assert inspect.getdoc(thing)
    if name in VERBS:
        signature = inspect.signature(thing)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())


LISTENER = {"close", "is_recording", "recorded", "session", "wrap"}


def test_the_listeners_api_is_what_it_was() -> None:
    from rightsizer import listener

    assert listener.__all__ == ["Listener"]
    public = {name for name in vars(listener.Listener) if not name.startswith("_")}
    assert public == LISTENER
    assert all(inspect.getdoc(getattr(listener.Listener, name)) for name in public)
