"""The keys of a home as people see them: limits that are set, and what has been used."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rightsizer.gateway.counts import Counts, window_number
from rightsizer.gateway.keys import Limits, read_keys


def list_keys(home: Path, at_s: float | None = None) -> list[dict[str, Any]]:
    """One row a key, revoked ones too: ``id, name, role``, its limits, and its use in the window of now."""
    now = time.time() if at_s is None else at_s
    counts = Counts(home, writing=False)
    rows = []
    for key in read_keys(home):
        used = counts.used(key.slot, int(now // 60), window_number(key.limits.window, now))
        row: dict[str, Any] = {"id": key.id, "name": key.name, "role": key.role, "revoked": key.revoked}
        if key.expires_at:
            row["expires_at"] = datetime.fromtimestamp(key.expires_at, UTC).isoformat(timespec="seconds")
        plain = asdict(Limits())
        row |= {f"max_{n}": v for n, v in asdict(key.limits).items() if v != plain[n] and n != "window"}
        if key.limits.any:
            row |= {"window": key.limits.window, "used_requests": used.requests}
        if key.limits.metered:
            row |= {"used_tokens": used.tokens, "used_usd": round(used.micro_usd / 1e6, 6)}
        rows.append(row)
    counts.close()
    return rows
