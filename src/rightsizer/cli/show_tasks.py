"""`tasks list` and `tasks show` on a terminal: what the agent does, and how ready each part of it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rightsizer.cli.kinds import bar, by_type, ready_colour
from rightsizer.cli.listings import print_evaluations, print_students, short
from rightsizer.cli.tables import VERDICT
from rightsizer.economics.wording import count, money, share

if TYPE_CHECKING:
    from rightsizer.economics.by_type import TypeShare
    from rightsizer.pipeline.task_page import TaskPage
    from rightsizer.tasks.template import Piece
    from rightsizer.types import Evaluation, Student, Task

MARKS = {"replace": "[green]●[/]", "keep": "[blue]○[/]", "undecided": "[yellow]◐[/]", None: " "}
FIRST_ROWS, MOST_ROWS = 12, 40
SMALLEST = 0.005  # share of calls or cost from which a task has a row of its own
TEMPLATE_CHARS = 2500
STRETCH_CHARS = 600  # of a stretch of template or of a variable
EXAMPLE_CHARS = 700
PARTS = {
    "served": "a quick student is sure enough of",
    "right": "a quick student is right on",
    "lift": "gain over one fixed answer",
    "reach": "answers that can be reached",
    "copied": "values copied from the input",
    "form": "answers in few forms",
    "narrow": "narrowness of the output",
    "template": "prompt that is template",
    "steady": "the LLM repeats itself",
    "stable": "stable over time",
    "volume": "enough calls",
}


def print_tasks(
    tasks: Sequence[Task], shares: Sequence[TypeShare], out: Console, *, every: bool = False
) -> None:
    """The table of tasks (those that matter, unless `every`), and what could move by kind of call."""
    wide = out.width >= 100
    made = Table(box=None, padding=(0, 1), header_style="dim", expand=True, pad_edge=False)
    made.add_column("", width=1)
    made.add_column("Task", ratio=1, no_wrap=True, overflow="ellipsis")
    made.add_column("Kind", no_wrap=True)
    made.add_column("Calls", justify="right", no_wrap=True)
    made.add_column("Cost", justify="right", no_wrap=True)
    made.add_column("Readiness", no_wrap=True)
    if wide:
        made.add_column("Why", ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
    made.add_column("Id", no_wrap=True)
    shown = [t for i, t in enumerate(tasks) if every or i < FIRST_ROWS or _matters(t)][
        : None if every else MOST_ROWS
    ]
    for task in shown:
        made.add_row(*_cells(task, wide=wide))
    if len(shown) < len(tasks):
        hidden = [t for t in tasks if t not in shown]
        calls, cost = sum(t.n_calls for t in hidden), sum(t.cost_share for t in hidden)
        note = Text(f"and {len(hidden)} smaller ones: --all", style="dim")
        made.add_row("", note, "", Text(count(calls), style="dim"), Text(share(cost), style="dim"))
    out.print(Padding(made, (1, 0, 0, 0)))
    out.print()
    if shares:
        out.print(by_type(shares, out.width))
    if not tasks:
        out.print("no tasks yet: [bold]rightsizer discover[/] finds them")
        return
    out.print(
        "[dim]● replace  ◐ not enough evidence  ○ keep the LLM · readiness is a forecast of 0 to 100, ╌ its "
        "likely range · more: rightsizer tasks show ID, rightsizer tasks map[/]"
    )


def _matters(task: Task) -> bool:
    """Whether a task is worth a row of its own: by calls, cost, or because a student might take it."""
    return max(task.call_share, task.cost_share, (task.readiness or 0.0) / 20) >= SMALLEST


def _cells(task: Task, *, wide: bool) -> list[RenderableType]:
    cells: list[RenderableType] = [
        MARKS[task.verdict],
        Text(task.name, style="bold" if task.level == "template" else ""),
        Text(task.type, style="cyan"),
        count(task.n_calls),
        share(task.cost_share),
        _ready(task),
    ]
    if wide:
        cells.append(Text(task.reason))
    return [*cells, short(task.id)]


def _ready(task: Task) -> Text:
    if task.readiness is None:
        return Text("–", style="dim")
    colour = ready_colour(task.readiness)
    parts = task.readiness_parts
    made = Text(f"{100 * task.readiness:3.0f} ", style=colour)
    return made.append_text(bar(task.readiness, 10, colour, parts.get("high")))


def print_task(
    page: TaskPage, students: Sequence[Student], evaluations: Sequence[Evaluation], out: Console
) -> None:
    """One task, whole."""
    task = page.task
    out.print()
    out.print(Panel(_summary(task), title=f"[bold]{escape(task.name)}[/]", title_align="left", style="none"))
    if task.readiness_parts:
        out.print(_parts(task))
    for title, pieces in (("Template", page.system), ("First message", page.opening)):
        if pieces:
            note = "[dim]the task's own words; [reverse]what changes from call to call[/reverse][/]"
            out.print(f"\n[bold]{title}[/]  {note}")
            out.print(Padding(_pieces(pieces), (0, 2)))
    for i, example in enumerate(page.examples, 1):
        body = Group(
            Text(_cut(example.asked, EXAMPLE_CHARS)),
            Text(_cut(example.answered, EXAMPLE_CHARS), style="green"),
        )
        title = f"[dim]example {i} · {escape(example.call_id)}[/]"
        out.print(Panel(body, title=title, title_align="left", border_style="bright_black"))
    _print_children(page.children, out)
    if students:
        print_students(students, out)
    if evaluations:
        print_evaluations(evaluations, out)


def _summary(task: Task) -> RenderableType:
    facts = Text()
    facts.append(f"{task.type or 'task'}", style="cyan")
    facts.append(f" · answers: {task.output.replace('_', ' ')} · {count(task.n_calls)} calls in ")
    facts.append(f"{count(task.n_sessions)} sessions · {share(task.call_share)} of the calls, ")
    facts.append(f"{share(task.cost_share)} of the cost ({money(task.cost_usd)})")
    lines: list[RenderableType] = [facts, Text(f"{task.id} · version {task.version}", style="dim"), Text()]
    if task.readiness is not None:
        low, high = (task.readiness_parts.get(k, task.readiness) for k in ("low", "high"))
        colour = ready_colour(task.readiness)
        ready = Text.assemble(
            ("Readiness ", "bold"), (f"{100 * task.readiness:.0f}", f"bold {colour}"), " of 100 "
        )
        ready.append_text(bar(task.readiness, 30, colour, high))
        ready.append(f" {100 * low:.0f} to {100 * high:.0f}", style="dim")
        lines.append(ready)
    why = Text.from_markup(VERDICT[task.verdict] + "  ").append(task.reason)
    return Group(*lines, why)


def _parts(task: Task) -> RenderableType:
    made = Table.grid(padding=(0, 1))
    made.add_column(width=2)
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(justify="right")
    for name, words in PARTS.items():
        if name in task.readiness_parts:
            value = task.readiness_parts[name]
            made.add_row("", words, bar(value, 24, ready_colour(value)), f"{100 * value:.0f}")
    return Group(Text("What it rests on", style="bold"), made)


def _pieces(pieces: Sequence[Piece]) -> Text:
    """The template, with variables in reverse; long stretches are cut in the middle, the end shows."""
    made = Text()
    for i, piece in enumerate(pieces):
        if len(made) > TEMPLATE_CHARS:
            made.append(f" … and {len(pieces) - i} more stretches", style="dim")
            break
        text = piece.text.strip("\n") if len(pieces) == 1 else piece.text
        if len(text) > STRETCH_CHARS:
            text = f"{text[: 2 * STRETCH_CHARS // 3].rstrip()} […] {text[-STRETCH_CHARS // 3 :].lstrip()}"
        made.append(text, style="" if piece.fixed else "reverse yellow")
    return made


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _print_children(children: Sequence[Task], out: Console) -> None:
    for level, title in (("step", "Steps"), ("semantic", "By meaning")):
        rows = [c for c in children if c.level == level]
        if len(rows) < 2:
            continue
        made = Table(box=None, padding=(0, 1), show_header=False, pad_edge=False)
        made.add_column(width=1)
        made.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        made.add_column(justify="right", no_wrap=True)
        made.add_column(no_wrap=True)
        made.add_column(no_wrap=True)
        for c in rows[:12]:
            made.add_row("", c.name.rsplit(" · ", 1)[-1], f"{count(c.n_calls)} calls", _ready(c), short(c.id))
        out.print(f"\n[bold]{title}[/]  [dim]{len(rows)}[/]")
        out.print(made)
