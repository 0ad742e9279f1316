"""From a proof to a route, and back: release, rollback, verify, replay."""

from __future__ import annotations

from pathlib import Path

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace


@click.command()
@click.argument("student")
@click.option("--shadow", "mode", flag_value="shadow", help="Compare beside the LLM, never answer.")
@click.option(
    "--canary",
    "canary",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="Answer this share of the calls.",
)
@click.option("--live", "mode", flag_value="live", help="Answer every call it is sure of.")
@json_option
def release(student: str, mode: str | None, canary: float | None, as_json: bool) -> None:
    """Put STUDENT on its task: --shadow, --canary SHARE, or --live. Canary and live need a passed gate.

    \b
    rightsizer release student_01a… --canary 0.05
    rightsizer release student_01a… --live
    """
    from rightsizer.pipeline import release_student
    from rightsizer.types import Mode, Student

    if (mode is None) == (canary is None):
        raise click.UsageError("give exactly one of --shadow, --canary SHARE, --live")
    chosen: Mode = "canary" if canary is not None else ("live" if mode == "live" else "shadow")
    with workspace() as ws:
        done = release_student(ws, ws.find(Student, student), mode=chosen, share=canary or 1.0)
    if as_json:
        emit_json(done)
    else:
        share = f" · {done.share:.0%} of the calls" if done.mode == "canary" else ""
        console().print(
            f"[green]released[/] {done.student_id} · {done.mode}{share}\n"
            f"undo: rightsizer rollback {done.task_id}"
        )


@click.command()
@click.argument("task")
@json_option
def rollback(task: str, as_json: bool) -> None:
    """Give TASK back to the LLM, at once."""
    from rightsizer.pipeline import rollback_task
    from rightsizer.types import Task

    with workspace() as ws:
        ended = rollback_task(ws, ws.find(Task, task).id)
    if as_json:
        emit_json({"ended": ended})
    else:
        console().print(
            f"{len(ended)} release ended; the LLM answers this task" if ended else "no release was open"
        )


@click.command()
@click.argument("certificate")
@json_option
def verify(certificate: str, as_json: bool) -> int:
    """Recompute CERTIFICATE from its evidence, offline: signature, files, threshold, bounds.

    Or name the task, student or release that it is about. Exit code 3 if it does not hold.
    """
    from rightsizer.cli.tables import print_verification
    from rightsizer.pipeline import verify_certificate

    with workspace() as ws:
        result = verify_certificate(ws, certificate)
    if as_json:
        emit_json({"ok": result.ok, "checks": result.checks})
    else:
        print_verification(result, console())
    return 0 if result.ok else 3


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "format_", default="auto", show_default=True, help="Dialect of the file.")
@json_option
def replay(file: Path, format_: str, as_json: bool) -> None:
    """Send the requests of a log through the current routes, offline, and compare with what the LLM said.

    Nothing is stored and no model server is called: what a student does not answer counts as the LLM's.

    \b
    rightsizer replay held-out.jsonl
    """
    from rightsizer.cli.tables import print_replay
    from rightsizer.pipeline import replay_log

    with workspace() as ws, progress_bar(as_json) as progress:
        outcome = replay_log(ws, file, format=format_, progress=progress)
    emit_json(outcome) if as_json else print_replay(outcome, console())
