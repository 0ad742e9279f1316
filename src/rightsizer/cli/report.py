"""`report`: what the agent does, what it costs, what could move, what has moved."""

from __future__ import annotations

from pathlib import Path

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace


@click.command()
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write one self-contained HTML file."
)
@json_option
def report(html: Path | None, as_json: bool) -> None:
    """What the agent does, what it costs, what could move to small models, and what has moved.

    \b
    rightsizer report
    rightsizer report --html report.html
    """
    from rightsizer.cli.show_report import print_report
    from rightsizer.pipeline import make_report

    with workspace() as ws, progress_bar(as_json) as progress:
        made = make_report(ws, progress=progress)
    if html is not None:
        from rightsizer.web.report import render_html

        html.write_text(render_html(made), encoding="utf-8")
    if as_json:
        emit_json(made)
    else:
        print_report(made, console())
        if html is not None:
            console().print(f"\nHTML report: [bold]{html.resolve()}[/]", soft_wrap=True)
