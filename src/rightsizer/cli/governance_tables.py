"""What the commands of governance show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from rightsizer.cli.tables import table

_RECORD_ID = re.compile(r"[a-z]+_[0-9a-f-]{36}")

if TYPE_CHECKING:
    from rightsizer.store.audit import AuditEntry


def print_audit(entries: Sequence[AuditEntry], out: Console) -> None:
    made = table("Audit log", "#n", "when (UTC)", "who", "role", "action", "on")
    for e in entries:
        on = ", ".join(f"{name} {_fact(value)}" for name, value in e.on.items())
        action = e.action if e.allowed else f"[red]{e.action} (denied)[/]"
        made.add_row(
            f"{e.n:,}", f"{e.at:%Y-%m-%d %H:%M:%S}", escape(e.who), e.role, action, f"[dim]{escape(on)}[/]"
        )
    out.print(made)


def _fact(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_fact, value))
    text = str(value)
    return f"…{text[-8:]}" if _RECORD_ID.fullmatch(text) else text
