"""A dense Nemotron-H for llama.cpp's converter, which takes any mention of experts for a mixture of experts.

transformers 5 saves every setting of its class, experts and all. The pattern of layers is written as the
maker's own checkpoints have it, one letter a layer; the model's file stays as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LETTERS = {"linear_attention": "M", "mamba": "M", "full_attention": "*", "attention": "*", "mlp": "-"}
OF_EXPERTS = ("n_group", "topk_group", "norm_topk_prob", "routed_scaling_factor", "mtp_layers_block_type")


@contextmanager
def readable_config(model: Path) -> Iterator[None]:
    """While it lasts, the folder's ``config.json`` is one that the converter reads rightly."""
    path = model / "config.json"
    kept = path.read_bytes()
    config = json.loads(kept)
    layers = config.get("layers_block_type") or []
    if config.get("model_type") != "nemotron_h" or not layers or not set(layers) <= LETTERS.keys():
        yield
        return
    plain = {k: v for k, v in config.items() if k not in OF_EXPERTS and "expert" not in k and "moe" not in k}
    # Without its type transformers refuses the file, and the converter reads it as it stands, no defaults.
    del plain["layers_block_type"], plain["model_type"]
    plain["hybrid_override_pattern"] = "".join(LETTERS[kind] for kind in layers)
    plain["num_hidden_layers"] = len(layers)
    try:
        path.write_text(json.dumps(plain), encoding="utf-8")
        yield
    finally:
        path.write_bytes(kept)
