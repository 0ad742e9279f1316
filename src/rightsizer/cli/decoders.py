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
    "--to",
    "form",
    type=click.Choice(["merged", "ollama", "gguf", "onnx"]),
    default="merged",
    show_default=True,
)
@click.option(
    "--quantization", default=None, show_default="q8_0 for GGUF, q4_0 for ONNX",
    type=click.Choice(["f32", "f16", "bf16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0"]),
    help="Of a GGUF file (the K formats need a built llama.cpp) or of ONNX (f32, f16, q4_0).",
)  # fmt: skip
@json_option
def export_(student: str, folder: Path, form: Any, quantization: str | None, as_json: bool) -> None:
    """Write a decoder STUDENT for another server: merged weights, an Ollama Modelfile, GGUF, or ONNX.

    What is exported is not what was certified: put it behind its server and through the gate again.
    """
    from rightsizer.pipeline.decoders import export_student
    from rightsizer.types import Student

    with workspace() as ws:
        ws.enter("models.read", exported=student)
        made = export_student(ws, ws.find(Student, student), folder, form, quantization or "")
    if as_json:
        emit_json({"files": [str(p) for p in made]})
    else:
        for path in made:
            console().print(f"{path}  [dim]{path.stat().st_size / 1e6:.1f} MB[/]")


@click.command()
@click.argument("student")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address; this server has no keys.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--onnx", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Answer with this export of it (`students export --to onnx`), by ONNX Runtime.",
)  # fmt: skip
def serve(student: str, host: str, port: int, onnx: Path | None) -> None:
    """Serve a decoder STUDENT by transformers, behind the OpenAI protocol; for trying, not for load."""
    import uvicorn

    from rightsizer.pipeline.decoders import model_server
    from rightsizer.types import Student

    if host not in ("127.0.0.1", "localhost", "::1"):
        raise click.UsageError("this server has no authentication: it listens on loopback only")
    with workspace() as ws:
        ws.enter("models.read", served=student)
        app = model_server(ws, ws.find(Student, student), onnx)
        console(stderr=True).print(f"http://{host}:{port}/v1  [dim]model {app.name}; Ctrl-C stops it[/]")
        uvicorn.run(app, host=host, port=port, log_level="warning")


@click.command()
@click.argument("students", metavar="STUDENT", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Ask each health address whether a server is up there.")
@json_option
def runtimes(students: tuple[str, ...], check: bool, as_json: bool) -> None:
    """How STUDENT is started by other servers, and the address that says each is up.

    Several STUDENTs that are adapters of one base are one server, where the server can (vLLM, SGLang).
    An adapter lies sealed, so it is written out for the server: served/STUDENT in the home, for its owner
    only, until you remove it.
    """
    from rightsizer.pipeline.decoders import served
    from rightsizer.serving.runtimes import called, commands, state
    from rightsizer.types import Student

    with workspace() as ws:
        ws.enter("models.read", exported=students)
        found = [ws.find(Student, s) for s in students]
        names = [served(ws, s) for s in found]
        rows = commands(names, student=found[0].id, model="EXPORTED")
    states = {r.name: state(r) for r, _ in rows} if check else {}
    if as_json:
        listed = [
            {"name": r.name, "start": c, "health": r.health, "needs": r.needs, "called": called(r, names)}
            | ({"state": states[r.name]} if check else {})
            for r, c in rows
        ]
        emit_json({"runtimes": listed})
        return
    out = console()
    for runtime, command in rows:
        out.print(f"[bold]{runtime.name}[/]  [dim]{runtime.note or runtime.needs}[/]")
        out.print(f"  {command}", soft_wrap=True, markup=False)
        out.print(f"  [dim]up when[/] {runtime.health}  {states.get(runtime.name, '')}")
        out.print(f"  [dim]model[/] {', '.join(called(runtime, names))}", highlight=False)
