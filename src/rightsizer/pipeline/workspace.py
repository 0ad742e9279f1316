"""A workspace: one home folder opened, with its settings, its store and the shared encoder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from rightsizer.config import Settings, load_settings
from rightsizer.errors import InputError, NotFound
from rightsizer.store.sqlite import open_store
from rightsizer.store.store import Store
from rightsizer.types import Frozen, Task

if TYPE_CHECKING:
    from rightsizer.economics.prices import PriceTable
    from rightsizer.students.encoder import Encoder

R = TypeVar("R", bound=Frozen)


@dataclass
class Workspace:
    """What every verb works on. Use as a context manager."""

    home: Path
    settings: Settings
    store: Store
    _closed: bool = field(default=False, repr=False)

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

    def find(self, kind: type[R], key: str) -> R:
        """A record by its id, by a unique beginning or end of it, or (tasks) by its exact name.

        Raises:
            NotFound: nothing matches.
            InputError: more than one record matches.
        """
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
            hits = [r for r in rows if isinstance(r, Task) and r.name == key] or hits
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
        self.close()


def open_workspace(
    home: Path | str | None = None, *, flags: dict[str, object] | None = None, create: bool = True
) -> Workspace:
    """Open (or create) a home folder.

    Args:
        home: the folder; None means ``RIGHTSIZER_HOME`` or ``~/.rightsizer``.
        flags: settings that override file and environment, dotted: ``{"gate.delta": 0.05}``.
        create: make the home when it is not there; otherwise raise `NotFound`.
    """
    settings = load_settings(Path(home) if home is not None else None, flags or {})
    store = open_store(settings.home, create=create, busy_timeout_s=settings.store.busy_timeout_s)
    return Workspace(home=settings.home, settings=settings, store=store)
