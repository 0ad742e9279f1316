"""Is a model small on a device? It fits, and it is fast enough there for one user.

The definition is arXiv 2506.02153's (WD1 and WD2): what fits a common device and answers one user's agent
fast enough is small there, everything else is large there; the count of parameters alone decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from rightsizer.candidates.catalog import BaseModelCard
from rightsizer.candidates.devices import Device
from rightsizer.candidates.footprint import BITS_PER_WEIGHT, Footprint, cache_bytes, footprint

# Shares of the data sheet's figures that runtimes reach: reading weights, multiplying a prompt.
BANDWIDTH_REACHED = 0.7
TFLOPS_REACHED = 0.4


@dataclass(frozen=True, slots=True)
class Fit:
    """One model on one device. `small` is the verdict; `reason` says why not, empty when it is."""

    small: bool
    reason: str
    footprint: Footprint
    ttft_s: float
    ms_per_token: float


def fits(
    model: BaseModelCard,
    device: Device,
    *,
    prompt_tokens: int = 1024,
    answer_tokens: int = 256,
    shared_tokens: int = 0,
    batch: int = 1,
    quantization: str = "q4_k_m",
    adapter_rank: int = 0,
) -> Fit:
    """Whether the model serves such prompts on the device, by memory and by speed.

    Speed is bounded, not measured: every token reads the active weights and the cache once (memory
    bandwidth), every prompt token costs two operations a parameter (arithmetic). The first `shared_tokens`
    of the prompt are the same for all calls: servers keep them computed (prefix caching).

    Raises:
        InputError: an unknown quantisation, or sizes below one.
    """
    size = footprint(
        model,
        context_tokens=prompt_tokens + answer_tokens,
        batch=batch,
        quantization=quantization,
        adapter_rank=adapter_rank,
    )
    ms_per_token = _ms_per_token(model, device, prompt_tokens + answer_tokens, quantization)
    fresh_tokens = max(1, prompt_tokens - shared_tokens)
    operations = 2 * model.active_parameters_b * 1e9 * fresh_tokens
    ttft_s = operations / (TFLOPS_REACHED * device.tflops * 1e12) + ms_per_token / 1000
    return Fit(
        small=not (reason := _why_not(device, size, ttft_s, ms_per_token)),
        reason=reason,
        footprint=size,
        ttft_s=ttft_s,
        ms_per_token=ms_per_token,
    )


def _ms_per_token(model: BaseModelCard, device: Device, context_tokens: int, quantization: str) -> float:
    weights = model.active_parameters_b * 1e9 * BITS_PER_WEIGHT[quantization.lower()] / 8
    read = weights + cache_bytes(model, context_tokens)
    return 1000 * read / (BANDWIDTH_REACHED * device.bandwidth_gb_s * 1e9)


def _why_not(device: Device, size: Footprint, ttft_s: float, ms_per_token: float) -> str:
    needed_gb = size.total_bytes / 1e9
    name = device.label or device.name
    if needed_gb > device.memory_gb:
        return f"needs {needed_gb:.1f} GB; {name} has {device.memory_gb:g} GB for it"
    if ms_per_token > device.max_ms_per_token:
        return (
            f"about {ms_per_token:.0f} ms a token on {name}; at most {device.max_ms_per_token:g} is practical"
        )
    if ttft_s > device.max_ttft_s:
        return (
            f"about {ttft_s:.1f} s to the first token on {name}; at most {device.max_ttft_s:g} is practical"
        )
    return ""
