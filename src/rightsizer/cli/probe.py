"""`probe` and the options of a student behind a model server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from rightsizer.pipeline.probe import ProbeOutcome
    from rightsizer.types import Candidate

F = TypeVar("F", bound=Callable[..., Any])


def server_options(required: bool) -> Callable[[F], F]:
    """`--server` and what goes with it."""

    def add(command: F) -> F:
        for option in reversed(
            [
                click.option(
                    "--server", required=required, metavar="URL",
                    help="Base URL of an OpenAI-compatible model server, ending in /v1.",
                ),
                click.option(
                    "--api-key-env", default="", metavar="NAME",
                    help="Environment variable with its key; the key is not stored.",
                ),
                click.option(
                    "--votes", type=click.IntRange(1, 64), default=1, show_default=True,
                    help="Most answers asked for; stops when one is two ahead.",
                ),
                click.option(
                    "--choices", is_flag=True, help="Let the server choose among the known answers only."
                ),
            ]
        ):  # fmt: skip
            command = option(command)
        return command

    return add


@click.command()
@click.argument("task")
@server_options(required=True)
@click.option("--model", "models", multiple=True, help="Model to ask (repeatable); default: all it serves.")
@click.option(
    "--shots", multiple=True, type=click.IntRange(0, 64), default=(0, 8), show_default=True,
    help="Retrieved examples in the prompt (repeatable).",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(2), default=200, show_default=True, help="Most calls per arm.")
@json_option
def probe(
    task: str, server: str, api_key_env: str, votes: int, choices: bool,
    models: tuple[str, ...], shots: tuple[int, ...], limit: int, as_json: bool,
) -> None:  # fmt: skip
    """How well untrained models answer TASK, on calls of its train split, with and without examples.

    \b
    rightsizer probe task_01a… --server http://localhost:8000/v1 --shots 0 --shots 8
    """
    from rightsizer.pipeline import prepare
    from rightsizer.pipeline.probe import Arm, remember
    from rightsizer.pipeline.probe import probe as run_probe
    from rightsizer.students.chat_server import ChatServer, Server
    from rightsizer.students.prompted import Prompting
    from rightsizer.types import Task

    spec = Server(base_url=server, model="", api_key_env=api_key_env)
    arms = [
        Arm(spec.model_copy(update={"model": m}), Prompting(shots=n, votes=votes, choices=choices))
        for m in models or ChatServer(spec).models()
        for n in dict.fromkeys(shots)
    ]
    with workspace() as ws, progress_bar(as_json) as progress:
        learning = prepare(ws, ws.find(Task, task), progress=progress)
        outcome = run_probe(learning, arms, limit=limit, seed=ws.settings.train.seed, progress=progress)
        remember(ws, learning.task.id, outcome)
    emit_json(outcome) if as_json else print_probe(learning.task.name, outcome, console())


def prompted_candidate(
    server: str, model: str | None, api_key_env: str, weights: Path | None, verify: int, how: dict[str, Any]
) -> Candidate:
    """The candidate that a `train --server` asks for; `how` are fields of a `Prompting`."""
    from rightsizer.students.prompted import Prompting
    from rightsizer.types import Candidate

    if not model:
        raise click.UsageError("--server needs --model NAME")
    params: dict[str, Any] = {
        "server": {"base_url": server, "model": model, "api_key_env": api_key_env},
        "how": Prompting(**how).model_dump(),
        "verify": verify,
    }
    return Candidate(
        rung="decoder",
        method="prompted",
        base_model=model,
        params=params | ({"weights": str(weights)} if weights else {}),
    )


def print_probe(name: str, outcome: ProbeOutcome, out: Console) -> None:
    from rich.markup import escape

    from rightsizer.cli.tables import percent, table

    made = table(f"Untrained on {escape(name)}", "how", "#calls", "#answered", "#agree", "between")
    for arm in outcome.arms:
        made.add_row(
            escape(arm.arm.name), str(arm.n_calls), percent(arm.n_answered / arm.n_calls),
            percent(arm.agreement), f"[dim]{percent(arm.low)} and {percent(arm.high)}[/]",
        )  # fmt: skip
    made.add_row("[dim]always the commonest answer[/]", "", "", f"[dim]{percent(outcome.majority)}[/]", "")
    out.print(made)
    out.print(
        f"[dim]examples from {outcome.n_examples:,} calls; who fell behind was asked less; 95 % bounds[/]"
    )
