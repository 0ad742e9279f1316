"""Lists and single things, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from rightsizer.cli.tables import SHORT_VERDICT, percent, print_reasons, table
from rightsizer.economics.wording import BASELINES

if TYPE_CHECKING:
    from rightsizer.store.store import Rejected
    from rightsizer.types import (
        Call,
        Candidate,
        Dataset,
        Evaluation,
        Level,
        Message,
        Route,
        SetAside,
        Student,
        Task,
    )

SHOWN_CHARACTERS = 2000
NO_NAMES: Mapping[str, str] = {}  # tasks are then shown by the end of their id


def short(key: str) -> str:
    """The end of an id, which tells it from others made in the same moment; commands take it."""
    return f"[dim]…{key[-8:]}[/]"


def print_candidates(task: Task, candidates: Sequence[Candidate], out: Console) -> None:
    made = table(f"Candidates for {escape(task.name)}", "", "rung", "method", "base model", "why")
    for c in candidates:
        mark = "[green]✔[/]" if c.accepted else "[red]✘[/]"
        made.add_row(mark, c.rung, c.method, c.base_model or "–", f"[dim]{escape(c.reason)}[/]")
    out.print(made)


def _named(task_id: str, names: Mapping[str, str]) -> str:
    name = names.get(task_id)
    return short(task_id) if name is None else escape(name)


def _list(title: str, *columns: str) -> Table:
    """As `table`, with a last column, the task, that gives way where the screen is narrow."""
    made = table(title, *columns)
    made.add_column("task", no_wrap=True, overflow="ellipsis", ratio=1)
    made.expand = True
    for column in made.columns[:-1]:
        column.no_wrap = True
    return made


def print_students(students: Sequence[Student], out: Console, names: Mapping[str, str] = NO_NAMES) -> None:
    made = _list("Students", "id", "rung", "method", "#size", "#trained in")
    for s in students:
        made.add_row(
            short(s.id), s.rung, s.method, f"{s.size_bytes / 1e6:.2f} MB", f"{s.train_s:.1f} s",
            _named(s.task_id, names),
        )  # fmt: skip
    out.print(made)


def print_evaluations(
    evaluations: Sequence[Evaluation], out: Console, names: Mapping[str, str] = NO_NAMES
) -> None:
    made = _list("Evaluations", "student", "verdict", "#threshold", "#served", "#agrees", "#at least")
    for e in evaluations:
        made.add_row(
            short(e.student_id), SHORT_VERDICT[e.verdict],
            "–" if e.threshold is None else f"{e.threshold:.3f}",
            percent(e.coverage), percent(e.agreement), percent(e.agreement_low), _named(e.task_id, names),
        )  # fmt: skip
    out.print(made)
    print_reasons([(e.verdict, f"…{e.student_id[-8:]}", e.reason) for e in evaluations], out)
    for task_id, evaluation in {e.task_id: e for e in evaluations if e.baselines}.items():
        told = (f"{BASELINES.get(k, k)} {percent(v)}" for k, v in evaluation.baselines.items())
        of = f"{_named(task_id, names)}, " if len(evaluations) > 1 else ""
        out.print(f"[dim]{of}without a student: {' · '.join(told)}[/]")


def print_datasets(datasets: Sequence[Dataset], out: Console, names: Mapping[str, str] = NO_NAMES) -> None:
    made = _list("Datasets", "id", "#train", "#calibration", "#test", "split by", "content")
    for d in datasets:
        made.add_row(
            short(d.id), f"{d.count('train'):,}", f"{d.count('calibration'):,}", f"{d.count('test'):,}",
            d.group_key, f"[dim]{d.content_hash[:8]}[/]", _named(d.task_id, names),
        )  # fmt: skip
    out.print(made)


def print_routes(routes: Sequence[Route], out: Console, names: Mapping[str, str] = NO_NAMES) -> None:
    if not routes:
        out.print("no routes: the LLM answers everything")
        return
    made = _list("Routes", "student", "mode", "#share", "#threshold", "release")
    for r in routes:
        made.add_row(
            short(r.student_id), r.mode, percent(r.share), f"{r.threshold:.3f}",
            short(r.release_id), _named(r.task_id, names),
        )  # fmt: skip
    out.print(made)


def print_calls(calls: Sequence[Call], total: int, out: Console) -> None:
    made = table(f"Calls ({len(calls)} of {total:,})", "id", "model", "#messages", "answer")
    for c in calls:
        made.add_row(
            escape(c.id), escape(c.model), str(len(c.request.messages)), f"[dim]{escape(_gist(c))}[/]"
        )
    out.print(made)


def _gist(call: Call, width: int = 60) -> str:
    if call.response is None:
        return f"error {call.error.status or ''}" if call.error else "no answer"
    if call.response.tool_calls:
        return ", ".join(f"{t.name}({t.arguments})" for t in call.response.tool_calls)[:width]
    return " ".join(call.response.text.split())[:width]


def print_aside(marks: Sequence[SetAside], total: int, rejected: Sequence[Rejected], out: Console) -> None:
    made = table(f"Set aside ({len(marks)} of {total:,})", "call", "stage", "reason", "detail")
    for m in marks:
        made.add_row(escape(m.call_id), m.stage, m.reason, f"[dim]{escape(m.detail)}[/]")
    out.print(made)
    if rejected:
        lines = table(f"Unreadable lines ({len(rejected):,})", "file", "#line", "reason", "detail")
        for r in rejected:
            lines.add_row(escape(r.file), str(r.line), r.reason, f"[dim]{escape(r.detail)}[/]")
        out.print(lines)


def print_call(
    call: Call, tasks: Mapping[Level, str | None], marks: Sequence[SetAside], out: Console
) -> None:
    out.print(f"[bold]{escape(call.id)}[/]  [dim]{escape(call.model)} · session {escape(call.session_id)}[/]")
    for message in call.request.messages:
        out.print(_panel(message, "dim"))
    if call.response is not None:
        out.print(_panel(call.response, "green", "answer"))
    if call.error is not None:
        out.print(f"[red]error {call.error.status or ''}[/] {escape(call.error.message)}")
    for level, task_id in tasks.items():
        if task_id:
            out.print(f"{level}: {task_id}")
    for mark in marks:
        out.print(f"[yellow]set aside[/] by {mark.stage}: {mark.reason} {escape(mark.detail)}")


def _panel(message: Message, style: str, title: str = "") -> Panel:
    text = message.text
    if len(text) > SHOWN_CHARACTERS:
        text = f"{text[:SHOWN_CHARACTERS]}… ({len(text):,} characters)"
    calls = [f"→ {t.name}({t.arguments})" for t in message.tool_calls]
    return Panel(
        escape("\n".join([text, *calls] if text else calls)), title=title or message.role, border_style=style
    )
