"""The loss over the answer's tokens alone: on a processor nothing is computed for tokens of the prompt.

On a GPU trl's own kernel leaves them out already; without one it projects every position on the vocabulary,
which for a long prompt and a short answer is most of that work.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

IGNORED = -100


def make_lean(base: type[Any]) -> type[Any]:
    """A trainer class of `base` whose head sees only the end of each row, from the first answer on."""

    class LeanTrainer(base):  # type: ignore[misc]
        """`base` with `answer_loss`."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if return_outputs:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            return answer_loss(model, inputs, num_items_in_batch)

    return LeanTrainer


def keeps_logits(model: Any) -> bool:
    """Whether the model can be asked for the logits of its last positions only."""
    inner = model.get_base_model() if hasattr(model, "peft_config") else model
    return "logits_to_keep" in inspect.signature(type(inner).forward).parameters


def answer_loss(model: Any, inputs: Any, n_tokens: Any = None) -> Any:
    """Mean cross entropy of the tokens that have a label; `n_tokens` is their number in the whole step."""
    from torch.nn import functional

    labels = inputs["labels"]
    first, kept = _reach(labels)
    logits = model(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        logits_to_keep=kept,
        use_cache=False,
    ).logits
    wanted = labels[:, first:]
    loss = functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), wanted.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    counted = (wanted != IGNORED).sum() if n_tokens is None else n_tokens
    return loss / max(1, int(counted))


@contextmanager
def lean_preferences(is_wanted: bool) -> Iterator[None]:
    """While a `DPOTrainer` is made: it gets a head that leaves the prompt out, in the place of trl's own."""
    from trl.trainer import dpo_trainer

    own = getattr(dpo_trainer, "add_fused_lm_head", None)
    if own is None or not is_wanted:
        yield
        return
    dpo_trainer.add_fused_lm_head = add_lean_head
    try:
        yield
    finally:
        dpo_trainer.add_fused_lm_head = own


def add_lean_head(model: Any, **_: Any) -> None:
    """What trl's `add_fused_lm_head` does to a model, over the end of the rows alone."""
    plain = model.forward

    @functools.wraps(type(model).forward)
    def forward(self: Any, *args: Any, fused_lm_head: bool = False, labels: Any = None, **kwargs: Any) -> Any:
        if not fused_lm_head:
            return plain(*args, **kwargs, **({} if labels is None else {"labels": labels}))
        first, kept = _reach(labels)
        logits = plain(*args, **kwargs, logits_to_keep=kept).logits[:, :-1].float()
        return _scored(logits, labels[:, 1:], first - 1)

    model.forward = MethodType(forward, model)


def _scored(logits: Any, wanted: Any, start: int) -> Any:
    """Log probabilities of the wanted tokens and what trl reports beside, zero where nothing is wanted."""
    import torch
    from torch.nn.functional import pad
    from trl.trainer.utils import FusedCausalLMOutput

    mask = wanted != IGNORED
    there, asked = mask[:, start:], wanted[:, start:].clamp(min=0)
    logs = logits.log_softmax(-1)

    def whole(told: Any) -> Any:
        return pad(told.masked_fill(~there, 0), (start, 0))

    log_probs = whole(logs.gather(-1, asked.unsqueeze(-1)).squeeze(-1))
    with torch.no_grad():
        entropy, mean = -(logs.exp() * logs).sum(-1), logits.mean(-1)
        is_top1 = logits.argmax(-1) == asked
    return FusedCausalLMOutput(
        loss=-log_probs.sum() / mask.sum().clamp(min=1),
        log_probs=log_probs,
        entropy=whole(entropy),
        mean_logits=whole(mean),
        is_top1=whole(is_top1),
        label_mask=mask,
    )


def _reach(labels: Any) -> tuple[int, int]:
    """The first position with a label in any row, and how many logits are needed from there on."""
    learned = (labels != IGNORED).any(0).nonzero()
    first = max(1, int(learned[0])) if len(learned) else labels.shape[1] - 1
    return first, labels.shape[1] - first + 1  # and the position before it, which foretells it
