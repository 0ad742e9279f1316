"""Who did what, and what came from what: `audit`, `lineage`."""

from __future__ import annotations

import click

from rightsizer.cli.context import console, emit_json, json_option, workspace


@click.group()
def audit() -> None:
    """Who did what, when: the append-only log of this home."""


@audit.command(name="list")
@click.option("--action", help="Only this action, e.g. release or calls.read.")
@click.option("--who", help="Only this person (name of the operating system) or key.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="The last so many.")
@json_option
def list_audit(action: str | None, who: str | None, limit: int, as_json: bool) -> None:
    """The last entries, oldest first.

    \b
    rightsizer audit list --action release
    """
    from rightsizer.cli.governance_tables import print_audit
    from rightsizer.store.audit import read_audit

    with workspace() as ws:
        ws.enter("audit.read")
        rows = [e for e in read_audit(ws.home) if action in (None, e.action) and who in (None, e.who, e.key)][
            -limit:
        ]
    emit_json({"entries": rows}) if as_json else print_audit(rows, console())


@audit.command(name="verify")
@click.option("--pin", metavar="N:HASH", help="A head written down elsewhere that must still be in the log.")
@json_option
def verify_audit(pin: str | None, as_json: bool) -> int:
    """Check every entry, the chain, the signatures and the signed end of the log. Exit code 3 if one fails.

    Prints the pin of the last entry: kept elsewhere, it also shows a log that was replaced by an older copy.
    """
    from rightsizer.pipeline import verify_audit_log

    with workspace() as ws:
        found = verify_audit_log(ws, pin=pin)
    if as_json:
        emit_json({"ok": not found.faults, **found.model_dump(mode="json")})
    else:
        out = console()
        for fault in found.faults:
            out.print(
                f"[red]✘[/] entry {fault.n} {fault.what}" if fault.n else f"[red]✘[/] the log {fault.what}"
            )
        if not found.faults:
            out.print(f"[green]✔[/] {found.entries:,} entries, none edited, removed or cut off")
        out.print(f"pin of this log: {found.pin}", soft_wrap=True)
    return 3 if found.faults else 0


@click.command()
@click.argument("key", metavar="ID")
@json_option
def lineage(key: str, as_json: bool) -> None:
    """What ID comes from and what came of it: a call, session, dataset, student, certificate, release, task.

    \b
    rightsizer lineage chatcmpl-123
    rightsizer lineage release_01a…
    """
    from rightsizer.cli.governance_tables import print_lineage
    from rightsizer.pipeline import trace

    with workspace() as ws:
        found = trace(ws, key)
    emit_json(found) if as_json else print_lineage(found, console())
