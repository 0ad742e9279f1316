"""How much memory a model takes: weights, attention cache, adapter, at a context, batch and quantisation.

Weights are counted parameters times the bits each takes in a format, block scales included; the cache is
2 (key, value) x layers x heads x head size x bytes for every token kept. The way is the ordinary one (e.g.
Kwon et al. 2023, §2, for the cache); what is not known of a model is estimated upwards and said so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rightsizer.candidates.catalog import BaseModelCard
from rightsizer.errors import InputError

# Bits a weight takes, block scales included; llama.cpp's names for its own formats.
BITS_PER_WEIGHT: dict[str, float] = {
    "fp32": 32.0,
    "bf16": 16.0,
    "fp8": 8.0,
    "int8": 8.25,
    "q8_0": 8.5,
    "q6_k": 6.5625,
    "q5_k_m": 5.7,
    "q4_k_m": 4.85,
    "nf4": 4.5,
    "int4": 4.25,
}
CACHE_BYTES = 2
# What a runtime takes besides: buffers, the compute graph, the tokenizer.
OVERHEAD_BYTES = 300_000_000
OVERHEAD_SHARE = 0.04
# Cached values a token, where a model's shape is unknown: the largest of the known ones of its size
# (Phi-3-mini, with 32 heads of 96 in 32 layers, is the one larger model; it is known).
UNKNOWN_DENSE = 2 * 40 * 8 * 128
UNKNOWN_HYBRID = UNKNOWN_DENSE // 4
HYBRIDS = ("hybrid", "mamba", "conv")


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of one model as served. `estimated` names what had to be guessed, upwards."""

    weights_bytes: int
    cache_bytes: int
    adapter_bytes: int
    overhead_bytes: int
    quantization: str
    context_tokens: int
    batch: int
    estimated: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.cache_bytes + self.adapter_bytes + self.overhead_bytes


def footprint(
    model: BaseModelCard,
    *,
    context_tokens: int,
    batch: int = 1,
    quantization: str = "q4_k_m",
    adapter_rank: int = 0,
) -> Footprint:
    """What serving takes: `batch` sequences of `context_tokens` each, and one adapter of `adapter_rank`.

    Raises:
        InputError: an unknown quantisation, or a size below one.
    """
    bits = BITS_PER_WEIGHT.get(quantization.lower())
    if bits is None:
        raise InputError(
            f"unknown quantisation {quantization!r}", hint=f"one of {', '.join(BITS_PER_WEIGHT)}"
        )
    if context_tokens < 1 or batch < 1 or adapter_rank < 0:
        raise InputError(
            f"context {context_tokens}, batch {batch}, adapter rank {adapter_rank} make no sense",
            hint="context and batch are at least 1, the rank at least 0",
        )
    weights = round(model.parameters_b * 1e9 * bits / 8)
    estimated = () if model.attention else ("attention cache",)
    return Footprint(
        weights_bytes=weights,
        cache_bytes=batch * cache_bytes(model, context_tokens),
        adapter_bytes=adapter_bytes(model, adapter_rank),
        overhead_bytes=OVERHEAD_BYTES + round(OVERHEAD_SHARE * weights),
        quantization=quantization.lower(),
        context_tokens=context_tokens,
        batch=batch,
        estimated=estimated,
    )


def cache_bytes(model: BaseModelCard, context_tokens: int) -> int:
    """Bytes of keys and values of one sequence, 16 bits each."""
    shape = model.attention
    if shape is None:
        hybrid = any(word in model.architecture for word in HYBRIDS)
        return context_tokens * CACHE_BYTES * (UNKNOWN_HYBRID if hybrid else UNKNOWN_DENSE)
    in_window = min(context_tokens, shape.window_tokens)
    kept = shape.layers * context_tokens + shape.window_layers * in_window
    return 2 * CACHE_BYTES * kept * shape.kv_heads * shape.head_dim


def adapter_bytes(model: BaseModelCard, rank: int) -> int:
    """Bytes of a LoRA adapter on every linear layer, 16 bits a value.

    Each of a layer's seven matrices (d x d to d x 4d) adds rank x (rows + columns); with 12 d² weights a
    layer (Kaplan et al. 2020) that is close to rank x 20 d a layer, d from the count of parameters.
    """
    if rank == 0:
        return 0
    layers = (model.attention.layers + model.attention.window_layers) if model.attention else 32
    layers = max(layers, 16)
    width = math.sqrt(model.parameters_b * 1e9 / (12 * layers))
    return round(2 * rank * 20 * width * layers)
