"""A tiny random BERT, saved as sentence-transformers would save it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *"abcdefghij",
    "##a",
    "##b",
    "where",
    "is",
    "my",
    "parcel",
    "包",
    "裹",
]
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 12,
    "intermediate_size": 20,
    "num_attention_heads": 3,
    "num_hidden_layers": 2,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "vocab_size": len(WORDS),
}


def random_bert(seed: int = 0) -> dict[str, np.ndarray]:
    """Weights under Hugging Face's names."""
    rng = np.random.default_rng(seed)
    d, inner = 12, 20
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), d),
        "embeddings.position_embeddings.weight": (16, d),
        "embeddings.token_type_embeddings.weight": (2, d),
        "embeddings.LayerNorm.weight": (d,),
        "embeddings.LayerNorm.bias": (d,),
    }
    for i in range(2):
        layer = f"encoder.layer.{i}"
        for name in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ):
            shapes |= {f"{layer}.{name}.weight": (d, d), f"{layer}.{name}.bias": (d,)}
        shapes |= {
            f"{layer}.intermediate.dense.weight": (inner, d),
            f"{layer}.intermediate.dense.bias": (inner,),
        }
        shapes |= {f"{layer}.output.dense.weight": (d, inner), f"{layer}.output.dense.bias": (d,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}.{name}.weight": (d,), f"{layer}.{name}.bias": (d,)}
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    # Scales near one keep the states of different tokens apart.
    return {name: 1 + w if name.endswith("LayerNorm.weight") else w for name, w in weights.items()}


@pytest.fixture
def bert_folder(tmp_path: Path) -> Path:
    """Folder with config.json, tokenizer.json, model.safetensors and the pooling's config."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra 'encoder' is not installed")
    pytest.importorskip("onnxruntime", reason="the extra 'encoder' is not installed")
    from safetensors.numpy import save_file

    folder = tmp_path / "bert"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    save_file({f"bert.{k}": v for k, v in random_bert().items()}, folder / "model.safetensors")
    vocabulary = {word: i for i, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX files are built under the test run's own folder (once), not in the user's cache."""
    monkeypatch.setenv("RIGHTSIZER_CACHE", str(tmp_path_factory.getbasetemp() / "rightsizer-cache"))
