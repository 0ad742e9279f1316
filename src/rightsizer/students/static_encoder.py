"""Static embeddings: a text is the weighted mean of its word pieces' vectors. No ONNX Runtime, no torch.

The vectors are distilled from the sentence encoder piece by piece (as model2vec does; Tulkens & van Dongen
2024), cut to their principal components, and weighted by how rare a piece is (SIF; Arora et al. 2017).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.students.word_pieces import cut

if TYPE_CHECKING:
    import numpy.typing as npt

    from rightsizer.students.encoder import Progress

    Floats = npt.NDArray[np.float32]

MAX_PIECES = 256


@dataclass(frozen=True)
class StaticEncoder:
    """An `Encoder`: ``table`` (pieces, size) int8; a row times its `scale` is the weighted vector."""

    pieces: tuple[str, ...]
    table: npt.NDArray[np.int8]
    scale: Floats
    _ids: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._ids.update({piece: i for i, piece in enumerate(self.pieces)})

    @property
    def size(self) -> int:
        return int(self.table.shape[1])

    @cached_property
    def identity(self) -> str:
        content = hashlib.sha256("\n".join(self.pieces).encode())
        content.update(self.table.tobytes() + self.scale.tobytes())
        return f"static-{self.size}-{content.hexdigest()[:16]}"

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Floats:
        """Unit vectors, float32 (len(texts), size); a text without any known piece is all zeros."""
        out = np.zeros((len(texts), self.size), np.float32)
        for i, text in enumerate(texts):
            ids = cut(text, self._ids, MAX_PIECES)
            if ids:
                out[i] = self.scale[ids] @ self.table[ids].astype(np.float32)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(out / np.maximum(norms, 1e-9), np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artifact keeps of it, beside `pieces`."""
        return {"static.table": self.table, "static.scale": self.scale}

    @classmethod
    def from_arrays(cls, pieces: Sequence[str], arrays: Mapping[str, npt.NDArray[Any]]) -> StaticEncoder:
        return cls(tuple(pieces), arrays["static.table"], arrays["static.scale"])


def quantise_rows(vectors: Floats, weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """(table, scale) of a `StaticEncoder` with these vectors, each weighted."""
    largest = np.maximum(np.abs(vectors).max(1), 1e-9)
    table = np.rint(vectors / largest[:, None] * 127).astype(np.int8)
    return table, (largest / 127 * weights).astype(np.float32)
