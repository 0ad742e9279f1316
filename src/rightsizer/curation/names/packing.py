"""The recogniser as one file of arrays (safetensors), and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from rightsizer.curation.names.field import NameField
from rightsizer.curation.names.lexicon import Lexicon


def load(path: Path) -> NameField:
    """The recogniser in a file. OSError where it cannot be read."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        about = json.loads(file.metadata()["about"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
    lexicon = Lexicon(arrays["lexicon.keys"], arrays["lexicon.classes"])
    return NameField(
        about["labels"],
        arrays["keys"],
        arrays["weights"],
        about["scale"],
        arrays["steps"],
        lexicon,
    )


def save(
    path: Path,
    labels: list[str],
    features: dict[int, np.ndarray[tuple[int], np.dtype[np.float32]]],
    steps: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    lexicon: Lexicon,
    notes: dict[str, str],
) -> None:
    """Write a recogniser: `features` are weights by label, by the hash of the feature; kept as bytes."""
    from safetensors.numpy import save_file

    keys = np.array(sorted(features), np.uint32)
    weights = np.stack([features[int(k)] for k in keys]).astype(np.float32)
    scale = float(np.abs(weights).max()) / 127
    as_bytes = np.rint(weights / scale).astype(np.int8)
    kept = as_bytes.any(axis=1)
    arrays = {
        "keys": keys[kept],
        "weights": np.ascontiguousarray(as_bytes[kept]),
        "steps": steps.astype(np.float32),
        "lexicon.keys": lexicon.keys,
        "lexicon.classes": lexicon.classes,
    }
    about = json.dumps({"labels": labels, "scale": scale, "notes": notes}, sort_keys=True)
    save_file(arrays, str(path), metadata={"about": about})  # one entry: several would be in any order
