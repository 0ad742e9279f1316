"""The verbs of rightsizer in order, S1 to S6: the Python API, and the only place where stages meet.

with open_workspace("~/.rightsizer") as ws:
    import_logs(ws, [Path("calls.jsonl.zst")])
    outcome = run_loop(ws, release=True)      # = curate_log, discover_tasks, then for every task
                                              #   prepare, train_students, gate, release_student
    report = make_report(ws)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rightsizer.pipeline.audit import AuditVerification, verify_audit_log
    from rightsizer.pipeline.card import dataset_card
    from rightsizer.pipeline.collect import assignments, curate_log, discover_tasks, export_log, import_logs
    from rightsizer.pipeline.deploy import release_student, rollback_task
    from rightsizer.pipeline.edit import merge_tasks, rename_task, split_task, unmerge_task
    from rightsizer.pipeline.forget import Deletion, apply_retention, forget_subject
    from rightsizer.pipeline.keys import (
        Rotation,
        add_role_key,
        change_passphrase,
        revoke_role_key,
        rotate_keys,
    )
    from rightsizer.pipeline.learn import Learning, prepare, train_students
    from rightsizer.pipeline.lineage import Lineage, Origin, trace
    from rightsizer.pipeline.loop import RunOutcome, TaskOutcome, run_loop
    from rightsizer.pipeline.prove import evaluate_student, verify_certificate
    from rightsizer.pipeline.replay import ReplayOutcome, replay_log
    from rightsizer.pipeline.report import make_report
    from rightsizer.pipeline.workspace import Workspace, open_workspace

__all__ = [
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
    "split_task",
    "trace",
    "train_students",
    "unmerge_task",
    "verify_audit_log",
    "verify_certificate",
]

_HOMES = {
    "audit": (
        "AuditVerification",
        "verify_audit_log",
    ),
    "card": ("dataset_card",),
    "collect": (
        "assignments",
        "curate_log",
        "discover_tasks",
        "export_log",
        "import_logs",
    ),
    "deploy": (
        "release_student",
        "rollback_task",
    ),
    "edit": (
        "merge_tasks",
        "rename_task",
        "split_task",
        "unmerge_task",
    ),
    "forget": (
        "Deletion",
        "apply_retention",
        "forget_subject",
    ),
    "keys": (
        "Rotation",
        "add_role_key",
        "change_passphrase",
        "revoke_role_key",
        "rotate_keys",
    ),
    "learn": (
        "Learning",
        "prepare",
        "train_students",
    ),
    "lineage": (
        "Lineage",
        "Origin",
        "trace",
    ),
    "loop": (
        "RunOutcome",
        "TaskOutcome",
        "run_loop",
    ),
    "prove": (
        "evaluate_student",
        "verify_certificate",
    ),
    "replay": (
        "ReplayOutcome",
        "replay_log",
    ),
    "report": ("make_report",),
    "workspace": (
        "Workspace",
        "open_workspace",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # what a process does not use is not loaded: the gateway has three
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
