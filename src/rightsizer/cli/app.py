"""The command tree, and the one place where errors become exit codes.

Exit codes: 0 done · 1 error · 2 usage · 3 it ran and the gate said no · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from rightsizer import __version__
from rightsizer.cli.context import emit_json
from rightsizer.errors import RightsizerError

# verb → (module, name of the command in it); resolved on use, so that `--help` stays fast.
COMMANDS: dict[str, tuple[str, str]] = {
    "import": ("loop", "import_"),
    "export": ("loop", "export"),
    "curate": ("loop", "curate"),
    "discover": ("loop", "discover"),
    "shortlist": ("loop", "shortlist"),
    "probe": ("probe", "probe"),
    "train": ("loop", "train"),
    "evaluate": ("loop", "evaluate"),
    "run": ("loop", "run"),
    "release": ("deploy", "release"),
    "rollback": ("deploy", "rollback"),
    "verify": ("deploy", "verify"),
    "replay": ("deploy", "replay"),
    "gateway": ("gateway", "gateway"),
    "report": ("report", "report"),
    "calls": ("show", "calls"),
    "tasks": ("show", "tasks"),
    "datasets": ("show", "datasets"),
    "candidates": ("models", "candidates"),
    "students": ("show", "students"),
    "evaluations": ("show", "evaluations"),
    "routes": ("show", "routes"),
    "lineage": ("govern", "lineage"),
    "audit": ("govern", "audit"),
    "pii": ("pii", "pii"),
    "demo": ("demo", "demo"),
    "doctor": ("system", "doctor"),
    "config": ("system", "config"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for, listed in the loop's order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, name = COMMANDS[cmd_name]
        command = getattr(import_module(f"rightsizer.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="rightsizer")
@click.option(
    "--home", metavar="DIR", help="Folder that holds everything (default: RIGHTSIZER_HOME or ~/.rightsizer)."
)
@click.option(
    "--set",
    "flags",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a setting, e.g. --set gate.delta=0.05.",
)
@click.pass_context
def cli(ctx: click.Context, home: str | None, flags: tuple[str, ...]) -> None:
    """Replace the LLM by a small model on the steps of an agent where that is proved to be safe.

    \b
    The loop in three commands:
      rightsizer import calls.jsonl.zst     read a log of an agent's calls
      rightsizer run --all --release        curate, find tasks, train, prove, release
      rightsizer report --html report.html  what could move, what has moved, what it saves
    """
    ctx.obj = {"home": home, "flags": flags}


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit code."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # small models: one thread is faster than a pool
        os.environ.setdefault(name, "1")
    args = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in args
    try:
        result = cli.main(args=args, prog_name="rightsizer", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted; what was committed is kept", err=True)
        return 130
    except KeyboardInterrupt:
        click.echo("interrupted; what was committed is kept", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except RightsizerError as error:
        return _fail(error, error.message, error.hint, as_json)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:  # noqa: BLE001 - the edge: an unexpected error is a bug, shown as one
        traceback.print_exc()
        return _fail(
            error,
            f"unexpected {type(error).__name__}: {error}",
            "this is a bug in rightsizer; please report it",
            as_json,
        )
    return result if isinstance(result, int) else 0


def _fail(error: Exception, message: str, hint: str, as_json: bool) -> int:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"  → {hint}", err=True)
    if as_json:
        emit_json({"error": {"type": type(error).__name__, "message": message, "hint": hint}})
    return 1
