"""The recogniser, and the tagger of characters, as one file of arrays each (safetensors), and back."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.characters import Characters, Layer
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


def load_characters(path: Path) -> Characters:
    """The tagger of characters in a file. OSError where it cannot be read."""
    from safetensors.numpy import load_file

    arrays = load_file(path)
    layers = [_layer_of(arrays, f"layers.{i}") for i in range(2)]
    plain = {f.name: arrays[f.name] for f in fields(Characters) if f.name != "layers"}
    return Characters(layers=(layers[0], layers[1]), **plain)


def _layer_of(arrays: dict[str, NDArray[Any]], name: str) -> Layer:
    full = {}
    for part in ("into", "gates", "candidate"):
        full[part] = arrays[f"{name}.{part}"] * arrays[f"{name}.{part}.sizes"]
    return Layer(bias=arrays[f"{name}.bias"], **full)


def save_characters(path: Path, characters: Characters) -> None:
    """Write a tagger of characters: the weights of its layers as bytes, a size for each column."""
    from safetensors.numpy import save_file

    arrays = {f.name: getattr(characters, f.name) for f in fields(Characters) if f.name != "layers"}
    for i, layer in enumerate(characters.layers):
        arrays[f"layers.{i}.bias"] = layer.bias
        for part in ("into", "gates", "candidate"):
            weights = getattr(layer, part)
            sizes = (np.abs(weights).max(axis=-2, keepdims=True) / 127).astype(np.float32)
            arrays[f"layers.{i}.{part}"] = np.rint(weights / sizes).astype(np.int8)
            arrays[f"layers.{i}.{part}.sizes"] = sizes
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, str(path))
