"""Distillation of logits: the student learns the teacher's distribution, not only its answer.

Same tokenizer: forward KL between softened distributions (Hinton, Vinyals & Dean 2015). Different ones: the
distance between the sorted probabilities, which needs no common vocabulary (Universal Logit Distillation,
Boizard et al. 2024). Only tokens of the completion count.
"""

from __future__ import annotations

from typing import Any

from rightsizer.training.decoder.recipe import Recipe

IGNORED = -100


def make_trainer(base: type[Any], teacher: Any, recipe: Recipe, same_vocabulary: bool) -> type[Any]:
    """A trainer class whose loss mixes the teacher's distribution into the ordinary one."""

    class DistillingTrainer(base):  # type: ignore[misc]
        """`base` with a teacher beside the labels."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            labels = inputs["labels"]
            outputs = model(**{k: v for k, v in inputs.items() if not k.startswith("teacher_")})
            towards = teacher_loss(teacher, inputs, outputs.logits, labels, recipe, same_vocabulary)
            loss = (1 - recipe.mix) * outputs.loss + recipe.mix * towards
            return (loss, outputs) if return_outputs else loss

    return DistillingTrainer


def teacher_loss(
    teacher: Any, inputs: Any, logits: Any, labels: Any, recipe: Recipe, same_vocabulary: bool
) -> Any:
    """How far the student is from the teacher on the completion's tokens."""
    import torch

    device = next(teacher.parameters()).device
    prefix = "" if same_vocabulary else "teacher_"
    with torch.no_grad():
        said = teacher(
            input_ids=inputs[f"{prefix}input_ids"].to(device),
            attention_mask=inputs[f"{prefix}attention_mask"].to(device),
        ).logits.to(logits.device)
    teacher_labels = inputs[f"{prefix}labels"].to(logits.device)
    student_rows = logits[:, :-1][labels[:, 1:] != IGNORED]
    teacher_rows = said[:, :-1][teacher_labels[:, 1:] != IGNORED]
    if same_vocabulary:
        return forward_kl(student_rows, teacher_rows, recipe.temperature)
    counts = [(row != IGNORED).sum().item() for row in labels[:, 1:]]
    teacher_counts = [(row != IGNORED).sum().item() for row in teacher_labels[:, 1:]]
    return sorted_distance(
        torch.split(student_rows, counts), torch.split(teacher_rows, teacher_counts), recipe.temperature
    )


def forward_kl(student: Any, teacher: Any, temperature: float) -> Any:
    """T² · KL(teacher ‖ student), mean over tokens; both (tokens, vocabulary)."""
    from torch.nn import functional

    # A model may pad its vocabulary to a round number: what both have is compared.
    size = min(student.shape[-1], teacher.shape[-1])
    log_student = functional.log_softmax(student[:, :size].float() / temperature, -1)
    log_teacher = functional.log_softmax(teacher[:, :size].float() / temperature, -1)
    return temperature**2 * functional.kl_div(
        log_student, log_teacher, reduction="batchmean", log_target=True
    )


def sorted_distance(student: Any, teacher: Any, temperature: float) -> Any:
    """Mean L1 distance of sorted probabilities, token by token as far as both answers reach.

    `student` and `teacher` are lists of (tokens, vocabulary), one an example.
    """
    import torch
    from torch.nn import functional

    distances = []
    for ours, theirs in zip(student, teacher, strict=True):
        n = min(len(ours), len(theirs))
        if n == 0:
            continue
        a = functional.softmax(ours[:n].float() / temperature, -1).sort(-1, descending=True).values
        b = functional.softmax(theirs[:n].float() / temperature, -1).sort(-1, descending=True).values
        wide = max(a.shape[-1], b.shape[-1])
        a, b = (functional.pad(x, (0, wide - x.shape[-1])) for x in (a, b))
        distances.append((a - b).abs().sum(-1).mean())
    return torch.stack(distances).mean() if distances else student[0].sum() * 0.0
