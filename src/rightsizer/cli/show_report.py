"""The report on a terminal: what it costs, what can move, what stays and why. Fits 80 columns."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rightsizer.cli.kinds import by_type
from rightsizer.economics.report_types import Report, TaskRow
from rightsizer.economics.savings import Range
from rightsizer.economics.wording import count, days, money, money_range, percent, reason_words, share, short

COLOURS = {"replace": "green", "undecided": "yellow", "keep": "blue"}
MARKS = {"replace": "● replace", "undecided": "◐ more data", "keep": "○ keep"}
MOST_ROWS = 24  # tasks shown; the rest are summed in one line
MOST_REASONS = 8


def print_report(report: Report, console: Console) -> None:
    """Print the report. Below 96 columns the table leaves out what the headline already says."""
    console.print()
    console.print(_headline(report, console.width))
    if not report.tasks:
        verb = "run --all` finds them and trains students" if report.log.calls else "import FILE` reads a log"
        console.print(f"[dim]No tasks yet: `rightsizer {verb}.[/]")
        return
    console.print(_cost_bar(report, console.width))
    console.print(_tasks(report, console.width))
    console.print(_kinds(report, console.width))
    console.print(_rivals(report, console.width))
    console.print(_reasons(report))
    console.print(_foot(report))


def _headline(report: Report, width: int) -> RenderableType:
    log, head = report.log, report.headline
    span = f" · {days(log.span_days)}" if log.span_days is not None else ""
    models = short(", ".join(m.model for m in log.models[:3]), max(20, width - 60))
    about = Text(f"{count(log.calls)} calls · {count(log.sessions)} sessions{span}", style="dim")
    about.append(f" · {models}" if models else "")
    per = f"/ {report.unit}"
    known = log.cost_usd.point > 0
    possible = f"≤ {money(head.possible_saving.high)}" if known else "?"
    cards = [
        (money(head.cost.point) if known else "?", f"the LLM {per}", _edges(head.cost, known), "bold"),
        (
            money(head.proved_saving.point) if known else "?",
            f"proved saving {per}",
            _edges(head.proved_saving, known),
            "bold green",
        ),
        (share(head.calls_movable.point), "of calls can move", _share_edges(report), "bold green"),
        (possible, "undecided yet", "not proved", "bold yellow"),
    ]
    grid = Table.grid(expand=True, padding=(0, 1))
    for _ in cards:
        grid.add_column(ratio=1)
    grid.add_row(*(Text(value, style=style) for value, _, _, style in cards))
    grid.add_row(*(Text(label) for _, label, _, _ in cards))
    grid.add_row(*(Text(note, style="dim") for _, _, note, _ in cards))
    parts: list[RenderableType] = [Text(report.title, style="bold"), about, Text(), grid]
    for advice in report.advice:
        parts += [Text(), Text(advice.text, style="yellow" if advice.warn else "green")]
    return Panel(Group(*parts), title="[bold]rightsizer report[/]", title_align="left", border_style="dim")


def _edges(usd: Range, known: bool) -> str:
    if not known:
        return "no known price"
    return "" if usd.low == usd.high else money_range(usd)


def _share_edges(report: Report) -> str:
    moves = report.headline.calls_movable
    return "" if moves.high == 0 else f"{share(moves.low)} – {share(moves.high)}"


def _cost_bar(report: Report, width: int) -> RenderableType:
    """One bar of the money by verdict; calls where no cost is known."""
    by_cost = report.log.cost_usd.point > 0
    room = width - 2
    bar, legend = Text(" "), Text(" ")
    for verdict, colour in COLOURS.items():
        rows = [r for r in report.tasks if r.verdict == verdict]
        part = sum(r.cost_share if by_cost else r.call_share for r in rows)
        bar.append("█" * round(part * room), style=colour)
        legend.append(f"■ {MARKS[verdict][2:]} ", style=colour)
        legend.append(f"{share(part)} ({len(rows)})   ")
    bar.append("░" * max(0, room + 1 - len(bar)), style="dim")
    legend.append("░ no task", style="dim")
    title = Text(" Where the money goes" if by_cost else " Where the calls go (no price known)", style="bold")
    return Group(title, bar, legend, Text())


def _tasks(report: Report, width: int) -> Table:
    wide = width >= 96
    table = Table(box=None, padding=(0, 1), header_style="bold", expand=True)
    table.add_column("Task", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("Calls", justify="right", no_wrap=True)
    table.add_column("Cost", justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True, min_width=11)
    table.add_column("Serves", justify="right", no_wrap=True)
    table.add_column("Agrees ≥", justify="right", no_wrap=True)
    if wide:
        table.add_column(f"Saves / {report.unit}", justify="right", no_wrap=True)
        table.add_column("Now", no_wrap=True)
    for row in report.tasks[:MOST_ROWS]:
        table.add_row(*_cells(row, wide=wide))
    rest = report.tasks[MOST_ROWS:]
    if rest:
        calls, cost = sum(r.calls for r in rest), sum(r.cost_share for r in rest)
        table.add_row(f"[dim]and {len(rest)} more[/]", f"[dim]{count(calls)}[/]", f"[dim]{share(cost)}[/]")
    return table


def _cells(row: TaskRow, *, wide: bool) -> list[RenderableType]:
    colour = COLOURS[row.verdict]
    proof = row.proof if row.verdict == "replace" else None
    serves = share(proof.coverage) if proof else "–"
    agrees = percent(proof.agreement_low) if proof and proof.agreement_low is not None else "–"
    cells: list[RenderableType] = [
        Text(row.name),
        count(row.calls),
        share(row.cost_share) if row.cost_known else "?",
        Text(_mark(row), style=colour),
        serves,
        agrees,
    ]
    if wide:
        saves = "–"
        if row.basis == "certified":
            saves = money_range(row.savings.gross) if row.cost_known else "?"
        elif row.worth_showing:
            saves = f"≤ {money(row.savings.gross.high)}?"
        now = (
            "LLM"
            if row.mode is None
            else row.mode + ("" if row.mode == "live" else f" {share(row.live_share)}")
        )
        cells += [saves, Text(now, style="green" if row.mode == "live" else "dim")]
    return cells


def _mark(row: TaskRow) -> str:
    """The verdict in a table cell; for an undecided task how many calls are missing, where that is known."""
    if row.verdict == "undecided" and row.calls_needed:
        return f"◐ +{count(row.calls_needed)} calls"
    return MARKS[row.verdict]


def _kinds(report: Report, width: int) -> RenderableType:
    """What could move by kind of call; a forecast where nothing is proved."""
    if not report.by_type or width < 80:
        return Text()
    return Padding(by_type(report.by_type, width), (1, 0, 0, 1))


def _rivals(report: Report, width: int) -> RenderableType:
    """The movable tasks answered four ways: incumbent, student, cheap LLM, small hosted model."""
    if not report.alternatives:
        return Text()
    wide = width >= 96
    room = max(10, width - (82 if wide else 56))
    dearest = max(a.usd.point for a in report.alternatives) or 1.0
    table = Table.grid(padding=(0, 1))
    for _ in range(4):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for alternative in report.alternatives:
        filled = max(1, round(alternative.usd.point / dearest * room))
        rival = alternative.kind in ("cheap_llm", "small_model")
        colour = "magenta" if rival else COLOURS["replace" if alternative.kind == "student" else "keep"]
        table.add_row(
            Text(f" {alternative.label}" + ("*" if rival else "")),
            Text("▆" * filled, style=colour),
            Text(money_range(alternative.usd)),
            Text(short(alternative.model, 24) if rival and wide else "", style="dim"),
        )
    title = Text(f"\n The tasks that can move, per {report.unit}", style="bold")
    note = " * on price alone: nobody has measured how well it answers"
    untrained = any(a.kind in ("cheap_llm", "small_model") for a in report.alternatives)
    return Group(title, table, Text(note, style="dim")) if untrained else Group(title, table)


def _reasons(report: Report) -> RenderableType:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2, justify="right")
    table.add_column(ratio=1, overflow="fold")
    for row in report.tasks[:MOST_REASONS]:
        line = Text(short(row.name, 48), style=f"bold {COLOURS[row.verdict]}")
        line.append(f"  {row.reason}", style="not bold default")
        table.add_row(Text(MARKS[row.verdict][0], style=COLOURS[row.verdict]), line)
    if len(report.tasks) > MOST_REASONS:
        table.add_row("", Text(f"… {len(report.tasks) - MOST_REASONS} more: --html", style="dim"))
    return Group(Text("\n Why", style="bold"), table)


def _foot(report: Report) -> RenderableType:
    lines: list[RenderableType] = [Text()]
    if report.funnel is not None:
        dropped = ", ".join(f"{reason_words(r)} {count(n)}" for r, n in report.funnel.dropped if n)
        text = f"Curation kept {count(report.funnel.n_kept)} of {count(report.funnel.n_in)} calls"
        lines.append(Text(text + (f" ({dropped})." if dropped else "."), style="dim"))
    if report.log.unpriced_calls:
        text = f"{count(report.log.unpriced_calls)} calls have no known price and are in no sum of money."
        lines.append(Text(text, style="yellow"))
    text = f"List prices as of {report.prices_as_of}. Agreement with the LLM is not correctness."
    lines.append(Text(text + " More: --html, --json", style="dim"))
    return Padding(Group(*lines), (0, 1))
