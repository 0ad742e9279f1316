"""pass^k of the recorded agent: how often all of k trials of one thing succeed (τ-bench, Yao et al. 2024).

A trial is a session; what is tried is told by a field of the calls' metadata, and success by an outcome.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from rightsizer.errors import InputError
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.stats import pass_hat_k
from rightsizer.store.feedback import Outcomes


@dataclass(frozen=True)
class PassK:
    """`values` is pass^1, pass^2 … over the things that were tried at least so often (`counts`)."""

    by: str
    metric: str
    n_sessions: int
    n_tried: int
    values: tuple[float, ...]
    counts: tuple[int, ...]


def pass_k(
    ws: Workspace,
    *,
    by: str,
    metric: str = "",
    at_least: float = 1.0,
    most: int = 8,
    progress: Progress = silent,
) -> PassK:
    """pass^1 … pass^`most` over the whole log, as far as there are trials.

    Raises:
        InputError: no session has both the field and the outcome.
    """
    metric = metric or ws.settings.balance.outcome_key or "reward"
    ws.enter("calls.read", by=by, metric=metric)
    total = ws.store.calls.count()
    calls = counted(ws.store.calls.scan(), "sessions", total, progress)
    tried: dict[str, tuple[str, float]] = {}
    for call in Outcomes(ws.store.records).join(calls):
        value, outcome = call.metadata.get(by), call.outcome.get(metric)
        if value is not None and isinstance(outcome, int | float):
            tried[call.session_id] = (str(value), float(outcome))  # the last call's word counts
    if not tried:
        raise InputError(
            f"no session has both the metadata field {by!r} and the outcome {metric!r}",
            hint="`rightsizer calls show ID` shows a call's metadata and outcome",
        )
    trials: dict[str, list[bool]] = defaultdict(list)
    for value, outcome in tried.values():
        trials[value].append(outcome >= at_least)
    values, counts = [], []
    for k in range(1, most + 1):
        enough = [t for t in trials.values() if len(t) >= k]
        if not enough:
            break
        values.append(pass_hat_k([sum(t) for t in enough], [len(t) for t in enough], k))
        counts.append(len(enough))
    return PassK(by, metric, len(tried), len(trials), tuple(values), tuple(counts))
