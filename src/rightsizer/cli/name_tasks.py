"""`tasks name`: names by the user's own LLM."""

from __future__ import annotations

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace


@click.command(name="name")
@click.argument("task", required=False)
@click.option("--url", required=True, help="An OpenAI-compatible server, e.g. http://localhost:8000/v1.")
@click.option("--model", required=True, help="The model that names.")
@click.option("--key-env", default="", help="The environment variable that holds the key, if it needs one.")
@json_option
def name_tasks(task: str | None, url: str, model: str, key_env: str, as_json: bool) -> None:
    """Let your own LLM name TASK, or all. It sees the masked template and tool names, never a call.

    \b
    rightsizer tasks name --url http://localhost:11434/v1 --model qwen3:4b
    """
    from rich.markup import escape

    from rightsizer.pipeline.llm_names import name_with_llm
    from rightsizer.students.chat_server import Server
    from rightsizer.types import Task

    with workspace() as ws, progress_bar(as_json) as progress:
        # A name that a person gave stays, unless that very task is asked for.
        every = [
            t for t in ws.store.records.list(Task) if t.level == "template" and t.n_calls and not t.aliases
        ]
        wanted = [ws.find(Task, task)] if task else every
        server = Server(base_url=url, model=model, api_key_env=key_env)
        found = name_with_llm(ws, server, wanted, progress)
    if as_json:
        emit_json({"tasks": found})
        return
    for row in found:
        note = f"[dim]kept: {escape(row.why)}[/]" if row.why else f"→ [bold]{escape(row.after)}[/]"
        console().print(f"{escape(row.before)}  {note}", soft_wrap=True)
