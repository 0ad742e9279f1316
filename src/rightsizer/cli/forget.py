"""What must go, and who may see what stays: `forget`, `retention`, `deletions`, `keys`."""

from __future__ import annotations

import click

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace

ROLES = ("ingest", "curator", "trainer", "approver", "auditor")


@click.command()
@click.option("--subject", metavar="ID", help="A session or call id, or any value in the calls' metadata.")
@click.option(
    "--value", "values", multiple=True, metavar="TEXT", help="Sessions in which this occurs (repeatable)."
)
@click.option("--rollback", is_flag=True, help="Give tasks back to the LLM whose students learned from it.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
def forget(
    subject: str | None, values: tuple[str, ...], rollback: bool, dry_run: bool, as_json: bool
) -> None:
    """Make every session of a subject unreadable for good, and say what had learned from it.

    \b
    rightsizer forget --subject user-4711 --dry-run
    rightsizer forget --subject user-4711 --value "lin@example.com" --rollback
    """
    from rightsizer.cli.governance_tables import print_deletion
    from rightsizer.pipeline import forget_subject

    if not subject and not values:
        raise click.UsageError("give --subject ID or --value TEXT")
    with workspace() as ws, progress_bar(as_json) as progress:
        done = forget_subject(
            ws, subject, values=values, rollback=rollback, dry_run=dry_run, progress=progress
        )
    emit_json(done) if as_json else print_deletion(done, console())


@click.command()
@click.option(
    "--days", type=click.FloatRange(0, min_open=True), help="Default: setting store.retention_days."
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
def retention(days: float | None, dry_run: bool, as_json: bool) -> None:
    """Delete the calls that are older than allowed. A running gateway does it once a day.

    \b
    rightsizer retention --days 90 --dry-run
    """
    from rightsizer.cli.governance_tables import print_deletion
    from rightsizer.pipeline import apply_retention

    with workspace() as ws, progress_bar(as_json) as progress:
        done = apply_retention(ws, days=days, dry_run=dry_run, progress=progress)
    emit_json(done) if as_json else print_deletion(done, console())


@click.group()
def keys() -> None:
    """The store's key and the keys of roles."""


@keys.command()
@json_option
def rotate(as_json: bool) -> None:
    """Put the store under a new key; the old one opens it no more. Quick: no call is written again."""
    from rightsizer.pipeline import rotate_keys

    with workspace() as ws:
        done = rotate_keys(ws)
    if as_json:
        emit_json(done)
    else:
        console().print(
            f"[green]rotated[/] {done.keys} keys are under the key {done.fingerprint} ({done.where})\n"
            "back the key up again; older backups of the store open with the old key only"
        )


@keys.command()
@click.option("--remove", is_flag=True, help="No passphrase any more: the key lies in its file as it is.")
@json_option
def passphrase(remove: bool, as_json: bool) -> None:
    """Put the store's key behind a passphrase, or change it; the store gets a new key with it.

    The new passphrase is asked for, or taken from RIGHTSIZER_NEW_PASSPHRASE (or the file that
    RIGHTSIZER_NEW_PASSPHRASE_FILE names). From then on RIGHTSIZER_PASSPHRASE, RIGHTSIZER_PASSPHRASE_FILE or
    an answer at the terminal opens the home. There is no way back without it.
    """
    from rightsizer.pipeline import change_passphrase
    from rightsizer.store.passphrase import given_passphrase

    with workspace() as ws:
        new = "" if remove else given_passphrase(None, _NEW, f"{_NEW}_FILE")
        if not new and not remove:
            new = click.prompt("new passphrase", hide_input=True, confirmation_prompt=True, err=True)
        done = change_passphrase(ws, new)
    if as_json:
        emit_json(done)
    else:
        console().print(
            f"[green]done[/] {done.keys} keys are under the key {done.fingerprint} ({done.where})"
        )


_NEW = "RIGHTSIZER_NEW_PASSPHRASE"


@keys.command(name="add")
@click.argument("role", type=click.Choice(ROLES))
@click.argument("name")
@json_option
def add_key(role: str, name: str, as_json: bool) -> None:
    """Make a key for a ROLE, called NAME; it is shown once. Used by setting RIGHTSIZER_ROLE_KEY.

    \b
    rightsizer keys add trainer "night job"
    """
    from typing import cast, get_args

    from rightsizer.pipeline import add_role_key
    from rightsizer.store.roles import Role

    assert role in get_args(Role)
    with workspace() as ws:
        secret, made = add_role_key(ws, cast(Role, role), name)
    if as_json:
        emit_json({"key": secret, "id": made.id, "role": made.role, "name": made.name})
    else:
        click.echo(secret)
        click.echo(
            f"role {made.role}, id {made.id}; set RIGHTSIZER_ROLE_KEY to it, or to a file of it", err=True
        )


@keys.command(name="list")
@json_option
def list_keys(as_json: bool) -> None:
    """The roles' keys, never the keys themselves."""
    from rightsizer.cli.tables import table

    with workspace() as ws:
        ws.enter("keys.list")
        rows = ws.store.role_keys()
    if as_json:
        emit_json({"keys": rows})
        return
    made = table("Role keys", "id", "role", "name", "made")
    for row in rows:
        made.add_row(row.id, row.role, row.name, row.created)
    console().print(made)


@keys.command()
@click.argument("key", metavar="KEY")
@json_option
def revoke(key: str, as_json: bool) -> None:
    """Revoke a role's KEY by id or name. What it could read before may have been copied."""
    from rightsizer.pipeline import revoke_role_key

    with workspace() as ws:
        gone = revoke_role_key(ws, key)
    emit_json({"revoked": gone.id}) if as_json else console().print(f"revoked {gone.id} ({gone.role})")
