"""`evaluations slices | compare | curve` and `tasks tools`: what lies behind a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.markup import escape

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace

if TYPE_CHECKING:
    from rich.console import Console

    from rightsizer.pipeline.compare import Comparison
    from rightsizer.pipeline.curve import Curve
    from rightsizer.types import Evaluation


@click.command()
@click.argument("evaluation", metavar="ID")
@json_option
def slices(evaluation: str, as_json: bool) -> None:
    """Agreement of an evaluation by tool, label, language, outcome and step, with exact 95 % bounds.

    \b
    rightsizer evaluations slices evaluation_01a…
    """
    from rightsizer.types import Evaluation

    with workspace() as ws:
        ws.enter("models.read", one_of="evaluations")
        found = ws.find(Evaluation, evaluation)
    if as_json:
        emit_json({"evaluation_id": found.id, "slice_floor": found.slice_floor, "slices": found.slices})
    else:
        print_slices(found, console())


@click.command()
@click.argument("first", metavar="STUDENT")
@click.argument("second", metavar="STUDENT")
@click.option(
    "--margin", type=click.FloatRange(0, 1, min_open=True), default=0.02, show_default=True,
    help="Differences below this count as equal.",
)  # fmt: skip
@json_option
def compare(first: str, second: str, margin: float, as_json: bool) -> None:
    """Two evaluated students of one dataset on the same test calls: McNemar, cluster bootstrap, TOST.

    \b
    rightsizer evaluations compare student_01a… student_01b…
    """
    from rightsizer.pipeline.compare import compare_students
    from rightsizer.types import Student

    with workspace() as ws, progress_bar(as_json) as progress:
        a, b = ws.find(Student, first), ws.find(Student, second)
        found = compare_students(ws, a, b, margin=margin, progress=progress)
    emit_json(found) if as_json else print_comparison(found, (a.method, b.method), console())


@click.command()
@click.argument("task")
@json_option
def curve(task: str, as_json: bool) -> None:
    """Do more calls of TASK help? Cheap students on 25, 50 and 100 % of the train split; costs no delta.

    \b
    rightsizer evaluations curve "ticket router"
    """
    from rightsizer.pipeline import prepare
    from rightsizer.pipeline.curve import learning_curve
    from rightsizer.pipeline.learn import alpha_of
    from rightsizer.types import Task

    with workspace() as ws, progress_bar(as_json) as progress:
        learning = prepare(ws, ws.find(Task, task), progress=progress)
        curves = learning_curve(ws, learning, alpha=alpha_of(ws, learning.task), progress=progress)
    if as_json:
        emit_json({"task_id": learning.task.id, "curves": curves})
    else:
        for each in curves:
            print_curve(learning.task.name, each, console())


@click.command()
@click.argument("task")
@click.option("--read", multiple=True, metavar="TOOL", help="This tool only looks (repeatable).")
@click.option("--write", multiple=True, metavar="TOOL", help="This tool changes something (repeatable).")
@json_option
def tools(task: str, read: tuple[str, ...], write: tuple[str, ...], as_json: bool) -> None:
    """Which tools of TASK write. A correction ends the task's release: run or evaluate again.

    \b
    rightsizer tasks tools "action desk" --read open_ticket
    """
    from rightsizer.cli.tables import table
    from rightsizer.pipeline.tool_policy import set_tool_risk, tool_classes
    from rightsizer.types import Task

    with workspace() as ws:
        found = set_tool_risk(ws, task, read=read, write=write) if read or write else ws.find(Task, task)
        classes = tool_classes(ws, found)
    if as_json:
        emit_json({"task_id": found.id, "tools": classes})
        return
    made = table(f"Tools of {escape(found.name)}", "tool", "risk", "")
    for each in classes:
        colour = "yellow" if each.risk == "write" else "green"
        made.add_row(
            escape(each.name), f"[{colour}]{each.risk}[/]", f"[dim]{'said' if each.said else 'guessed'}[/]"
        )
    console().print(made)


def print_slices(evaluation: Evaluation, out: Console) -> None:
    from rightsizer.cli.tables import percent, table

    if not evaluation.slices:
        out.print("no slices: every kind of call has one value only, or too few calls")
        return
    made = table("Slices of both sealed splits", "by", "value", "#calls", "#served", "#agreement", "#between")
    for s in evaluation.slices:
        bounds = f"[dim]{percent(s.agreement_low)} and {percent(s.agreement_high)}[/]" if s.served else "–"
        made.add_row(
            s.by, escape(s.value), f"{s.calls:,}", f"{s.served:,}",
            percent(s.agreed / s.served) if s.served else "–", bounds,
        )  # fmt: skip
    out.print(made)


def print_comparison(found: Comparison, methods: tuple[str, str], out: Console) -> None:
    from rightsizer.cli.tables import percent, table

    made = table(f"{found.n_calls:,} test calls", "student", "#agree", "#it alone")
    rows = zip(
        methods, (found.agree_first, found.agree_second), (found.only_first, found.only_second), strict=True
    )
    for method, agree, alone in rows:
        made.add_row(escape(method), percent(agree / max(1, found.n_calls)), f"{alone:,}")
    out.print(made)
    d, e = found.difference, found.equivalence
    same = "equivalent" if e.p_value <= 0.05 else "not shown to be equivalent"
    out.print(
        f"difference {100 * d.mean:+.1f} points ({100 * d.low:+.1f} to {100 * d.high:+.1f}, {d.n_groups:,} "
        f"sessions); equally good: p = {found.p_equal:.3g}; within ±{100 * found.margin:g} points: {same} "
        f"(p = {e.p_value:.3g})"
    )


def print_curve(name: str, found: Curve, out: Console) -> None:
    from rightsizer.cli.tables import percent, table

    made = table(f"{found.method} on {escape(name)}", "#trained on", "#agree", "#between")
    for p in found.points:
        bounds = f"[dim]{percent(p.low)} and {percent(p.high)}[/]"
        made.add_row(f"{p.n_train:,}", percent(p.agreement), bounds)
    out.print(made)
    need = found.calls_needed
    far = (
        f"no number of calls in sight leads to {1 - found.alpha:.1%}"
        if need is None
        else f"about {need:,} more calls of the task until {1 - found.alpha:.1%} of all agree (drawn out)"
        if need
        else f"{1 - found.alpha:.1%} of all calls agree already"
    )
    out.print(
        f"{found.advice}: doubling brought {100 * found.gain:+.1f} points "
        f"({100 * found.gain_low:+.1f} to {100 * found.gain_high:+.1f}); {far}"
    )
