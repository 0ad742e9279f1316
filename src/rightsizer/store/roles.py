"""Who may do what: six roles, a list of actions each, and no for everything else.

`admin` is whoever holds the store's own key (the single user of a fresh home). The other roles come with a
role key (see `role_keys`), which opens only the compartments listed here: that part is enforced by
cryptography. Within a compartment, which verb may be used is enforced by this program only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["ingest", "curator", "trainer", "approver", "auditor", "admin"]
Compartment = Literal["raw", "curated", "models"]


@dataclass(frozen=True)
class Access:
    """Whose key opened a store: the role it gives, and the key's name (a fingerprint or a role key's id)."""

    role: Role
    key: str


COMPARTMENTS: dict[Role, frozenset[Compartment]] = {
    "ingest": frozenset(),
    "curator": frozenset({"raw", "curated", "models"}),
    "trainer": frozenset({"curated", "models"}),
    "approver": frozenset({"models"}),
    "auditor": frozenset(),
    "admin": frozenset({"raw", "curated", "models"}),
}

_ACTIONS: dict[Role, frozenset[str]] = {
    "ingest": frozenset({"gateway", "gateway.keys"}),
    "curator": frozenset(
        {
            "import",
            "calls.read",
            "export",
            "export.curated",
            "curate",
            "discover",
            "tasks.edit",
            "rollback",
            "dataset",
            "dataset.card",
            "report",
            "models.read",
        }
    ),
    "trainer": frozenset({"curated.read", "train", "evaluate", "replay", "models.read"}),
    "approver": frozenset({"release", "rollback", "replay", "models.read"}),
    "auditor": frozenset({"audit.read"}),
}


def may(role: Role, action: str) -> bool:
    """Whether a role may take an action. An action that no list names is the admin's."""
    return role == "admin" or action in _ACTIONS[role]


def roles_that_may(action: str) -> tuple[Role, ...]:
    """The roles an action needs one of, `admin` last."""
    roles: tuple[Role, ...] = ("ingest", "curator", "trainer", "approver", "auditor")
    return (*(role for role in roles if action in _ACTIONS[role]), "admin")
