"""Bars of shares, and the table of what could move by kind of call: for `tasks` and `report`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rightsizer.economics.wording import share

if TYPE_CHECKING:
    from rightsizer.economics.by_type import TypeShare

NOTHING = 0.0005  # a share that is not worth a figure
WIDE = 116  # columns from which all ranges are shown
READY_COLOURS = ((0.1, "bright_black"), (0.3, "blue"), (0.5, "cyan"), (0.75, "green"), (2.0, "bold green"))


def ready_colour(value: float) -> str:
    """The colour of a readiness; the same five steps as on the map."""
    return next(colour for edge, colour in READY_COLOURS if value < edge)


def bar(value: float, width: int, colour: str, high: float | None = None) -> Text:
    """A bar of a share, in eighths of a character; a thin line goes on to `high`."""
    eighths = round(max(0.0, min(1.0, value)) * width * 8)
    full, part = divmod(eighths, 8)
    made = Text("█" * full + (" ▏▎▍▌▋▊▉"[part] if part else ""), style=colour)
    filled = len(made)
    end = filled if high is None else max(filled, round(high * width))
    made.append("╌" * (end - filled), style=colour)
    made.append("·" * (width - end), style="bright_black")
    return made


def by_type(shares: Sequence[TypeShare], width: int) -> RenderableType:
    """What could move by kind of call: the forecast of every kind with its range."""
    made = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    made.add_column("Kind of call", no_wrap=True)
    for name in ("Tasks", "Calls", "Tokens", "Cost"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("could move" if width < WIDE else "could move, of its cost", no_wrap=True)
    for name in ("of all cost",) if width < WIDE else ("of all calls", "of all tokens", "of all cost"):
        made.add_column(name, justify="right", no_wrap=True)
    room = 24 if width >= WIDE else 14
    for row in shares:
        style = "bold" if row.type == "all" else "dim" if not row.tasks else ""
        part = row.movable_cost.point / row.cost if row.cost else 0.0
        movable = (row.movable_calls, row.movable_tokens, row.movable_cost)
        ranges = [_edges(r.low, r.high) for r in (movable if width >= WIDE else movable[2:])]
        filled = bar(part, room, ready_colour(part)) if row.tasks else Text("–", style="dim")
        sizes = [f"{row.tasks or '–'}", share(row.calls), share(row.tokens), share(row.cost)]
        made.add_row(row.type, *sizes, filled, *ranges, style=style)
    title = Text("What could move to small models, by kind of call", style="bold")
    title.append("  forecast; only the gate proves", style="not bold dim")
    return Group(title, made, Text())


def _edges(low: float, high: float) -> str:
    if high < NOTHING:
        return "–"
    return share(high) if share(low) == share(high) else f"{share(low)} – {share(high)}"
