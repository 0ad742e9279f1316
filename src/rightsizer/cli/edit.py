"""`tasks merge | unmerge | split | rename`: what a person knows better than the discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace

if TYPE_CHECKING:
    from rightsizer.types import Task


@click.command()
@click.argument("task")
@click.argument("others", nargs=-1, required=True)
@json_option
def merge(task: str, others: tuple[str, ...], as_json: bool) -> None:
    """Give the calls of OTHERS to TASK, now and on every later run. TASK keeps its id and name.

    Releases of all of them end, because they were proved on other calls: run the loop again.

    \b
    rightsizer tasks merge "ticket router" "ticket router 2"
    rightsizer tasks unmerge "ticket router 2"
    """
    from rightsizer.pipeline.edit import merge_tasks

    with workspace() as ws, progress_bar(as_json) as progress:
        done = merge_tasks(ws, task, others, progress=progress)
    _say(done, f"{done.name} has {done.n_calls:,} calls now", as_json)


@click.command()
@click.argument("task")
@json_option
def unmerge(task: str, as_json: bool) -> None:
    """Take a merge back: TASK (its own id or name) has its calls again.

    \b
    rightsizer tasks unmerge task_01a…
    """
    from rightsizer.pipeline.edit import unmerge_task

    with workspace() as ws, progress_bar(as_json) as progress:
        done = unmerge_task(ws, task, progress=progress)
    _say(done, f"{done.name} has its {done.n_calls:,} calls again", as_json)


@click.command()
@click.argument("task")
@click.argument("name")
@click.option(
    "--contains", multiple=True, required=True, metavar="TEXT",
    help="What the system or opening text of the new task's calls carries (repeatable: all of them).",
)  # fmt: skip
@json_option
def split(task: str, name: str, contains: tuple[str, ...], as_json: bool) -> None:
    """Make a new task NAME of those calls of TASK that carry a text. The rest keeps its id.

    \b
    rightsizer tasks split "code writer" "tests writer" --contains "write unit tests"
    """
    from rightsizer.pipeline.edit import split_task

    with workspace() as ws, progress_bar(as_json) as progress:
        done = split_task(ws, task, contains, name, progress=progress)
    _say(done, f"{done.name} has {done.n_calls:,} calls", as_json)


@click.command()
@click.argument("task")
@click.argument("name")
@json_option
def rename(task: str, name: str, as_json: bool) -> None:
    """Call TASK NAME. Later runs keep the name; the old one still finds the task.

    \b
    rightsizer tasks rename task_01a… "ticket router"
    """
    from rightsizer.pipeline.edit import rename_task

    with workspace() as ws:
        done = rename_task(ws, task, name)
    _say(done, f"{done.id} is called {done.name}", as_json)


def _say(task: Task, words: str, as_json: bool) -> None:
    if as_json:
        emit_json(task.model_dump(mode="json", exclude={"signature"}))
    else:
        console().print(words, markup=False)
