"""`pii scan`: what would be masked in these lines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

import click

from rightsizer.cli.context import console, json_option

if TYPE_CHECKING:
    from rich.console import Console

    from rightsizer.curation.pii import Span


@click.group()
def pii() -> None:
    """Sensitive values."""


@pii.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="surrogateescape"), default="-")
@click.option("--lang", type=click.Choice(["auto", "en", "zh"]), default="auto", show_default=True)
@click.option(
    "--names/--no-names", default=True, show_default=True, help="People, places, health, dates too."
)
@json_option
def scan(file: IO[str], lang: str, names: bool, as_json: bool) -> None:
    """Find sensitive values in each line of FILE (default: stdin); --json gives one object a line.

    --lang chooses the language of names; numbers, addresses of networks and secrets are found in all.

    \b
    echo "mail me at ada@example.com" | rightsizer pii scan --json
    """
    import orjson

    from rightsizer.curation.pii import scan as scan_text

    out = console()
    for line in file:
        text = line.rstrip("\n")
        spans = scan_text(text, lang, names=names)
        if as_json:
            rows = [{"start": s.start, "end": s.end, "type": s.type, "score": s.score} for s in spans]
            sys.stdout.buffer.write(orjson.dumps({"spans": rows}) + b"\n")
        else:
            _show(text, spans, out)
    sys.stdout.flush()


def _show(text: str, spans: Sequence[Span], out: Console) -> None:
    from rich.text import Text

    shown, at = Text(), 0
    for span in spans:
        shown.append(text[at : span.start])
        shown.append(text[span.start : span.end], style="black on yellow")
        shown.append(f"‹{span.type}›", style="dim")
        at = span.end
    shown.append(text[at:])
    out.print(shown)
