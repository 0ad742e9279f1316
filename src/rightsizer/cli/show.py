"""`calls | tasks | datasets | candidates | students | evaluations | routes`: list and show."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from rightsizer.cli.context import console, emit_json, json_option, workspace
from rightsizer.cli.decoders import export_, runtimes, serve
from rightsizer.cli.edit import merge, rename, split, unmerge
from rightsizer.cli.evaluations import compare, curve, slices, tools
from rightsizer.cli.fields import fields
from rightsizer.cli.measures import judge, measures, pass_k
from rightsizer.cli.name_tasks import name_tasks

if TYPE_CHECKING:
    from rightsizer.pipeline.forget import Deletion
    from rightsizer.types import Frozen, Level


def _dump(record: Frozen) -> dict[str, object]:
    return record.model_dump(mode="json")


@click.group()
def calls() -> None:
    """The call log."""


@calls.command(name="list")
@click.option(
    "--set-aside", is_flag=True, help="Calls kept out of learning, with the reason; and unreadable lines."
)
@click.option("--task", help="Only calls of this task.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--offset", default=0, show_default=True, type=click.IntRange(0))
@json_option
def list_calls(set_aside: bool, task: str | None, limit: int, offset: int, as_json: bool) -> None:
    """Calls in the order they came in.

    \b
    rightsizer calls list --task task_01a… --limit 20
    rightsizer calls list --set-aside --json
    """
    from rightsizer.cli.listings import print_aside, print_calls
    from rightsizer.types import Task
    from rightsizer.wire.record import record_from_call

    with workspace() as ws:
        ws.enter("calls.read", limit=limit, offset=offset, set_aside=set_aside)
        if set_aside:
            marks = list(ws.store.marks.aside())
            rejected = list(ws.store.calls.rejected())
            page = marks[offset : offset + limit]
            if as_json:
                lines = [
                    {"file": r.file, "line": r.line, "reason": r.reason, "detail": r.detail} for r in rejected
                ]
                emit_json({"total": len(marks), "calls": page, "unreadable": lines})
            else:
                print_aside(page, len(marks), rejected, console())
            return
        task_id = ws.find(Task, task).id if task else None
        total = ws.store.calls.count(task_id=task_id)
        page_of_calls = list(islice(ws.store.calls.scan(task_id=task_id, offset=offset, limit=limit), limit))
        if as_json:
            emit_json({"total": total, "calls": [record_from_call(c) for c in page_of_calls]})
        else:
            print_calls(page_of_calls, total, console())


@calls.command(name="show")
@click.argument("call_id")
@json_option
def show_call(call_id: str, as_json: bool) -> None:
    """One call, whole: what was asked, what was answered, and what became of it."""
    from rightsizer.cli.listings import print_call
    from rightsizer.pipeline.collect import LEVELS
    from rightsizer.pipeline.subject import audit_name
    from rightsizer.store.feedback import Outcomes
    from rightsizer.wire.record import record_from_call

    with workspace() as ws:
        ws.enter("calls.read", call=audit_name(ws, call_id))
        call = Outcomes(ws.store.records).of(ws.store.calls.get(call_id))
        marks = [m for m in ws.store.marks.aside() if m.call_id == call_id]
        tasks = {level: ws.store.marks.assignments(level).get(call_id) for level in LEVELS}
    if as_json:
        emit_json(record_from_call(call) | {"tasks": tasks, "set_aside": marks})
    else:
        print_call(call, tasks, marks, console())


@click.group()
def tasks() -> None:
    """The recurring kinds of calls."""


@tasks.command(name="list")
@click.option(
    "--level", type=click.Choice(["template", "step", "semantic"]), default="template", show_default=True
)
@click.option("--all", "every", is_flag=True, help="Also the many small ones.")
@json_option
def list_tasks(level: str, every: bool, as_json: bool) -> None:
    """Tasks, the costliest first, with readiness and verdict, and what could move by kind of call.

    \b
    rightsizer tasks list
    rightsizer tasks list --level step --json
    """
    from rightsizer.cli.show_tasks import print_tasks
    from rightsizer.pipeline.task_page import shares_by_type
    from rightsizer.types import Task

    with workspace() as ws:
        ws.enter("models.read", tasks=level)
        found = [t for t in ws.store.records.list(Task) if t.level == level and t.merged_into is None]
        shares = shares_by_type(ws)
    found.sort(key=lambda t: (-t.cost_share, -t.n_calls, t.id))
    if as_json:
        emit_json({"tasks": [_without_signature(t) for t in found], "by_type": shares})
    else:
        print_tasks(found, shares, console(), every=every)


def _without_signature(task: Frozen) -> dict[str, object]:
    return task.model_dump(mode="json", exclude={"signature"})


@tasks.command(name="show")
@click.argument("task")
@json_option
def show_task(task: str, as_json: bool) -> None:
    """One task: what it is, how ready it looks and why, its template, typical calls, students, verdicts.

    Sensitive values in the template and the calls are masked.
    """
    from rightsizer.cli.show_tasks import print_task
    from rightsizer.pipeline.task_page import task_page
    from rightsizer.types import Evaluation, Student, Task

    with workspace() as ws:
        found = ws.find(Task, task)
        page = task_page(ws, found)
        students_ = ws.store.records.list(Student, task_id=found.id)
        evaluations_ = ws.store.records.list(Evaluation, task_id=found.id)
    if as_json:
        more = {"system": page.system, "opening": page.opening, "examples": page.examples}
        emit_json(_without_signature(found) | {"students": students_, "evaluations": evaluations_} | more)
    else:
        print_task(page, students_, evaluations_, console())


@tasks.command(name="map")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("tasks.html"),
    show_default=True,
    help="The file to write.",
)
@click.option("--examples", is_flag=True, help="With a typical call of each task, sensitive values masked.")
@json_option
def map_tasks(html: Path, examples: bool, as_json: bool) -> None:
    """A page to look at: area by cost, colour by readiness, click to look inside. Loads and sends nothing.

    \b
    rightsizer tasks map --html tasks.html
    """
    from rightsizer.pipeline.task_page import map_examples, shares_by_type
    from rightsizer.types import Task
    from rightsizer.web.task_map import render_task_map

    with workspace() as ws:
        ws.require(*(("calls.read",) if examples else ()))
        ws.enter("models.read", tasks="map")
        found = ws.store.records.list(Task)
        page = render_task_map(found, shares_by_type(ws), map_examples(ws) if examples else None)
    html.write_text(page, encoding="utf-8")
    if as_json:
        emit_json({"file": str(html), "tasks": len(found)})
    else:
        console().print(f"map of tasks: [bold]{html.resolve()}[/]", soft_wrap=True)


@tasks.command()
@click.option("--level", type=click.Choice(["template", "step", "semantic"]), help="Default: the leaf.")
@json_option
def assignments(level: Level | None, as_json: bool) -> None:
    """Which task each call was assigned to."""
    from rightsizer.pipeline import assignments as assignments_of

    with workspace() as ws:
        found = assignments_of(ws, level)
    if as_json:
        emit_json({"assignments": found})
    else:
        out = console()
        for call_id, task_id in found.items():
            out.print(f"{call_id}\t{task_id or '-'}", soft_wrap=True)


for _edit in (merge, unmerge, split, rename):
    tasks.add_command(_edit)
tasks.add_command(name_tasks)
tasks.add_command(tools)
tasks.add_command(fields)


def _record_group(name: str, doc: str) -> click.Group:
    """A `list`/`show` pair over one kind of record."""

    @click.group(name=name, help=doc)
    def group() -> None: ...

    @group.command(name="list", help=f"All {name}, newest first.")
    @json_option
    def list_(as_json: bool) -> None:
        from rightsizer.cli import governance_tables, listings
        from rightsizer.types import Task

        with workspace() as ws:
            ws.enter("models.read", all=name)
            rows = list(reversed(ws.store.records.list(_kind(name))))
            names = {t.id: t.name for t in ws.store.records.list(Task)}
        if as_json:
            emit_json({name: [r.model_dump(mode="json", exclude={"rows", "grid"}) for r in rows]})
        elif name == "deletions":
            governance_tables.print_deletions(cast("list[Deletion]", rows), console())
        else:
            getattr(listings, f"print_{name}")(rows, console(), names)

    @group.command(name="show", help=f"One of the {name}, whole, as JSON.")
    @click.argument("key", metavar="ID")
    @json_option
    def show(key: str, as_json: bool) -> None:
        with workspace() as ws:
            ws.enter("models.read", one_of=name)
            record = ws.find(_kind(name), key)
        if as_json:
            emit_json(_dump(record))
        else:
            console().print_json(record.model_dump_json())

    return group


def _kind(name: str) -> type[Frozen]:
    from rightsizer import types
    from rightsizer.pipeline.forget import Deletion

    kinds: dict[str, type[Frozen]] = {
        "datasets": types.Dataset,
        "students": types.Student,
        "evaluations": types.Evaluation,
        "routes": types.Route,
        "deletions": Deletion,
    }
    return kinds[name]


datasets = _record_group("datasets", "Frozen, session-split sets of examples.")


@datasets.command()
@click.argument("key", metavar="ID")
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Write it there (.md).")
@json_option
def card(key: str, out: str | None, as_json: bool) -> None:
    """The card of a dataset, in Markdown: counts, sources, licences, languages, filters, masking, limits.

    \b
    rightsizer datasets card dataset_01a… --out CARD.md
    """
    from pathlib import Path

    from rightsizer.pipeline import dataset_card
    from rightsizer.types import Dataset

    with workspace() as ws:
        text = dataset_card(ws, ws.find(Dataset, key))
    if out:
        Path(out).write_text(text, encoding="utf-8")
    if as_json:
        emit_json({"card": text, "file": out})
    elif out:
        console().print(f"card → {out}")
    else:
        click.echo(text)


students = _record_group("students", "Trained models.")
for _decoder in (export_, serve, runtimes):
    students.add_command(_decoder)
evaluations = _record_group("evaluations", "What the gate found.")
for _look in (slices, compare, curve, measures, judge, pass_k):
    evaluations.add_command(_look)
routes = _record_group("routes", "What answers which task now.")
deletions = _record_group("deletions", "Reports of what was deleted: by `forget`, or by age.")
