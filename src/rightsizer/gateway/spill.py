"""A second place for records, on another disk: where the first one takes nothing, calls go there.

``HOME/gateway/spill`` links to it, so that whoever indexes the home finds what lies there.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from rightsizer.errors import ConfigError
from rightsizer.gateway.segments import Segment, spill_folder
from rightsizer.store.sealing import WritingKey

log = logging.getLogger("rightsizer.gateway")


class Spill:
    """The segment there is open in the second place; with `folder` empty there is no such place.

    Raises `ConfigError` if the folder cannot be made, or another is linked and still in use.
    """

    def __init__(self, home: Path, folder: str, kek: WritingKey, segment_bytes: int) -> None:
        self._folder = Path(folder).expanduser().resolve() if folder else None
        self._kek = kek
        self._segment_bytes = segment_bytes
        self._current: Segment | None = None
        self._full: list[Segment] = []
        if self._folder is not None:
            _link(spill_folder(home), self._folder)

    @property
    def is_there(self) -> bool:
        """Whether there is a second place."""
        return self._folder is not None

    def append(self, kind: bytes, meta: bytes, body: bytes) -> Segment | None:
        """Write the first frame of a call: the segment in which all others of it must go, or None."""
        if self._folder is None:
            return None
        try:
            if self._current is not None and self._current.is_full(self._segment_bytes):
                self._rotate()
            if self._current is None:
                self._current = Segment(self._folder, self._kek)
                log.warning("the disk takes no records: they go to %s", self._folder)
            self._current.append(kind, meta, body)
            return self._current
        except OSError:
            return None

    def retired(self, *, all_of_them: bool) -> list[Segment]:
        """Segments that take no more calls; given once."""
        if all_of_them:
            self._rotate()
        full, self._full = self._full, []
        return full

    def _rotate(self) -> None:
        if self._current is not None:
            self._full.append(self._current)
            self._current = None


def _link(link: Path, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if link.is_symlink() and link.resolve() == folder:
            return
        if link.is_symlink() and any(link.glob("*.seg")):
            raise ConfigError(
                f"{link.resolve()} holds records that are not in the store",
                hint="rightsizer gateway --index brings them there; then change gateway.spill",
            )
        link.unlink(missing_ok=True)
        with contextlib.suppress(FileExistsError):  # another worker was quicker
            os.symlink(folder, link)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot hold records: {error.strerror}", hint="name another folder in gateway.spill"
        ) from error
