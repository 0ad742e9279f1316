"""The front door: `rightsizer gateway`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rightsizer.cli.context import console, emit_json, json_option, parse_flags


@click.command()
@click.option("--host", metavar="ADDRESS", help="Listen here (setting gateway.host, default 127.0.0.1).")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Listen here (setting gateway.port, default 8787)."
)
@click.option("--upstream", metavar="URL", help="The LLM's API, ending in /v1 (setting gateway.upstream).")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes that answer (setting gateway.workers)."
)
@click.option("--sync", is_flag=True, help="Every record is on the disk before its answer ends.")
@click.option("--tls-cert", metavar="FILE", help="Speak HTTPS with this certificate (PEM).")
@click.option("--tls-key", metavar="FILE", help="The certificate's private key (PEM).")
@click.option("--index", is_flag=True, help="Bring what was recorded into the store, and exit.")
@click.option("--keys", is_flag=True, help="List the virtual keys, and exit.")
@click.option("--add-key", metavar="NAME", help="Make a virtual key, print it once, and exit.")
@click.option(
    "--role",
    type=click.Choice(["agent", "reader", "curator", "approver", "admin"]),
    default="agent",
    show_default=True,
    help="Role of the new key.",
)
@click.option(
    "--per-minute", type=click.IntRange(0), default=0, help="Calls a minute the new key may make; 0: any."
)
@click.option(
    "--tokens-per-minute", type=click.IntRange(0), default=0, help="Tokens a minute of the new key; 0: any."
)
@click.option(
    "--max-calls", type=click.IntRange(0), default=0, help="Budget of the new key in calls; 0: any."
)
@click.option(
    "--max-tokens", type=click.IntRange(0), default=0, help="Budget of the new key in tokens; 0: any."
)
@click.option(
    "--max-usd", type=click.FloatRange(0), default=0.0, help="Budget of the new key in USD; 0: any."
)
@click.option(
    "--per",
    type=click.Choice(["hour", "day", "month", "total"]),
    default="month",
    show_default=True,
    help="How long a budget lasts (UTC).",
)
@click.option(
    "--days", type=click.FloatRange(0), default=0.0, help="Days the new key is good for; 0: always."
)
@click.option("--revoke-key", metavar="KEY", help="Revoke a virtual key by id or name, and exit.")
@json_option
def gateway(as_json: bool, **options: Any) -> int:
    """Answer your agent's calls: record each, let released students answer, pass the rest to the LLM.

    \b
    rightsizer gateway --upstream https://api.openai.com/v1
    OPENAI_BASE_URL=http://127.0.0.1:8787/v1 python my_agent.py
    """
    obj = click.get_current_context().find_root().obj
    home, flags = obj["home"], parse_flags(obj["flags"])
    if options["index"]:
        return _index(home, flags, as_json)
    if options["keys"] or options["add_key"] is not None or options["revoke_key"] is not None:
        return _keys(home, flags, options, as_json)
    return _serve(home, flags, options, as_json)


def _serve(home: str | None, flags: dict[str, object], options: dict[str, Any], as_json: bool) -> int:
    from rightsizer.gateway.logs import set_up_logs
    from rightsizer.pipeline.gateway import gateway_settings, run_gateway

    named = ("host", "port", "upstream", "workers", "tls_cert", "tls_key")
    given = {f"gateway.{name}": options[name] for name in named if options[name] is not None}
    if options["sync"]:
        given["gateway.sync"] = True
    flags = {**flags, **given}
    settings = gateway_settings(Path(home) if home else None, flags=flags)
    set_up_logs(settings.log_format)

    def announce(url: str) -> None:
        if as_json:
            emit_json({"url": url, "upstream": settings.upstream})
        else:
            console().print(
                f"[green]listening[/] {url}/v1 → {settings.upstream}\n"
                f"OpenAI clients: base_url={url}/v1 · Anthropic clients: base_url={url} · stop: Ctrl-C"
            )

    return run_gateway(settings, home=Path(home) if home else None, flags=flags, announce=announce)


def _index(home: str | None, flags: dict[str, object], as_json: bool) -> int:
    from dataclasses import asdict

    from rightsizer.pipeline.gateway import index_gateway

    done = index_gateway(Path(home) if home else None, flags=flags)
    if as_json:
        emit_json(asdict(done))
    else:
        console().print(f"{done.calls:,} calls from {done.segments} segments · {done.rejected} unreadable")
    return 0


def _keys(home: str | None, flags: dict[str, object], options: dict[str, Any], as_json: bool) -> int:
    from rightsizer.gateway.key_list import list_keys
    from rightsizer.gateway.keys import Limits
    from rightsizer.pipeline.gateway import gateway_home
    from rightsizer.pipeline.gateway_keys import add_virtual_key, revoke_virtual_key

    folder = Path(home) if home else None
    if options["add_key"] is not None:
        limits = Limits(
            options["per_minute"],
            options["tokens_per_minute"],
            options["per"],
            options["max_calls"],
            options["max_tokens"],
            options["max_usd"],
        )
        secret, key = add_virtual_key(
            folder, flags, options["add_key"], role=options["role"], limits=limits, days=options["days"]
        )
        shown: Any = {"key": secret, "id": key.id, "name": key.name, "role": key.role}
    elif options["revoke_key"] is not None:
        shown = {"revoked": revoke_virtual_key(folder, flags, options["revoke_key"]).id}
    else:
        shown = list_keys(gateway_home(folder, flags))
    if as_json:
        emit_json(shown)
    else:
        for row in shown if isinstance(shown, list) else [shown]:
            click.echo("  ".join(f"{name}={value}" for name, value in row.items()))
    return 0
