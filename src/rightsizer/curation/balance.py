"""What a student learns from, evened out: failed sessions, repeats, and whoever talks most.

Only the train split is touched. Calibration and test stay as the traffic is: the certificate speaks about
that, and a cap there would make it speak about something else.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rightsizer.curation.near_duplicates import near_duplicate_groups
from rightsizer.types import Example, Frozen


class Balance(Frozen):
    """How to even out; every default changes nothing. Numbers are train examples, 0 = any.

    `failed_share` of the examples of failed sessions are kept: 0 filters, 1 keeps all, between is a weight by
    thinning (whole sessions, by hash). A session failed if the last value of `outcome_key` is below
    `outcome_min`. Where a step would leave fewer than `min_train`, it is not taken, and the report says so.
    """

    outcome_key: str = ""
    outcome_min: float = 0.5
    failed_share: float = 1.0
    max_per_near_duplicate: int = 0
    tenant_key: str = ""
    max_per_tenant: int = 0
    max_per_class: int = 0
    min_train: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing would change."""
        outcome = bool(self.outcome_key) and self.failed_share < 1
        tenant = bool(self.tenant_key) and self.max_per_tenant > 0
        return not (outcome or tenant or self.max_per_near_duplicate or self.max_per_class)


class Balanced(Frozen):
    """`left_out` is call id → reason; `counts` by reason, that of a step not taken ends in ``-not-taken``."""

    left_out: dict[str, str]
    counts: dict[str, int]


Step = Callable[[Sequence[Example]], set[str]]


def balance(
    examples: Sequence[Example], policy: Balance, tenants: Mapping[str, str], *, seed: int
) -> Balanced:
    """Choose what of the train split is left out, and say why.

    Args:
        tenants: call id → tenant, for the calls that name one.
        seed: which ones of many are kept depends on it and on nothing else.
    """
    train = [e for e in examples if e.split == "train"]
    left_out: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for reason, step in _steps(policy, tenants, seed):
        kept = [e for e in train if e.call_id not in left_out]
        gone = step(kept)
        if gone and len(kept) - len(gone) < policy.min_train:
            counts[f"{reason}-not-taken"] = len(gone)
            continue
        left_out.update(dict.fromkeys(sorted(gone), reason))
        counts[reason] += len(gone)
    return Balanced(left_out=left_out, counts={reason: n for reason, n in counts.items() if n})


def _steps(policy: Balance, tenants: Mapping[str, str], seed: int) -> list[tuple[str, Step]]:
    steps: list[tuple[str, Step]] = []
    if policy.outcome_key and policy.failed_share < 1:
        steps.append(("failed-session", lambda rows: _failed(rows, policy, seed)))
    if policy.max_per_near_duplicate:
        limit = policy.max_per_near_duplicate
        steps.append(("near-duplicate", lambda rows: _over(rows, _twins(rows), limit, seed)))
    if policy.tenant_key and policy.max_per_tenant:
        steps.append(
            (
                "tenant-cap",
                lambda rows: _over(rows, [tenants.get(e.call_id) for e in rows], policy.max_per_tenant, seed),
            )
        )
    if policy.max_per_class:
        steps.append(
            ("class-cap", lambda rows: _over(rows, list(map(class_of, rows)), policy.max_per_class, seed))
        )
    return steps


def class_of(example: Example) -> str:
    """What caps count: the tools that are called, else the answer's text without case and spacing."""
    tools = [part.name for part in example.completion.tool_calls]
    return "→" + ",".join(tools) if tools else " ".join(example.completion.text.casefold().split())


def succeeded(outcome: Mapping[str, Any], key: str, least: float) -> bool | None:
    """Whether an outcome is good enough; None if it does not say."""
    value = outcome.get(key)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return value >= least if isinstance(value, bool | int | float) else None


def _failed(rows: Sequence[Example], policy: Balance, seed: int) -> set[str]:
    verdicts: dict[str, bool] = {}
    for example in rows:  # in log order: the last word of a session counts
        verdict = succeeded(example.outcome, policy.outcome_key, policy.outcome_min)
        if verdict is not None:
            verdicts[example.session_id] = verdict
    failed = {s for s, good in verdicts.items() if not good}
    thinned = {s for s in failed if _draw(s, seed) >= policy.failed_share}
    return {e.call_id for e in rows if e.session_id in thinned}


def _twins(rows: Sequence[Example]) -> list[str]:
    """Near-duplicate group of the last two messages (on masked text), and the class of the answer."""
    texts = ["\n".join(m.text for m in e.prompt.messages[-2:]) for e in rows]
    groups = near_duplicate_groups(texts)
    return [f"{group} {class_of(e)}" for group, e in zip(groups, rows, strict=True)]


def _over(rows: Sequence[Example], keys: Sequence[str | None], limit: int, seed: int) -> set[str]:
    """All but `limit` examples of each key, chosen by hash; those without a key are not counted."""
    members: dict[str, list[str]] = defaultdict(list)
    for example, key in zip(rows, keys, strict=True):
        if key is not None:
            members[key].append(example.call_id)
    return {
        call_id
        for ids in members.values()
        if len(ids) > limit
        for call_id in sorted(ids, key=lambda i: (_draw(i, seed), i))[limit:]
    }


def _draw(name: str, seed: int) -> float:
    """A number in [0, 1) that depends on name and seed only."""
    data = f"{seed}\x1f{name}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big") / 2**64
