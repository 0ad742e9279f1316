"""A model card from a folder as Hugging Face saves a model: its shape and its size, without loading it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rightsizer.candidates.catalog import Attention, BaseModelCard
from rightsizer.errors import ConfigError


def read_config(folder: Path, name: str = "") -> BaseModelCard:
    """A model card from a Hugging Face folder: `config.json` for the shape, `*.safetensors` for the count.

    Raises:
        ConfigError: no such folder, no config.json, or a shape it does not tell.
    """
    try:
        raw: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{folder} has no readable config.json: {error}",
            hint="name a folder as Hugging Face saves a model",
        ) from error
    config = raw.get("text_config") or raw
    try:
        attention = _attention(config)
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder.name}/config.json does not tell {error}", hint="is this a decoder's configuration?"
        ) from error
    count = count_parameters(folder)
    return BaseModelCard(
        id=name or folder.name,
        parameters_b=count / 1e9,
        active_parameters_b=count / 1e9,
        architecture=str(raw.get("model_type", "dense")),
        context_tokens=config.get("max_position_embeddings"),
        verified="ok",
        sources=("config.json",),
        attention=attention,
        local_path=str(folder),
    )


def count_parameters(folder: Path) -> int:
    """Parameters in a folder's safetensors files, from their headers alone.

    Raises:
        ConfigError: there are none, or one is damaged.
    """
    found = sorted(folder.glob("*.safetensors"))
    if not found:
        raise ConfigError(f"{folder} holds no *.safetensors", hint="save the model with safe_serialization")
    total = 0
    for path in found:
        try:
            with path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                if size > path.stat().st_size:  # else a damaged file would ask for all memory
                    raise ValueError(f"a header of {size} bytes does not fit into it")
                header = json.loads(file.read(size))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path.name} is damaged: {error}", hint="fetch the model again") from error
        for key, entry in header.items():
            if key != "__metadata__":
                size = 1
                for side in entry["shape"]:
                    size *= side
                total += size
    return total


def _attention(config: dict[str, Any]) -> Attention:
    heads = int(config["num_attention_heads"])
    layers = int(config["num_hidden_layers"])
    kinds = config.get("layer_types") or config.get("layers_block_type")
    window = int(config.get("sliding_window") or 0)
    full, windowed = layers, 0
    if kinds:
        full = sum(kind in ("full_attention", "attention") for kind in kinds)
        windowed = sum(kind == "sliding_attention" for kind in kinds)
    elif config.get("attn_layer_indices") is not None:
        full = len(config["attn_layer_indices"])
    elif pattern := config.get("hybrid_override_pattern"):
        full = str(pattern).count("*")
    return Attention(
        layers=full,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=int(config.get("head_dim") or config["hidden_size"] // heads),
        window_layers=windowed,
        window_tokens=window if windowed else 0,
        verified=True,
    )
