"""The footprint calculator beside measured memory: random models of real architectures, in this process.

    python benchmarks/students/footprint.py [--context 512] [--batch 2]

Needs the extra `decoders`. Each model is written with random weights, read back in 16 bits and asked to read
a prompt of that many tokens, `batch` at a time. Weights, cache and adapter are the bytes of the tensors that
are there; RSS is by how much the process grew meanwhile. The calculator's allowance for the runtime is left
out. With LLAMA_CPP_DIR set, the sizes of GGUF files are compared as well.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rightsizer.candidates.footprint import BITS_PER_WEIGHT, footprint
from rightsizer.candidates.model_folder import read_config

# name → (architecture, width, layers, heads, key/value heads, size of a head, vocabulary)
MODELS: dict[str, tuple[str, int, int, int, int, int, int]] = {
    "llama 58 M": ("llama", 512, 8, 8, 8, 64, 24_000),
    "qwen3 110 M": ("qwen3", 640, 10, 10, 2, 128, 32_000),
    "phi3 112 M": ("phi3", 768, 8, 12, 12, 64, 24_000),
    "gemma3 103 M": ("gemma3_text", 512, 12, 4, 1, 256, 48_000),
    "smollm3 218 M": ("smollm3", 896, 14, 14, 2, 64, 32_000),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--context", type=int, default=512)
    arguments.add_argument("--batch", type=int, default=2)
    given = arguments.parse_args()
    print(f"16 bits, context {given.context}, batch {given.batch}; MB as calculated / as measured")
    heads = f"{'weights':>16} {'cache':>14} {'adapter':>14} {'all three':>16} {'off by':>7}"
    print(f"{'model':16} {heads}")
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in MODELS.items():
            path = Path(folder) / name.replace(" ", "-")
            write(path, *shape)
            row(name, path, given.context, given.batch)
        if os.environ.get("LLAMA_CPP_DIR"):
            gguf(Path(folder))


def write(path: Path, architecture: str, width: int, layers: int, *more: int) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    heads, kv, size, words = more
    shape: dict[str, Any] = {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv,
        "head_dim": size,
        "tie_word_embeddings": False,
        "max_position_embeddings": 4_096,
        "pad_token_id": 0,
    }
    if architecture == "gemma3_text":
        shape["sliding_window"] = 256
    torch.manual_seed(0)
    config = AutoConfig.for_model(architecture, **shape)
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(path)


def row(name: str, path: Path, context: int, batch: int) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    card = read_config(path)
    said = footprint(card, context_tokens=context, batch=batch, quantization="bf16", adapter_rank=16)
    model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16)
    with torch.inference_mode():
        ids = torch.randint(5, 1_000, (batch, context))
        cache = model(ids, use_cache=True, logits_to_keep=1).past_key_values
    weights = bytes_of(model.parameters())
    kept = bytes_of(cached(cache))
    adapter = adapter_bytes(model)
    calculated = (said.weights_bytes, said.cache_bytes, said.adapter_bytes)
    measured = (weights, kept, adapter)
    off = sum(calculated) / sum(measured) - 1
    pairs = [f"{a / 1e6:.1f} / {b / 1e6:.1f}" for a, b in zip(calculated, measured, strict=True)]
    pairs.append(f"{sum(calculated) / 1e6:.1f} / {sum(measured) / 1e6:.1f}")
    print(
        f"{name:16} {pairs[0]:>16} {pairs[1]:>14} {pairs[2]:>14} {pairs[3]:>16} {off:+7.1%}",
        flush=True,
    )


def cached(cache: Any) -> Iterator[Any]:
    """Keys and values of every layer."""
    for layer in cache.layers:
        yield from (layer.keys, layer.values)


def adapter_bytes(model: Any) -> int:
    """A LoRA adapter of rank 16 on every linear layer, in 16 bits."""
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(model, LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    return sum(2 * p.numel() for p in adapted.parameters() if p.requires_grad)


def bytes_of(tensors: Iterable[Any]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)


def gguf(folder: Path) -> None:
    """Bits a weight takes in llama.cpp's formats: the calculator's table beside real files."""
    from rightsizer.testing.tiny_lm import write_converter, write_tiny_lm
    from rightsizer.training.decoder.export import write_gguf

    home = write_converter(Path(os.environ["LLAMA_CPP_DIR"]), folder / "llama.cpp")
    os.environ["LLAMA_CPP_DIR"] = str(home)
    base = write_tiny_lm(folder / "wide", ["a few words to split"], width=1024, layers=8, vocabulary=300)
    count = read_config(base).parameters_b * 1e9
    print(f"\nGGUF, {count / 1e6:.0f} M weights; bits a weight in the calculator / in the file")
    for name in ("q8_0", "q6_k", "q5_k_m", "q4_k_m"):
        bits = write_gguf(base, "wide", name).stat().st_size * 8 / count
        print(f"{name:8} {BITS_PER_WEIGHT[name]:.2f} / {bits:.2f}  {BITS_PER_WEIGHT[name] / bits - 1:+.1%}")


if __name__ == "__main__":
    main()
