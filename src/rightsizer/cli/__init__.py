"""The command line: one thin function a verb. Nothing heavy is imported until a verb runs."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `rightsizer` command."""
    from rightsizer.cli.app import run

    raise SystemExit(run())
