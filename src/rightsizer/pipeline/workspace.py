"""A workspace: one home folder opened, with its settings, its store and the shared encoder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from rightsizer.config import Settings, load_settings
from rightsizer.errors import AccessDenied, InputError, NotFound, StoreError
from rightsizer.evaluation.signing import signing_key
from rightsizer.store.audit import AuditLog, Fact
from rightsizer.store.roles import may, roles_that_may
from rightsizer.store.sqlite import SqliteStore, open_store
from rightsizer.types import Frozen, Task

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from rightsizer.economics.prices import PriceTable
    from rightsizer.students.encoder import Encoder

R = TypeVar("R", bound=Frozen)


@dataclass
class Workspace:
    """What every verb works on. Use as a context manager."""

    home: Path
    settings: Settings
    store: SqliteStore
    _closed: bool = field(default=False, repr=False)
    _refused: AccessDenied | None = field(default=None, repr=False)

    @cached_property
    def encoder(self) -> Encoder | None:
        """The sentence encoder, or None where it is switched off or cannot be found."""
        if not self.settings.encoder.enabled:
            return None
        from rightsizer.students.encoder import load_encoder

        path = self.settings.encoder.path
        return load_encoder(Path(path) if path else None, precision=self.precision)

    @property
    def precision(self) -> str:
        """The arithmetic encoders run in: fp32 or int8. What is certified and served is that very variant."""
        from rightsizer.students.encoder_files import choose_precision

        return choose_precision(self.settings.encoder.precision)

    @cached_property
    def prices(self) -> PriceTable:
        """The price table: the shipped one, overlaid by the user's own file."""
        from rightsizer.economics.prices import load_prices

        path = self.settings.prices.file
        return load_prices(Path(path) if path else None)

    @cached_property
    def signing_key(self) -> Ed25519PrivateKey:
        """The key that signs certificates and entries of the audit log."""
        return signing_key(self.home, self.store.signing_secret)

    @cached_property
    def audit(self) -> AuditLog:
        """The home's audit log, for entries of whoever opened this workspace."""
        access = self.store.access
        return AuditLog(
            self.home,
            lambda: self.signing_key,
            who=system_user(),
            role=access.role,
            key=access.key,
        )

    def enter(self, action: str, **on: Fact) -> None:
        """Allow and write down an action before it is taken: who, what, on which ids or how many.

        Raises:
            AccessDenied: the role may not do this (that too is written down).
            StoreError: the audit log cannot be written.
        """
        role = self.store.access.role
        allowed = may(role, action)
        entry = self.audit.append(action, on, allowed=allowed)
        if entry.n <= 2:  # the second entry too: the process that wrote the first may have been killed
            self.store.remember_audit(entry.hash if entry.n == 1 else entry.prev)
        if not allowed:
            self._refused = AccessDenied(
                f"the role '{role}' may not do '{action}'",
                hint=f"it needs the role {' or '.join(roles_that_may(action))}",
            )
            raise self._refused

    def require(self, *actions: str) -> None:
        """Refuse at once what would be refused halfway: as `enter` of the first that the role may not do."""
        for action in actions:
            if not may(self.store.access.role, action):
                self.enter(action)

    def find(self, kind: type[R], key: str, *, merged: bool = False) -> R:
        """A record by its id, by a unique beginning or end of it, or (tasks) by its name or a former one.

        A task that was merged into another gives that other one, unless `merged` asks for itself.

        Raises:
            NotFound: nothing matches.
            InputError: more than one record matches.
        """
        found = self._find(kind, key, merged)
        if isinstance(found, Task) and found.merged_into is not None and not merged:
            return self.find(kind, found.merged_into)
        return found

    def _find(self, kind: type[R], key: str, merged: bool) -> R:
        try:
            return self.store.records.get(kind, key)
        except NotFound:
            rows = self.store.records.list(kind)
        part = key.removeprefix("…")  # lists show ids as …<end>: those made together begin alike
        ids = [str(getattr(r, "id", getattr(r, "task_id", ""))) for r in rows]
        hits = [
            r for r, i in zip(rows, ids, strict=True) if part and (i.startswith(part) or i.endswith(part))
        ]
        if kind is Task:
            hits = _named(rows, key, merged) or hits
        if len(hits) == 1:
            return hits[0]
        noun = kind.__name__.lower()
        if hits:
            raise InputError(f"'{key}' fits {len(hits)} {noun} ids", hint="give more of the id")
        raise NotFound(f"no {noun} '{key}'", hint=f"see 'rightsizer {noun}s list'")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.store.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if isinstance(exc, AccessDenied) and exc is not self._refused:  # a key that does not open something
            with suppress(StoreError):  # refused it is, also where that cannot be written down
                self.audit.append("refused", {"why": exc.message}, allowed=False)
        self.close()


def system_user() -> str:
    """The operating system's name for who runs this process (not what the environment claims)."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError, AttributeError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _named(rows: Sequence[R], name: str, merged: bool) -> list[R]:
    """Tasks of this name; if there is none, those that once had it."""
    tasks: list[tuple[R, Task]] = [(r, r) for r in rows if isinstance(r, Task)]
    by_name = [(row, task) for row, task in tasks if task.name == name]
    apart = [row for row, task in by_name if (task.merged_into is not None) == merged]
    former = [row for row, task in tasks if name in task.aliases]
    return apart or [row for row, _ in by_name] or former


def open_workspace(
    home: Path | str | None = None,
    *,
    flags: dict[str, object] | None = None,
    create: bool = True,
    even_full: bool = False,
) -> Workspace:
    """Open (or create) a home folder.

    Args:
        home: the folder; None means ``RIGHTSIZER_HOME`` or ``~/.rightsizer``.
        flags: settings that override file and environment, dotted: ``{"gate.delta": 0.05}``.
        create: make the home when it is not there; otherwise raise `NotFound`.
        even_full: see `rightsizer.store.sqlite.open_store`.
    """
    settings = load_settings(Path(home) if home is not None else None, flags or {})
    timeout_s = settings.store.busy_timeout_s
    store = open_store(settings.home, create=create, busy_timeout_s=timeout_s, even_full=even_full)
    return Workspace(home=settings.home, settings=settings, store=store)
