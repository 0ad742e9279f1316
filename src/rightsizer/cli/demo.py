"""`demo`: the whole loop on a log that the project generates itself."""

from __future__ import annotations

from pathlib import Path

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace


@click.command()
@click.option(
    "--sessions",
    default=2600,
    show_default=True,
    type=click.IntRange(50),
    help="Sessions of the scripted agent.",
)
@click.option(
    "--logs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Use these logs instead.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the HTML report goes (default: in the home).",
)
@json_option
def demo(sessions: int, logs: tuple[Path, ...], html: Path | None, as_json: bool) -> None:
    """Generate the log of a small scripted agent, then import, run, replay held-out sessions, and report.

    \b
    rightsizer --home demo-home demo
    rightsizer --home demo-home demo --logs calls.jsonl.zst
    """
    from rightsizer.cli.show_report import print_report
    from rightsizer.cli.tables import print_funnel, print_import, print_replay, print_run
    from rightsizer.pipeline.demo import run_demo
    from rightsizer.web.report import render_html

    out = console()
    with workspace(create=True) as ws, progress_bar(as_json) as progress:
        page = html or ws.home / "report.html"
        shown = run_demo(ws, sessions=sessions, logs=logs, progress=progress)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_html(shown.report), encoding="utf-8")
    if as_json:
        emit_json(
            {"run": shown.run, "replay": shown.replay, "report": shown.report, "html": str(page.resolve())}
        )
        return
    print_import(shown.imported, out)
    print_funnel(shown.funnel, out)
    print_run(shown.run, out)
    if shown.replay is not None:
        print_replay(shown.replay, out)
    print_report(shown.report, out)
    out.print(f"\nHTML report: [bold]{page.resolve()}[/]", soft_wrap=True)
