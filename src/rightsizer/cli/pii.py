"""`pii scan`: what would be masked in these lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

import click

from rightsizer.cli.context import console, json_option

if TYPE_CHECKING:
    from rich.console import Console

    from rightsizer.curation.pii import Span

TOGETHER = 1 << 16  # bytes of lines searched at once


@click.group()
def pii() -> None:
    """Sensitive values."""


@pii.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--lang", type=click.Choice(["auto", "en", "zh"]), default="auto", show_default=True)
@click.option(
    "--names/--no-names", default=True, show_default=True, help="People, places, health, dates too."
)
@click.option("--min-score", type=click.FloatRange(0, 1), default=0.0, help="Leave out what is less sure.")
@json_option
def scan(file: IO[bytes], lang: str, names: bool, min_score: float, as_json: bool) -> None:
    """Find sensitive values in each line of FILE (default: stdin); --json gives one object a line.

    A line ends with a line feed and with nothing else; positions count code points, and a byte that is no
    UTF-8 counts as one. --lang chooses the language of names; numbers, addresses of networks and secrets are
    found in all.

    \b
    echo "mail me at ada@example.com" | rightsizer pii scan --json
    """
    import orjson

    from rightsizer.curation.pii import scan_many

    out = console()
    for texts in _batches(file):
        for text, found in zip(texts, scan_many(texts, lang, names=names), strict=True):
            spans = [s for s in found if s.score >= min_score]
            if as_json:
                rows = [{"start": s.start, "end": s.end, "type": s.type, "score": s.score} for s in spans]
                sys.stdout.buffer.write(orjson.dumps({"spans": rows}) + b"\n")
            else:
                _show(text, spans, out)
        sys.stdout.flush()


def _batches(file: IO[bytes]) -> Iterator[list[str]]:
    """The lines, some at a time: names in many short ones are found quicker together."""
    texts, size = [], 0
    for line in file:
        texts.append(line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape"))
        size += len(line)
        if size > TOGETHER:
            yield texts
            texts, size = [], 0
    if texts:
        yield texts


def _show(text: str, spans: Sequence[Span], out: Console) -> None:
    from rich.text import Text

    shown, at = Text(), 0
    for span in spans:
        shown.append(text[at : span.start])
        shown.append(text[span.start : span.end], style="black on yellow")
        shown.append(f"‹{span.type}›", style="dim")
        at = span.end
    shown.append(text[at:])
    # What was no UTF-8 cannot be printed.
    shown.plain = shown.plain.encode("utf-8", "replace").decode("utf-8")
    out.print(shown)
