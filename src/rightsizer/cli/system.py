"""`doctor` and `config`: is this installation sound, and where does each setting come from."""

from __future__ import annotations

import click

from rightsizer.cli.context import console, emit_json, json_option, parse_flags


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Check the installation, the home folder and the key; say what each extra would add."""
    from rightsizer.cli.tables import print_checks
    from rightsizer.pipeline.doctor import examine

    obj = click.get_current_context().find_root().obj
    checks = examine(obj["home"], parse_flags(obj["flags"]))
    if as_json:
        emit_json({"ok": all(c.ok for c in checks if c.required), "checks": checks})
    else:
        print_checks(checks, console())
    return 0 if all(c.ok for c in checks if c.required) else 1


@click.group()
def config() -> None:
    """The settings."""


@config.command()
@json_option
def show(as_json: bool) -> None:
    """Every setting, its value, and where the value came from."""
    from pathlib import Path

    from rightsizer.cli.tables import print_settings
    from rightsizer.config import load_settings

    obj = click.get_current_context().find_root().obj
    home = Path(obj["home"]) if obj["home"] else None
    rows = load_settings(home, parse_flags(obj["flags"])).explain()
    if as_json:
        emit_json(
            {
                "settings": [
                    {"name": r.name, "value": r.value, "origin": r.origin, "meaning": r.meaning} for r in rows
                ]
            }
        )
    else:
        print_settings(rows, console())
