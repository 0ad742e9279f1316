"""Virtual keys of the gateway, entered in the audit log."""

from __future__ import annotations

import logging
from pathlib import Path

from rightsizer.errors import AccessDenied, StoreError
from rightsizer.gateway.keys import Limits, Role, VirtualKey, create_key, revoke_key
from rightsizer.pipeline.gateway import gateway_home
from rightsizer.pipeline.workspace import open_workspace

log = logging.getLogger("rightsizer.gateway")


def add_virtual_key(
    home: Path | None,
    flags: dict[str, object],
    name: str,
    *,
    role: Role = "agent",
    limits: Limits | None = None,
    days: float = 0.0,
) -> tuple[str, VirtualKey]:
    """As `rightsizer.gateway.keys.create_key`, for who runs the gateway: `admin` and `ingest`."""
    with open_workspace(home, flags=flags) as ws:
        ws.enter("gateway.keys", add=name, role=role)
        return create_key(ws.home, name, role=role, limits=limits, days=days)


def revoke_virtual_key(home: Path | None, flags: dict[str, object], key: str) -> VirtualKey:
    """As `rightsizer.gateway.keys.revoke_key`. A leaked key is revoked also where that cannot be entered."""
    try:
        with open_workspace(home, flags=flags) as ws:
            ws.enter("gateway.keys", revoke=key)
    except AccessDenied:
        raise
    except StoreError as error:
        log.error("the audit log does not hold that a key was revoked: %s", error.message)
    return revoke_key(gateway_home(home, flags), key)
