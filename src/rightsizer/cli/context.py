"""What every command shares: `--json`, opening the home, printing, and a progress bar on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from rightsizer.config import Settings
    from rightsizer.pipeline.progress import Progress
    from rightsizer.pipeline.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on stdout, and nothing else there."
)


def emit_json(document: Any) -> None:
    """Print one JSON document; pydantic models, dates and dataclasses are turned into JSON."""
    import orjson
    from pydantic import BaseModel

    def default(value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json")
        if isinstance(value, (set, frozenset, tuple)):
            return list(value)
        return str(value)

    data = orjson.dumps(document, default=default, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.flush()


def parse_flags(pairs: tuple[str, ...]) -> dict[str, object]:
    """``("gate.delta=0.05",)`` → ``{"gate.delta": "0.05"}``."""
    flags: dict[str, object] = {}
    for pair in pairs:
        key, sep, value = pair.partition("=")
        if not sep or not key:
            raise click.BadParameter(f"'{pair}' is not KEY=VALUE", param_hint="--set")
        flags[key.strip()] = value.strip()
    return flags


@contextmanager
def workspace(*, create: bool = False, flags: Mapping[str, object] | None = None) -> Iterator[Workspace]:
    """The home of this command line, opened; flags that are None do not override."""
    from rightsizer.pipeline.workspace import open_workspace

    obj = click.get_current_context().find_root().obj
    given = parse_flags(obj["flags"]) | {k: v for k, v in (flags or {}).items() if v is not None}
    with open_workspace(obj["home"], flags=given, create=create) as ws:
        yield ws


def settings() -> Settings:
    """The settings of this command line, without opening the store."""
    from rightsizer.config import load_settings

    obj = click.get_current_context().find_root().obj
    return load_settings(Path(obj["home"]) if obj["home"] else None, parse_flags(obj["flags"]))


def console(*, stderr: bool = False) -> Console:
    """A rich console; plain when the output is not a terminal."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


@contextmanager
def progress_bar(as_json: bool = False) -> Iterator[Progress]:
    """A progress bar on stderr; silent for --json and when stderr is not a terminal."""
    from rightsizer.pipeline.progress import silent

    err = console(stderr=True)
    if as_json or not err.is_terminal:
        yield silent
        return
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=28), TaskProgressColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bar:
        line = bar.add_task("", total=None)

        def tell(what: str, done: float, total: float | None) -> None:
            bar.update(line, description=what, completed=done, total=total)

        yield tell
