"""`tasks fields`: which fields of a task's answers count."""

from __future__ import annotations

import click
from rich.markup import escape

from rightsizer.cli.context import console, emit_json, json_option, workspace


@click.command()
@click.argument("task")
@click.option("--ignore", multiple=True, metavar="FIELD", help="This field does not count (repeatable).")
@click.option("--count", multiple=True, metavar="FIELD", help="This field counts again (repeatable).")
@json_option
def fields(task: str, ignore: tuple[str, ...], count: tuple[str, ...], as_json: bool) -> None:
    """Which fields of TASK's answers count. A change ends the task's release: run or evaluate again.

    \b
    rightsizer tasks fields "answer judge" --ignore reason
    """
    from rightsizer.cli.tables import table
    from rightsizer.pipeline.field_policy import field_uses, set_counting
    from rightsizer.types import Task

    with workspace() as ws:
        found = set_counting(ws, task, ignore=ignore, count=count) if ignore or count else ws.find(Task, task)
        uses = field_uses(ws, found)
    if as_json:
        emit_json({"task_id": found.id, "fields": uses})
        return
    made = table(f"Fields of {escape(found.name)}", "field", "#answers", "#values", "")
    for each in uses:
        said = "[green]counts[/]" if each.counts else "[yellow]does not count[/]"
        made.add_row(escape(each.name), f"{each.answers:,}", f"{each.values:,}", said)
    console().print(made)
