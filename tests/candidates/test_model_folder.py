"""A model folder tells its own shape and size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rightsizer.candidates.model_folder import count_parameters, read_config
from rightsizer.errors import ConfigError


def weights(path: Path, **shapes: list[int]) -> None:
    header = {
        name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()
    }
    raw = json.dumps(header | {"__metadata__": {"format": "pt"}}).encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw)


def config(folder: Path, **keys: object) -> Path:
    base = {"num_hidden_layers": 4, "num_attention_heads": 8, "hidden_size": 64}
    (folder / "config.json").write_text(json.dumps(base | keys))
    weights(folder / "model.safetensors", a=[10, 20], b=[5])
    return folder


def test_parameters_are_counted_from_the_headers(tmp_path: Path) -> None:
    weights(tmp_path / "model-1.safetensors", a=[3, 4], scalar=[])
    weights(tmp_path / "model-2.safetensors", b=[100])
    assert count_parameters(tmp_path) == 113


def test_heads_default_to_all_of_them(tmp_path: Path) -> None:
    card = read_config(config(tmp_path))
    assert card.attention is not None
    assert (card.attention.layers, card.attention.kv_heads, card.attention.head_dim) == (4, 8, 8)
    assert card.parameters_b == pytest.approx(205e-9)


@pytest.mark.parametrize(
    ("keys", "layers", "windowed"),
    [
        ({"layer_types": ["sliding_attention"] * 3 + ["full_attention"], "sliding_window": 512}, 1, 3),
        ({"layers_block_type": ["mamba", "mamba", "attention", "mamba"]}, 1, 0),
        ({"hybrid_override_pattern": "M-M*"}, 1, 0),
        ({"attn_layer_indices": [0, 2]}, 2, 0),
    ],
)
def test_hybrids_cache_in_some_layers_only(
    tmp_path: Path, keys: dict[str, object], layers: int, windowed: int
) -> None:
    shape = read_config(config(tmp_path, **keys)).attention
    assert shape is not None
    assert (shape.layers, shape.window_layers) == (layers, windowed)


def test_the_text_part_of_a_vision_model(tmp_path: Path) -> None:
    inner = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 8, "num_key_value_heads": 1}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": inner}))
    weights(tmp_path / "model.safetensors", a=[1])
    shape = read_config(tmp_path).attention
    assert shape is not None
    assert (shape.layers, shape.kv_heads, shape.head_dim) == (2, 1, 4)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="num_attention_heads"):
        read_config(tmp_path)
    config(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 9)
    with pytest.raises(ConfigError, match="damaged"):
        read_config(tmp_path)
