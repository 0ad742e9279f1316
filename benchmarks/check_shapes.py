"""The attention shapes of the catalogue beside those that other people's code states.

    pip download --no-deps litgpt && unzip litgpt-*.whl litgpt/config.py
    python benchmarks/check_shapes.py litgpt/config.py

litgpt's list of configurations names each model as Hugging Face does; transformers' defaults of a model type
are those of the model that it was written for. A shape that either confirms is listed in `CONFIRMED` of
make_catalog.py; this prints what differs from that list, and ends with 1 then.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

from make_catalog import CONFIRMED, SHAPES

# Catalogue id → the same weights' name in litgpt, or the transformers type whose defaults are that model's.
OTHER_NAMES = {"meta-llama/llama-3.1-8b-instruct": "meta-llama/meta-llama-3.1-8b-instruct"}
DEFAULTS = {"HuggingFaceTB/SmolLM3-3B": "smollm3", "zai-org/GLM-4-9B-0414": "glm4"}


def main() -> None:
    stated = from_litgpt(Path(sys.argv[1])) if len(sys.argv) > 1 else {}
    confirmed = set()
    for name, shape in SHAPES.items():
        key = OTHER_NAMES.get(name.lower(), name.lower())
        found = stated.get(key.rpartition("/")[2]) or from_transformers(name)
        said = "nobody" if found is None else "same" if found == shape else f"other: {found}"
        print(f"{name:48} {shape!s:28} {said}")
        confirmed |= {name} if found == shape else set()
    if confirmed != set(CONFIRMED):
        print("confirmed here only:", sorted(confirmed - set(CONFIRMED)))
        print("listed only:", sorted(set(CONFIRMED) - confirmed))
        sys.exit(1)
    print(f"{len(confirmed)} of {len(SHAPES)} shapes are confirmed")


def from_litgpt(path: Path) -> dict[str, tuple[int, ...]]:
    """Name of a model → its shape, as `SHAPES` writes it."""
    module = runpy.run_path(str(path))
    found: dict[str, tuple[int, ...]] = {}
    for raw in module["configs"]:
        config: Any = module["Config"](**raw)
        name = (raw.get("hf_config") or {}).get("name", raw["name"]).lower()
        windowed = sum(config.sliding_window_indices or ())
        shape = (config.n_layer - windowed, config.n_query_groups, config.head_size)
        found[name] = (*shape, windowed, config.sliding_window_size) if windowed else shape
    return found


def from_transformers(name: str) -> tuple[int, ...] | None:
    if name not in DEFAULTS:
        return None
    from transformers import AutoConfig

    config = AutoConfig.for_model(DEFAULTS[name])
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return (config.num_hidden_layers, config.num_key_value_heads, size)


if __name__ == "__main__":
    main()
