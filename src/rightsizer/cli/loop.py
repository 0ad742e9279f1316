"""The verbs of the loop, S1 to S5 and the gate."""

from __future__ import annotations

from pathlib import Path

import click

from rightsizer.cli.context import console, emit_json, json_option, parse_flags, progress_bar, workspace
from rightsizer.cli.probe import prompted_candidate, server_options

FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.command(name="import")
@FILES
@click.option("--format", "format_", default="auto", show_default=True, help="Dialect of the files.")
@json_option
def import_(files: tuple[Path, ...], format_: str, as_json: bool) -> int:
    """Read logs of model calls (.jsonl, .gz, .zst). The same file twice adds nothing.

    Exit code 1 when not a single line was a call.

    \b
    rightsizer import calls.jsonl.zst
    rightsizer import --format fine-tuning train.jsonl
    """
    from rightsizer.cli.tables import print_import
    from rightsizer.pipeline import import_logs

    with workspace(create=True) as ws, progress_bar(as_json) as progress:
        done = import_logs(ws, files, format=format_, progress=progress)
    emit_json(done) if as_json else print_import(done, console())
    return 0 if any(f.calls for f in done.files) else 1


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--curated",
    is_flag=True,
    help="Only what may be learned from, rewritten as the policy says: surrogates, consistent by session.",
)
@click.option(
    "--subject", metavar="ID", help="Only the sessions of a subject, as they are: what `forget` would delete."
)
@json_option
def export(file: Path, curated: bool, subject: str | None, as_json: bool) -> None:
    """Write the call log as call records (.jsonl, .gz, .zst) under their own ids.

    \b
    rightsizer export everything.jsonl.zst
    rightsizer export --curated clean.jsonl
    """
    from rightsizer.pipeline import export_log

    if curated and subject:
        raise click.UsageError("--subject gives calls as they are: it does not go with --curated")
    with workspace() as ws, progress_bar(as_json) as progress:
        done = export_log(ws, file, curated=curated, subject=subject, progress=progress)
    held = [{"reason": reason, "calls": n} for reason, n in done.quarantined]
    if as_json:
        emit_json({"file": str(file), "calls": done.calls, "quarantined": held})
        return
    console().print(f"{done.calls:,} calls → {file}")
    for reason, n in done.quarantined:
        console().print(f"{n:,} held back: {reason}")


@click.command()
@json_option
def curate(as_json: bool) -> None:
    """Set aside what must not be learned from, each with its reason (nothing is deleted).

    \b
    rightsizer curate
    rightsizer calls list --set-aside
    """
    from rightsizer.cli.tables import print_funnel
    from rightsizer.pipeline import curate_log

    with workspace() as ws, progress_bar(as_json) as progress:
        funnel = curate_log(ws, progress=progress)
    if as_json:
        emit_json(
            funnel.model_dump(mode="json")
            | {"funnel": [{"reason": r, "calls": n} for r, n in funnel.dropped]}
        )
    else:
        print_funnel(funnel, console())


@click.command()
@json_option
def discover(as_json: bool) -> None:
    """Find the recurring kinds of calls and assign every call to one.

    \b
    rightsizer discover
    rightsizer tasks list
    """
    from rightsizer.cli.show_tasks import print_tasks
    from rightsizer.pipeline import discover_tasks
    from rightsizer.pipeline.task_page import shares_by_type

    with workspace() as ws, progress_bar(as_json) as progress:
        tasks = discover_tasks(ws, progress=progress)
        shares = shares_by_type(ws)
    tasks.sort(key=lambda t: (-t.cost_share, -t.n_calls, t.id))
    emit_json({"tasks": tasks}) if as_json else print_tasks(tasks, shares, console())


@click.command()
@click.argument("task")
@json_option
def shortlist(task: str, as_json: bool) -> None:
    """What is worth training for TASK (id, its beginning or end, or name), and what is not and why."""
    from rightsizer.cli.listings import print_candidates
    from rightsizer.pipeline import prepare
    from rightsizer.types import Task

    with workspace() as ws, progress_bar(as_json) as progress:
        learning = prepare(ws, ws.find(Task, task), progress=progress)
    if as_json:
        emit_json(
            {
                "task_id": learning.task.id,
                "dataset_id": learning.dataset.id,
                "candidates": learning.candidates,
            }
        )
    else:
        print_candidates(learning.task, learning.candidates, console())


@click.command()
@click.argument("task")
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="Only this method (repeatable); default: all that are accepted.",
)
@click.option("--base", help="Fine-tune this decoder: a folder as Hugging Face saves it, or a model's name.")
@click.option(
    "--recipe",
    "recipe",
    multiple=True,
    metavar="KEY=VALUE",
    help="With --base or --prefer: a setting of the training.",
)
@click.option(
    "--prefer", metavar="STUDENT", help="Go on training this decoder on what it got wrong in shadow (DPO)."
)
@server_options(required=False)
@click.option("--model", help="With --server: the model to ask.")
@click.option(
    "--shots", type=click.IntRange(0, 64), default=8, show_default=True,
    help="With --server: retrieved examples in the prompt.",
)  # fmt: skip
@click.option(
    "--verify", type=click.IntRange(0), default=0, show_default=True,
    help="With --server: ask about so many calls more and learn which answers to trust.",
)  # fmt: skip
@click.option(
    "--inner-tool", "inner", multiple=True, type=click.Choice(["calculate", "shift_date", "weekday"]),
    help="With --server: a tool the model may use before it answers (repeatable).",
)  # fmt: skip
@click.option(
    "--weights", type=click.Path(exists=True, path_type=Path),
    help="With --server: the file or folder that it has loaded; its hash is certified.",
)  # fmt: skip
@json_option
def train(
    task: str, methods: tuple[str, ...], base: str | None, recipe: tuple[str, ...], prefer: str | None,
    server: str | None, api_key_env: str, votes: int, choices: bool,
    model: str | None, shots: int, verify: int, inner: tuple[str, ...], weights: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Train the candidates of TASK on its train split. The gate is a separate step: `evaluate`.

    With --server, the student is a small model behind a server: its examples are chosen, nothing is trained.

    \b
    rightsizer train task_01a…
    rightsizer train task_01a… --server http://localhost:8000/v1 --model qwen3-4b --shots 8
    rightsizer train task_01a… --base ./Qwen3-0.6B --method lora --recipe epochs=2
    rightsizer train task_01a… --prefer student_01a…
    rightsizer evaluate student_01a…
    """
    from dataclasses import replace

    from rightsizer.cli.listings import print_students
    from rightsizer.pipeline import prepare, train_students
    from rightsizer.pipeline.decoders import decoder_candidate
    from rightsizer.pipeline.shadow import preferring_candidate
    from rightsizer.types import Student, Task

    with workspace() as ws, progress_bar(as_json) as progress:
        ws.require("train")
        learning = prepare(ws, ws.find(Task, task), progress=progress)
        if prefer:
            one = preferring_candidate(ws, learning.task, ws.find(Student, prefer), parse_flags(recipe))
            learning = replace(learning, candidates=(one,))
        elif base:
            one = decoder_candidate(base, methods[0] if methods else "lora", parse_flags(recipe))
            learning = replace(learning, candidates=(one,))
        elif server:
            one = prompted_candidate(
                server, model, api_key_env, weights, verify,
                {"shots": shots, "votes": votes, "choices": choices, "tools": inner},
            )  # fmt: skip
            learning = replace(learning, candidates=(one,))
        students = train_students(ws, learning, only=methods, progress=progress)
        accepted = [c for c in learning.candidates if c.accepted]
    if as_json:
        emit_json({"students": students})
    elif students:
        print_students(students, console())
    else:
        console().print(
            f"nothing to train: {len(accepted)} accepted candidates match (see `rightsizer shortlist {task}`)"
        )


@click.command()
@click.argument("student")
@click.option(
    "--alpha", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Tolerated mean disagreement."
)
@json_option
def evaluate(student: str, alpha: float | None, as_json: bool) -> int:
    """Put STUDENT through the gate: threshold on the calibration split, one look at the test split.

    Each evaluation spends a part of delta, also when it is repeated. Exit code 3 if it does not pass.
    """
    from rightsizer.cli.listings import print_evaluations
    from rightsizer.pipeline import evaluate_student
    from rightsizer.types import Student

    with workspace() as ws, progress_bar(as_json) as progress:
        evaluation = evaluate_student(ws, ws.find(Student, student), alpha=alpha, progress=progress)
    emit_json(evaluation) if as_json else print_evaluations([evaluation], console())
    return 0 if evaluation.verdict == "pass" else 3


@click.command()
@click.argument("task", required=False)
@click.option("--all", "every", is_flag=True, help="Every task.")
@click.option("--release", is_flag=True, help="Put live what passed.")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Tolerated mean disagreement, all tasks.",
)
@click.option(
    "--delta",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Error probability over all decisions.",
)
@json_option
def run(
    task: str | None, every: bool, release: bool, alpha: float | None, delta: float | None, as_json: bool
) -> int:
    """S2 to S6 for one TASK or --all: curate, discover, train, prove; with --release, put live what passed.

    Exit code 3 when no task passed the gate.

    \b
    rightsizer run --all --release
    rightsizer run "Routes customer messages" --alpha 0.05
    """
    from rightsizer.cli.tables import print_run
    from rightsizer.pipeline import run_loop

    if bool(task) == every:
        raise click.UsageError("give a TASK or --all (and not both)")
    flags = {"gate.delta": delta}
    if alpha is not None:
        flags |= {f"gate.alpha_{kind}": alpha for kind in ("label", "fields", "tool_call", "text")}
    with workspace(flags=flags) as ws, progress_bar(as_json) as progress:
        outcome = run_loop(ws, task, release=release, progress=progress)
    emit_json(outcome) if as_json else print_run(outcome, console())
    return 0 if any(row.verdict == "pass" for row in outcome.tasks) else 3
