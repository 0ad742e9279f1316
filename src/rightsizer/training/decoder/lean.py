"""The loss over the answer's tokens alone: on a processor nothing is computed for tokens of the prompt.

On a GPU trl's own kernel leaves them out already; without one it projects every position on the vocabulary,
which for a long prompt and a short answer is most of that work.
"""

from __future__ import annotations

import inspect
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
    learned = (labels != IGNORED).any(0).nonzero()
    first = int(learned[0]) if len(learned) else labels.shape[1] - 1
    kept = labels.shape[1] - first + 1  # and the position before it, which foretells it
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
