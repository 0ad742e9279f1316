"""Frozen datasets: what one task has to learn from, split so that nothing leaks from part to part."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from rightsizer.errors import ArtifactError, InputError
from rightsizer.tasks.groups import fractions_for, link, split_of
from rightsizer.types import Call, Dataset, DatasetRow, Example, Message, Request, Split, Task, new_id
from rightsizer.views.view import fit_mask, view

CurateExample = Callable[[Call], tuple[Request, Message]]
NearDuplicates = Callable[[Sequence[str]], Sequence[int]]

GIANT_SHARE = 0.2  # a component larger than this is not kept together, see `freeze`
CONTEXT_CHARS = 500


def freeze(
    task: Task,
    calls: Iterable[Call],
    *,
    curate_example: CurateExample,
    near_duplicates: NearDuplicates | None = None,
    group_key: str | None = None,
    fractions: Sequence[float] = (0.6, 0.2, 0.2),
    most_calibration: int = 0,
    least_clean: float = 0.0,
    seed: int = 0,
) -> tuple[Dataset, list[Example]]:
    """The task's calls as a frozen dataset, in call order, and its examples.

    Rows of one session are one group; so are rows with the same ``metadata[group_key]`` where that is
    given, and rows whose inputs are near-duplicates. A group is never divided, and lands in a part by
    the hash of its name and `seed`, so it stays there when the log grows (but see `fractions_for`). Where
    near-duplicates would
    chain more than 20 % of the rows into one group, those links are not followed; instead calibration
    and test rows with a near-duplicate in an earlier part are left out, counted in
    ``Dataset.dropped["near-duplicate-across-splits"]``.

    Args:
        curate_example: a call → its curated (prompt, completion).
        near_duplicates: texts → group numbers, equal for near-duplicates; None: not looked for.
        fractions: shares of train, calibration and test, by groups.
        most_calibration: groups of calibration that are enough; 0: there is no such number.
        least_clean: groups served without a disagreement that prove anything; where groups are few, more of
            them calibrate than `fractions` says (see `fractions_for`). 0: `fractions` as they are.

    Raises:
        InputError: `fractions` are not three positive numbers.
    """
    if len(fractions) != 3 or min(fractions) <= 0:
        raise InputError(
            f"a split needs three positive fractions, not {tuple(fractions)}", hint="e.g. 0.6, 0.2, 0.2"
        )
    kept: list[Call] = []
    pairs: list[tuple[Request, Message]] = []
    dropped: Counter[str] = Counter()
    for call in calls:
        if call.response is None:
            dropped["no-answer"] += 1
            continue
        kept.append(call)
        pairs.append(curate_example(call))
    columns = _columns(kept, group_key)
    twins = near_duplicates(_input_texts([p for p, _ in pairs])) if near_duplicates and pairs else None
    roots, unlinked = _components(columns, twins)
    names = [_group_name(kept[root], group_key) for root in roots]
    shares = fractions_for(
        len(set(names)), fractions, least_clean=least_clean, most_calibration=most_calibration
    )
    parts = [split_of(name, shares, seed) for name in names]
    straddling = _straddlers(unlinked, parts)
    dropped["near-duplicate-across-splits"] += len(straddling)
    examples = [
        _example(call, pair, names[i], parts[i])
        for i, (call, pair) in enumerate(zip(kept, pairs, strict=True))
        if i not in straddling
    ]
    rows = tuple(
        DatasetRow(
            call_id=e.call_id, group=e.group, split=e.split, digest=digest_example(e.prompt, e.completion)
        )
        for e in examples
    )
    dataset = Dataset(
        id=new_id("dataset"),
        task_id=task.id,
        content_hash=hash_rows(rows),
        rows=rows,
        seed=seed,
        group_key=group_key or "session_id",
        created_at=datetime.now(UTC),
        dropped={reason: n for reason, n in sorted(dropped.items()) if n},
    )
    return dataset, examples


def materialise(dataset: Dataset, calls: Iterable[Call], curate_example: CurateExample) -> list[Example]:
    """The dataset's examples again, in its order, made from the calls it was frozen from.

    Calls that are not of the dataset are passed over.

    Raises:
        ArtifactError: a call is missing, or its curated content is not what was frozen.
    """
    if hash_rows(dataset.rows) != dataset.content_hash:
        raise ArtifactError(
            f"dataset {dataset.id}: its rows do not match its content hash", hint="freeze the dataset again"
        )
    rows = {row.call_id: row for row in dataset.rows}
    found: dict[str, Example] = {}
    for call in calls:
        row = rows.get(call.id)
        if row is None or call.response is None:
            continue
        pair = curate_example(call)
        if digest_example(*pair) != row.digest:
            raise ArtifactError(
                f"dataset {dataset.id}: call {call.id} is not what was frozen",
                hint="the call or the masking changed since; freeze the dataset again",
            )
        found[call.id] = _example(call, pair, row.group, row.split)
    missing = [row.call_id for row in dataset.rows if row.call_id not in found]
    if missing:
        raise ArtifactError(
            f"dataset {dataset.id}: {len(missing)} of {len(dataset.rows)} calls missing, e.g. {missing[0]}",
            hint="import the log again, or freeze the dataset again",
        )
    return [found[row.call_id] for row in dataset.rows]


def digest_example(prompt: Request, completion: Message) -> str:
    """SHA-256 over a curated prompt and completion, in hexadecimal."""
    parts = (prompt.model_dump(mode="json"), completion.model_dump(mode="json"))
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def hash_rows(rows: Sequence[DatasetRow]) -> str:
    """SHA-256 over the rows, whatever their order."""
    lines = sorted(json.dumps([r.call_id, r.group, r.split, r.digest]) for r in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _example(call: Call, pair: tuple[Request, Message], group: str, split: Split) -> Example:
    return Example(
        call_id=call.id,
        session_id=call.session_id,
        group=group,
        split=split,
        prompt=pair[0],
        completion=pair[1],
        outcome=call.outcome,
    )


def _columns(calls: Sequence[Call], group_key: str | None) -> list[list[str]]:
    """Keys that hold rows together: the session, and the declared group where a call has one."""
    columns = [[call.session_id for call in calls]]
    if group_key:
        columns.append([_declared_group(c, group_key) or f"\0{i}" for i, c in enumerate(calls)])
    return columns


def _declared_group(call: Call, group_key: str | None) -> str:
    value = call.metadata.get(group_key) if group_key else None
    return str(value) if value not in (None, "") else ""


def _group_name(first: Call, group_key: str | None) -> str:
    """A component is named by its earliest row, which stays the earliest as the log grows."""
    declared = _declared_group(first, group_key)
    return f"{group_key}={declared}" if declared else first.session_id


def _input_texts(prompts: Sequence[Request]) -> list[str]:
    """What differs between the task's requests: with the template in it, all would be near-duplicates."""
    mask = fit_mask(prompts)
    seen = [view(prompt, mask) for prompt in prompts]
    return [one.payload + "\n" + one.context[-CONTEXT_CHARS:] for one in seen]


def _components(
    columns: Sequence[Sequence[str]], twins: Sequence[int] | None
) -> tuple[list[int], Sequence[int] | None]:
    """Component per row, and the near-duplicate groups that were *not* followed (None: all were)."""
    apart = link(*columns)
    if twins is None:
        return apart, None
    together = link(*columns, twins)
    n = len(together)
    giant = {root for root, size in Counter(together).items() if size > GIANT_SHARE * n}
    # A component that is large by sessions alone stays whole: those rows belong together.
    giant = {
        root for root in giant if len({a for a, t in zip(apart, together, strict=True) if t == root}) > 1
    }
    if not giant:
        return together, None
    loose = [-i - 1 if together[i] in giant else twin for i, twin in enumerate(twins)]
    return link(*columns, loose), [twin if together[i] in giant else -i - 1 for i, twin in enumerate(twins)]


def _straddlers(twins: Sequence[int] | None, parts: Sequence[Split]) -> set[int]:
    """Rows to leave out: those with a near-duplicate in an earlier part (train < calibration < test)."""
    if twins is None:
        return set()
    rank = {"train": 0, "calibration": 1, "test": 2}
    members: dict[int, list[int]] = defaultdict(list)
    for i, twin in enumerate(twins):
        members[twin].append(i)
    out: set[int] = set()
    for group in members.values():
        first = min(rank[parts[i]] for i in group)
        out |= {i for i in group if rank[parts[i]] > first}
    return out
