"""A tiny random BERT, saved as sentence-transformers would save it: for tests without real weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

WORDS = (
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
)
HIDDEN, LAYERS, POSITIONS = 12, 2, 16
CONFIG: dict[str, Any] = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "num_attention_heads": 3,
    "num_hidden_layers": LAYERS,
    "max_position_embeddings": POSITIONS,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}


def tiny_weights(
    seed: int = 0, n_words: int = len(WORDS), hidden: int = HIDDEN
) -> dict[str, npt.NDArray[np.float32]]:
    """Random weights under Hugging Face's names."""
    rng = np.random.default_rng(seed)
    d, inner = hidden, 2 * hidden
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (n_words, d),
        "embeddings.position_embeddings.weight": (POSITIONS, d),
        "embeddings.token_type_embeddings.weight": (2, d),
        "embeddings.LayerNorm.weight": (d,),
        "embeddings.LayerNorm.bias": (d,),
    }
    square = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        for name in square:
            shapes |= {f"{layer}.{name}.weight": (d, d), f"{layer}.{name}.bias": (d,)}
        shapes |= {f"{layer}.intermediate.dense.weight": (inner, d)}
        shapes |= {f"{layer}.intermediate.dense.bias": (inner,)}
        shapes |= {f"{layer}.output.dense.weight": (d, inner), f"{layer}.output.dense.bias": (d,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}.{name}.weight": (d,), f"{layer}.{name}.bias": (d,)}
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    # Scales near one keep the states of different tokens apart.
    return {name: 1 + w if name.endswith("LayerNorm.weight") else w for name, w in weights.items()}


def write_tiny_bert(folder: Path, words: Sequence[str] = (), seed: int = 0, hidden: int = HIDDEN) -> Path:
    """Write config.json, tokenizer.json, model.safetensors and the pooling's config; gives the folder.

    `words` are whole words beside `WORDS`. Needs the extra 'encoder'.
    """
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    known = [*WORDS, *(w for w in dict.fromkeys(words) if w not in WORDS)]
    (folder / "1_Pooling").mkdir(parents=True)
    sizes = {"vocab_size": len(known), "hidden_size": hidden, "intermediate_size": 2 * hidden}
    (folder / "config.json").write_text(json.dumps({**CONFIG, **sizes}))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    weights = tiny_weights(seed, len(known), hidden)
    save_file({f"bert.{k}": v for k, v in weights.items()}, folder / "model.safetensors")
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(known)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
