"""What the commands of governance show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from rightsizer.cli.listings import short
from rightsizer.cli.tables import table

_RECORD_ID = re.compile(r"[a-z]+_[0-9a-f-]{36}")

if TYPE_CHECKING:
    from rich.tree import Tree

    from rightsizer.pipeline.forget import Deletion
    from rightsizer.pipeline.lineage import Lineage, Origin
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


def print_lineage(found: Lineage, out: Console) -> None:
    """The tree, up and down, with short ids as in the lists."""
    from rich.tree import Tree

    root = Tree(_label(found.node), guide_style="dim")
    for title, nodes in (("[cyan]↑ comes from[/]", found.up), ("[cyan]↓ went into[/]", found.down)):
        if nodes:
            branch = root.add(title)
            for node in nodes:
                _grow(branch, node)
    if not found.up and not found.down:
        root.add("[dim]nothing was made of it[/]")
    out.print(root)


def _grow(tree: Tree, node: Origin) -> None:
    branch = tree.add(_label(node))
    for child in node.children:
        _grow(branch, child)


def _label(node: Origin) -> str:
    parts = (f"[bold]{node.kind}[/]", escape(_fact(node.id)), f"[dim]{escape(node.detail)}[/]")
    return " ".join(part for part in parts if part)


def plural(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _fact(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_fact, value))
    text = str(value)
    return f"…{text[-8:]}" if _RECORD_ID.fullmatch(text) else text


def print_deletions(deletions: Sequence[Deletion], out: Console) -> None:
    made = table("Deletions", "id", "when (UTC)", "why", "#calls", "#sessions", "#students")
    for d in deletions:
        made.add_row(
            short(d.id),
            f"{d.at:%Y-%m-%d %H:%M}",
            d.why if d.finished else f"{d.why} (cut off: repeat it)",
            f"{d.calls:,}",
            f"{d.sessions:,}",
            str(len(d.students)),
        )
    out.print(made)


def print_deletion(done: Deletion, out: Console) -> None:
    """What went, what had learned from it, and what to do next."""
    verb = "would go" if done.dry_run else "can be read by nobody any more"
    out.print(
        f"[bold]{plural(done.calls, 'call')} of {plural(done.sessions, 'session')}[/] {verb}"
        + (f" · {plural(done.messages, 'message')} that no other call carries" if done.messages else "")
    )
    if done.unreadable_lines or done.feedback:
        lines, pieces = plural(done.unreadable_lines, "unreadable line"), plural(done.feedback, "feedback")
        out.print(f"also {lines} and {pieces}")
    for title, ids in (("datasets", done.datasets), ("students", done.students), ("releases", done.releases)):
        if ids:
            out.print(f"{title} that had learned from it: " + ", ".join(map(short, ids)), soft_wrap=True)
    for step in next_steps(done):
        out.print(f"  → {step}", soft_wrap=True)


def next_steps(done: Deletion) -> list[str]:
    """What is left for a person to do."""
    steps = []
    if done.releases and not done.rolled_back and not done.dry_run:
        steps.append("students that learned from it still answer: rightsizer rollback TASK, or --rollback")
    if done.students:
        steps.append("train again without it: rightsizer run --all; then remove the old artifacts")
    if done.segments_being_written:
        steps.append(
            f"{plural(done.segments_being_written, 'file')} of the gateway still being written: "
            "repeat this in a minute"
        )
    if done.old_format_blocks:
        steps.append("some of it had no key of its own: backups of the store still open it; rotate the key")
    if not done.log_cleared:
        steps.append("a reader held the write-ahead log: its sealed remains go when that reader ends")
    if done.calls and not done.dry_run:
        steps.append("copies outside this home (the logs imported, exports) are yours to delete")
    return steps
