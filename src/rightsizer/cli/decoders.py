"""`students export | serve | runtimes`: decoders for other servers, and the reference server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rightsizer.cli.context import console, emit_json, json_option, workspace


@click.command(name="export")
@click.argument("student")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to", "form", type=click.Choice(["merged", "ollama", "gguf"]), default="merged", show_default=True
)
@json_option
def export_(student: str, folder: Path, form: Any, as_json: bool) -> None:
    """Write a decoder STUDENT for another server: merged weights, an Ollama Modelfile, or GGUF.

    What is exported is not what was certified: put it behind its server and through the gate again.
    """
    from rightsizer.pipeline.decoders import export_student
    from rightsizer.types import Student

    with workspace() as ws:
        made = export_student(ws, ws.find(Student, student), folder, form)
    if as_json:
        emit_json({"files": [str(p) for p in made]})
    else:
        for path in made:
            console().print(f"{path}  [dim]{path.stat().st_size / 1e6:.1f} MB[/]")


@click.command()
@click.argument("student")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address; this server has no keys.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
def serve(student: str, host: str, port: int) -> None:
    """Serve a decoder STUDENT by transformers, behind the OpenAI protocol; for trying, not for load."""
    import uvicorn

    from rightsizer.pipeline.decoders import model_server
    from rightsizer.types import Student

    if host not in ("127.0.0.1", "localhost", "::1"):
        raise click.UsageError("this server has no authentication: it listens on loopback only")
    with workspace() as ws:
        app = model_server(ws, ws.find(Student, student))
        console(stderr=True).print(f"http://{host}:{port}/v1  [dim]model {app.name}; Ctrl-C stops it[/]")
        uvicorn.run(app, host=host, port=port, log_level="warning")


@click.command()
@click.argument("student")
@json_option
def runtimes(student: str, as_json: bool) -> None:
    """How STUDENT is started by other servers, and the address that says each is up."""
    from rightsizer.pipeline.predict import student_folder
    from rightsizer.serving.runtimes import commands
    from rightsizer.types import Student

    with workspace() as ws:
        found = ws.find(Student, student)
        recipe = found.recipe.get("recipe", {})
        adapter = recipe.get("tuning") in ("lora", "qlora", "dora")
        rows = commands(
            student=found.id,
            name=found.id[-8:],
            model="EXPORTED",
            base=str(recipe.get("base", "BASE")),
            adapter=str(student_folder(ws, found) / "model") if adapter else "",
        )
    if as_json:
        emit_json(
            {
                "runtimes": [
                    {"name": r.name, "start": c, "health": r.health, "needs": r.needs} for r, c in rows
                ]
            }
        )
        return
    out = console()
    for runtime, command in rows:
        out.print(f"[bold]{runtime.name}[/]  [dim]{runtime.note or runtime.needs}[/]")
        out.print(f"  {command}", soft_wrap=True, markup=False)
        out.print(f"  [dim]up when[/] {runtime.health}")
