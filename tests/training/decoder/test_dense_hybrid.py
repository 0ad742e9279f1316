"""A dense Nemotron-H is written for the converter without experts, and is itself left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rightsizer.training.decoder.dense_hybrid import readable_config


def write(folder: Path, **config: Any) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    return folder / "config.json"


def test_the_pattern_is_spelled_and_the_experts_are_gone(tmp_path: Path) -> None:
    layers = ["linear_attention", "full_attention", "mlp", "mamba"]
    more = {
        "num_experts_per_tok": 2,
        "n_routed_experts": 8,
        "moe_latent_size": None,
        "n_group": 1,
        "n_groups": 2,
    }
    path = write(tmp_path, model_type="nemotron_h", layers_block_type=layers, hidden_size=64, **more)
    before = path.read_bytes()
    with readable_config(tmp_path):
        assert json.loads(path.read_text()) == {
            "hidden_size": 64,
            "n_groups": 2,
            "hybrid_override_pattern": "M*-M",
            "num_hidden_layers": 4,
        }
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "nemotron_h", "layers_block_type": ["mamba", "moe"], "num_experts_per_tok": 2},
        {"model_type": "llama", "num_experts_per_tok": 2},
    ],
)
def test_a_real_mixture_and_other_models_stay(tmp_path: Path, config: dict[str, Any]) -> None:
    path = write(tmp_path, **config)
    with readable_config(tmp_path):
        assert json.loads(path.read_text()) == config


def test_it_is_put_back_when_the_converter_fails(tmp_path: Path) -> None:
    path = write(tmp_path, model_type="nemotron_h", layers_block_type=["mlp"], num_experts_per_tok=2)
    before = path.read_bytes()
    with pytest.raises(RuntimeError), readable_config(tmp_path):
        raise RuntimeError
    assert path.read_bytes() == before
