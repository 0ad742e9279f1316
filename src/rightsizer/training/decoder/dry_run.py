"""One step of a training run with tensors of shapes without content: the most that it keeps at once.

Weights, adapters, activations and gradients come from the model's own code, whatever its architecture, with
gradient checkpointing if that is on. Nothing is loaded and nothing is computed.
"""

from __future__ import annotations

import contextlib
import weakref
from dataclasses import dataclass
from typing import Any

from rightsizer.training.decoder.load import adapter_config
from rightsizer.training.decoder.recipe import Recipe


@dataclass(frozen=True)
class DryRun:
    """Bytes of a step: what is there before it, and the most that is alive in it. Optimiser not counted."""

    weights_bytes: int
    peak_bytes: int
    trained: int
    linear: int  # frozen weights that a run in four bits keeps in four bits


def dry_run(config: Any, recipe: Recipe, *, tokens: int, answer_tokens: int, gpu: bool) -> DryRun:
    """A step on a batch of the longest rows, of which the last `answer_tokens` are learned."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    half = gpu and recipe.bf16 and recipe.tuning != "full"
    rows = recipe.batch_size * (2 if recipe.objective == "preferences" else 1)
    with torch.device("meta"):
        model = _model(config, recipe, torch.bfloat16 if half else torch.float32)
    with FakeTensorMode(), _Alive() as alive:
        _as_on_a_processor(model)
        weights = alive.now
        ids = torch.ones((rows, tokens), dtype=torch.long)
        cast = torch.autocast("cpu", torch.bfloat16) if recipe.bf16 else contextlib.nullcontext()
        with cast:
            loss = _loss(model, ids, answer_tokens + 1)
        loss.backward()
    peak = alive.peak
    if recipe.objective == "preferences" and recipe.tuning == "full":
        weights, peak = 2 * weights, peak + weights  # the reference is a copy
    return DryRun(
        weights_bytes=weights,
        peak_bytes=peak,
        trained=sum(p.numel() for p in model.parameters() if p.requires_grad),
        linear=sum(p.numel() for p in _frozen_linear(model)),
    )


def _model(config: Any, recipe: Recipe, dtype: Any) -> Any:
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_config(config, dtype=dtype)
    if (adapter := adapter_config(recipe, model)) is not None:
        from peft import get_peft_model

        model = get_peft_model(model, adapter)
    if recipe.checkpoints:
        model.gradient_checkpointing_enable()
        if adapter is not None:
            model.enable_input_require_grads()
    return model.train()


def _as_on_a_processor(model: Any) -> None:
    """Weights of no device become the processor's, still without content: then its kernels are chosen."""
    import torch

    made: dict[Any, Any] = {}
    for module in model.modules():
        for name, p in module._parameters.items():
            if p is not None:
                made.setdefault(p, torch.nn.Parameter(_empty(p), requires_grad=p.requires_grad))
                module._parameters[name] = made[p]
        for name, b in module._buffers.items():
            if b is not None:
                module._buffers[name] = _empty(b)


def _empty(tensor: Any) -> Any:
    import torch

    return torch.empty(tensor.shape, dtype=tensor.dtype)


def _loss(model: Any, ids: Any, kept: int) -> Any:
    from torch.nn import functional

    mask = ids.new_ones(ids.shape)
    logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=kept, use_cache=False).logits
    wanted = ids[:, -kept + 1 :].flatten()
    return functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), wanted, reduction="sum")


def _frozen_linear(model: Any) -> list[Any]:
    import torch

    head = model.get_output_embeddings()
    return [
        p
        for module in model.modules()
        if isinstance(module, torch.nn.Linear) and module is not head
        for p in module.parameters()
        if not p.requires_grad
    ]


def _Alive() -> Any:  # noqa: N802 - the class needs torch, which is imported on use
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Alive(TorchDispatchMode):  # type: ignore[misc]
        """Counts the bytes of the storages that are alive: `now`, and at most (`peak`)."""

        def __init__(self) -> None:
            super().__init__()
            self.now = self.peak = 0
            self._known: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            for leaf in tree_leaves(out):
                if hasattr(leaf, "untyped_storage"):
                    self.count(leaf.untyped_storage())
            return out

        def count(self, storage: Any) -> None:
            if storage in self._known:
                return
            size = storage.nbytes()
            self._known[storage] = size
            weakref.finalize(storage, self._gone, size)
            self.now += size
            self.peak = max(self.peak, self.now)

        def _gone(self, size: int) -> None:
            self.now -= size

    return Alive()
