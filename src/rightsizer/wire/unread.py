"""A piece of a record that gives no call: what it is and why, as a value.

Trace files hold tool spans, embeddings and agents' own spans beside the calls of a model. They are
right where they are, nothing can be learned from them, and they are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.jsontext import dump_json


@dataclass(frozen=True)
class Unread:
    """One skipped piece. `reason` is a slug as in `RecordError`; `raw` the piece as JSON text."""

    reason: str
    detail: str
    raw: bytes = b""


def read_pieces(pieces: list[Any], read: Callable[[Any], Call]) -> Iterator[Call | Unread]:
    """`read` of every piece; one that raises `RecordError` is told and does not stop the rest."""
    for piece in pieces:
        try:
            yield read(piece)
        except RecordError as error:
            yield Unread(error.reason, error.message, dump_json(piece))
        except RecursionError:
            yield Unread("invalid-json", "nested too deeply")
