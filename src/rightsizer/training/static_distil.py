"""Distilling the sentence encoder into a table of word-piece vectors (see `students.static_encoder`)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.errors import InputError
from rightsizer.students.encoder_files import cache_folder
from rightsizer.students.static_encoder import MAX_PIECES, StaticEncoder, quantise_rows
from rightsizer.students.word_pieces import CONTINUED, cut

if TYPE_CHECKING:
    import numpy.typing as npt

    from rightsizer.students.encoder import Encoder, Progress
    from rightsizer.students.encoder_files import EncoderFiles

    Floats = npt.NDArray[np.float32]

RARE = 1e-3  # SIF's a: a piece of this frequency has half the weight of one that is never seen
PRIOR = 2000  # word pieces that the general frequencies count as, beside the task's own


def distil_static(
    encoder: Encoder, texts: Sequence[str], *, dims: int = 256, progress: Progress | None = None
) -> StaticEncoder:
    """The static encoder for a task with these training texts.

    What each piece means alone is asked of `encoder` once (tens of CPU seconds) and kept in the cache folder.
    The frequencies that weigh the pieces are the task's own, mixed with Zipf's law over the vocabulary's
    order, which is by frequency.

    Raises:
        InputError: the encoder has no WordPiece vocabulary.
    """
    files: EncoderFiles | None = getattr(encoder, "files", None)
    pieces = _vocabulary(files.folder / "tokenizer.json") if files is not None else None
    if files is None or pieces is None:
        raise InputError(
            "the sentence encoder has no WordPiece vocabulary to distil",
            hint="static students need an encoder of the BERT family, such as all-MiniLM-L6-v2",
        )
    vectors = _alone(encoder, pieces, cache_folder() / "static" / f"{files.digest}.npy", progress)
    ids = {piece: i for i, piece in enumerate(pieces)}
    counts = np.zeros(len(pieces))
    for text in texts:
        np.add.at(counts, cut(text, ids, MAX_PIECES), 1)
    zipf = 1.0 / np.arange(1, len(pieces) + 1)
    frequency = (counts + PRIOR * zipf / zipf.sum()) / (counts.sum() + PRIOR)
    weights = (RARE / (RARE + frequency)).astype(np.float32)
    table, scale = quantise_rows(_components(vectors, dims), weights)
    return StaticEncoder(tuple(pieces), table, scale)


def _vocabulary(path: Path) -> list[str] | None:
    """Pieces in the order of their ids, or None where the tokenizer is of another kind."""
    import json

    model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")).get("model", {})
    found = model.get("vocab")
    if not isinstance(found, dict) or "[UNK]" not in found:
        return None
    return sorted(found, key=lambda piece: int(found[piece]))


def _alone(encoder: Encoder, pieces: Sequence[str], cached: Path, progress: Progress | None) -> Floats:
    """The encoder's vector of each piece as a text of its own; zeros for special tokens."""
    if cached.is_file():
        return np.asarray(np.load(cached, allow_pickle=False), np.float32)
    special = np.array([p.startswith("[") and len(p) > 1 for p in pieces])
    vectors = encoder.encode([p.removeprefix(CONTINUED) for p in pieces], progress=progress).copy()
    vectors[special] = 0.0
    cached.parent.mkdir(parents=True, exist_ok=True)
    # Written beside its place and moved, so that a second process never reads half a file.
    with tempfile.NamedTemporaryFile(dir=cached.parent, suffix=".npy", delete=False) as file:
        np.save(file, vectors.astype(np.float16), allow_pickle=False)
    os.replace(file.name, cached)
    return vectors.astype(np.float16).astype(np.float32)


def _components(vectors: Floats, dims: int) -> Floats:
    """The vectors less their mean, in their first `dims` principal components."""
    used = np.abs(vectors).sum(1) > 0
    centred = vectors - vectors[used].mean(0)
    centred[~used] = 0.0
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    return np.asarray(centred @ directions[:, ::-1][:, : min(dims, vectors.shape[1])], np.float32)
