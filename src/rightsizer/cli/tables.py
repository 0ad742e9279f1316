"""What a verb shows when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rightsizer.capture.importers import ImportReport
    from rightsizer.config import Explained
    from rightsizer.evaluation.certificate import Verification
    from rightsizer.pipeline.doctor import Check
    from rightsizer.pipeline.loop import RunOutcome
    from rightsizer.pipeline.replay import ReplayOutcome
    from rightsizer.types import Funnel

SHOWN_TASKS = 20  # of a log with many kinds of calls, those that cost most

VERDICT = {
    "pass": "[green]● replace[/]",
    "fail": "[blue]○ keep the LLM[/]",
    "undecided": "[yellow]◐ not enough evidence[/]",
    "replace": "[green]● replace[/]",
    "keep": "[blue]○ keep the LLM[/]",
    None: "[dim]not looked at[/]",
}
SHORT_VERDICT = {  # of a row that must fit a terminal of 80 columns; a mark, then words
    "pass": "[green]● replace[/]",
    "fail": "[blue]○ keep[/]",
    "undecided": "[yellow]◐ undecided[/]",
}


def table(title: str, *columns: str) -> Table:
    """A table in the house style; a column name that starts with '#' is numeric."""
    made = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        numeric = column.startswith("#")
        made.add_column(column.lstrip("#"), justify="right" if numeric else "left", no_wrap=numeric)
    return made


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def print_import(done: ImportReport, out: Console) -> None:
    made = table("Import", "file", "#calls", "#new", "#known", "#set aside", "#calls/s")
    for f in done.files:
        aside = f.rejected + len(f.conflicts)
        made.add_row(
            escape(Path(f.file).name), f"{f.calls:,}", f"{f.new:,}", f"{f.known:,}",
            f"[yellow]{aside:,}[/]" if aside else "0", f"{f.calls / f.seconds:,.0f}" if f.seconds else "–",
        )  # fmt: skip
    out.print(made)
    forgotten = sum(f.forgotten for f in done.files)
    if forgotten:
        out.print(f"{forgotten:,} calls were forgotten before and stay so: rightsizer deletions list")
    if any(f.rejected or f.conflicts for f in done.files):
        out.print(
            "[yellow]some lines could not be used[/]: they are kept aside, "
            "see `rightsizer calls list --set-aside`"
        )


def print_funnel(funnel: Funnel, out: Console) -> None:
    made = table("Curation", "", "#calls", "#share")
    made.add_row("in", f"{funnel.n_in:,}", "")
    for reason, n in funnel.dropped:
        if n:
            made.add_row(
                f"[dim]− {escape(reason)}[/]", f"[dim]{n:,}[/]", f"[dim]{percent(n / funnel.n_in)}[/]"
            )
    made.add_row(
        "[bold]kept[/]",
        f"[bold]{funnel.n_kept:,}[/]",
        percent(funnel.n_kept / funnel.n_in if funnel.n_in else None),
    )
    out.print(made)


def print_run(outcome: RunOutcome, out: Console) -> None:
    """One line a task, then why: a reason is a sentence, and a column of a table would break it up."""
    made = Table(
        title="Tasks", title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False,
        width=min(out.width, 100),
    )  # fmt: skip
    made.add_column("task", no_wrap=True, overflow="ellipsis", ratio=1)
    for name, numeric in (("calls", 1), ("verdict", 0), ("student", 0), ("served", 1), ("agrees", 1)):
        made.add_column(name, justify="right" if numeric else "left", no_wrap=True)
    shown = [r for i, r in enumerate(outcome.tasks) if i < SHOWN_TASKS or r.student_id]
    for row in shown:
        passed = row.verdict == "pass"
        made.add_row(
            f"[bold]{escape(row.name)}[/]", f"{row.n_calls:,}", SHORT_VERDICT[row.verdict],
            row.method or "–", percent(row.coverage if passed else None),
            percent(row.agreement if passed else None),
        )  # fmt: skip
    out.print(made)
    print_reasons(
        [
            (r.verdict, r.name + (" · live" if r.released else ""), "\n".join((r.reason, *r.notes)))
            for r in shown
        ],
        out,
    )
    if len(shown) < len(outcome.tasks):
        rest = len(outcome.tasks) - len(shown)
        out.print(f"[dim]and {rest} smaller tasks with nothing to train on yet: rightsizer tasks list[/]")
    n_passed = sum(r.verdict == "pass" for r in outcome.tasks)
    out.print(f"\n{n_passed} of {len(outcome.tasks)} tasks passed the gate · {outcome.seconds:.0f} s")


def print_reasons(rows: Sequence[tuple[str, str, str]], out: Console) -> None:
    """Why: (verdict, name, reason) a row, each reason at full width."""
    if not rows:
        return
    why = Table.grid(padding=(0, 1, 0, 0))
    why.add_column(width=1)
    why.add_column(ratio=1, overflow="fold")
    for verdict, name, reason in rows:
        mark = SHORT_VERDICT[verdict].split()[0] + "[/]"
        why.add_row(mark, f"[bold]{escape(name)}[/]  [dim]{escape(reason)}[/]")
    out.print("\n[bold]Why[/]")
    out.print(why)


def print_replay(outcome: ReplayOutcome, out: Console) -> None:
    made = table("Replay", "task", "#calls", "#served", "#share", "#agreed")
    for row in outcome.by_task:
        made.add_row(
            escape(row.name), f"{row.calls:,}", f"{row.served:,}", percent(row.served / row.calls),
            percent(row.agreed / row.served if row.served else None),
        )  # fmt: skip
    made.add_row(
        "[bold]all[/]", f"{outcome.calls:,}", f"{outcome.served:,}", f"[bold]{percent(outcome.coverage)}[/]",
        f"[bold]{percent(outcome.agreement)}[/]",
    )  # fmt: skip
    out.print(made)
    if outcome.served:
        out.print(
            f"agreement between {percent(outcome.agreement_low)} and {percent(outcome.agreement_high)} (95 %)"
        )
        ms = outcome.latency_ms
        out.print(f"student latency p50 {ms.p50} ms, p95 {ms.p95} ms on this machine")
    if outcome.llm_cost_usd:
        out.print(f"cost ${outcome.llm_cost_usd:,.2f} → ${outcome.cost_usd:,.2f}")
    if outcome.unreadable:
        out.print(f"[yellow]{outcome.unreadable} lines of the file could not be read[/]")


def print_verification(result: Verification, out: Console) -> None:
    for check in result.checks:
        mark = "[green]✔[/]" if check.ok else "[red]✘[/]"
        out.print(f"{mark} {escape(check.name)}  [dim]{escape(check.detail)}[/]")
    out.print(
        "[green]the certificate follows from its evidence[/]"
        if result.ok
        else "[red]the certificate does NOT hold[/]"
    )


def print_checks(checks: Sequence[Check], out: Console) -> None:
    for check in checks:
        mark = "[green]✔[/]" if check.ok else ("[red]✘[/]" if check.required else "[yellow]–[/]")
        out.print(f"{mark} [bold]{escape(check.name)}[/]  {escape(check.detail)}")
        if check.hint:
            out.print(f"    [dim]→ {escape(check.hint)}[/]")


def print_settings(rows: Sequence[Explained], out: Console) -> None:
    made = table("Settings")
    made.add_column("name", no_wrap=True)
    made.add_column("value", overflow="fold", max_width=16)
    made.add_column("from", no_wrap=True)
    made.add_column("meaning")
    for row in rows:
        origin = row.origin if row.origin == "default" else f"[cyan]{escape(row.origin)}[/]"
        made.add_row(row.name, escape(repr(row.value)), origin, f"[dim]{escape(row.meaning)}[/]")
    out.print(made)
