"""S4–S5 as verbs: freeze a dataset, shortlist candidates, train students."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rightsizer.candidates.shortlist import shortlist
from rightsizer.candidates.worth import why_not_tuned
from rightsizer.curation.balance import Balance, balance
from rightsizer.curation.near_duplicates import near_duplicate_groups
from rightsizer.errors import StoreError
from rightsizer.pipeline.collect import task_calls
from rightsizer.pipeline.curated import keep_copy, newest_copy, reads_copies_only
from rightsizer.pipeline.policy import mask_cache, policy_of
from rightsizer.pipeline.predict import artifact_seal, masked_example, still_hits
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.shadow import ShadowAnswer, shadow_answer, with_rejected
from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.feedback import Outcomes
from rightsizer.students.artifact import sealed
from rightsizer.types import Call, Candidate, Dataset, Example, Message, Request, Student, Task, new_id

ENOUGH_AT = 0.02  # the disagreement at which `split.most_calibration` sessions are enough


@dataclass(frozen=True)
class Learning:
    """What one task has to learn from, and what is worth trying."""

    task: Task
    dataset: Dataset
    examples: tuple[Example, ...]
    candidates: tuple[Candidate, ...]

    def part(self, split: str) -> list[Example]:
        return [e for e in self.examples if e.split == split]


class _Clean:
    """Calls with their examples; those in which something still hits after masking are left out."""

    def __init__(self, ws: Workspace) -> None:
        self._make = curated_example(ws)
        self._cache = mask_cache(ws) if ws.settings.curate.mask else None
        self._last: tuple[str, tuple[Request, Message] | None] = ("", None)
        self.left_out = 0
        self.shadows: dict[str, ShadowAnswer] = {}

    def calls(self, calls: Iterable[Call]) -> Iterator[Call]:
        """The calls that may be learned from."""
        for call in calls:
            if call.response is not None and self._cache is not None:
                pair = self.example(call)
                if still_hits(pair, self._cache):
                    self.left_out += 1
                    continue
            if (said := shadow_answer(call, self._cache)) is not None:
                self.shadows[call.id] = said
            yield call

    def example(self, call: Call) -> tuple[Request, Message]:
        """The call's (prompt, completion), made once."""
        if self._last[0] != call.id or self._last[1] is None:
            self._last = (call.id, self._make(call))
        assert self._last[1] is not None
        return self._last[1]


def curated_example(ws: Workspace) -> Callable[[Call], tuple[Request, Message]]:
    """The function that turns a kept call into (prompt, completion), masked where masking is on."""
    if not ws.settings.curate.mask:
        return _as_is
    cache = mask_cache(ws)
    return lambda call: masked_example(call, cache)


def _as_is(call: Call) -> tuple[Request, Message]:
    assert call.response is not None  # curation set calls without an answer aside
    return call.request, call.response


def prepare(ws: Workspace, task: Task, *, progress: Progress = silent) -> Learning:
    """Freeze the task's dataset (split by session) and list the candidates for it (S4).

    A role that may not read raw calls gets the newest dataset as it was frozen, from its curated copy.

    Raises:
        StoreError: calls were deleted again and again meanwhile.
    """
    if reads_copies_only(ws):
        ws.enter("curated.read", task=task.id)
        newest, copied = newest_copy(ws, task)
        return Learning(task, newest, tuple(copied), tuple(candidates_for(ws, task, newest.count("train"))))
    total = ws.store.calls.count(task_id=task.id, kept_only=True)
    ws.enter("dataset", task=task.id, calls=total)
    for _ in range(_TRIES):
        erasures = ws.store.erasures
        dataset, examples = _frozen(ws, task, total, progress)
        if ws.store.erasures != erasures:  # what was read may be what somebody asked to be forgotten
            continue
        ws.store.records.put(dataset)
        keep_copy(ws, dataset, examples)
        candidates = candidates_for(ws, task, dataset.count("train"))
        return Learning(task, dataset, tuple(examples), tuple(candidates))
    raise StoreError(
        f"calls were deleted each time the dataset of {task.name} was made",
        hint="run the same command again when the deletion has ended",
    )


_TRIES = 3


def _frozen(ws: Workspace, task: Task, total: int, progress: Progress) -> tuple[Dataset, list[Example]]:
    """The task's dataset and its examples, as the calls are now; nothing is stored."""
    from rightsizer.tasks.dataset import freeze

    known = Outcomes(ws.store.records).join(task_calls(ws, task))
    tenants: dict[str, str] = {}
    tenanted = _with_tenant(known, ws, tenants)
    calls = counted(tenanted, f"dataset · {task.name}", total, progress)
    split = ws.settings.split
    clean = _Clean(ws)
    dataset, examples = freeze(
        task,
        clean.calls(calls),
        curate_example=clean.example,
        near_duplicates=near_duplicate_groups,
        group_key=split.group_key or None,
        fractions=(split.train, split.calibration, split.test),
        most_calibration=enough_calibration(ws, task),
        least_clean=least_clean(ws, task) if split.adapt else 0.0,
        seed=split.seed,
    )
    if clean.left_out:
        dataset = dataset.model_copy(update={"dropped": {**dataset.dropped, "residual": clean.left_out}})
    return _balanced(ws, dataset, with_rejected(examples, clean.shadows), tenants)


def _with_tenant(calls: Iterable[Call], ws: Workspace, tenants: dict[str, str]) -> Iterator[Call]:
    key = ws.settings.balance.tenant_key
    for call in calls:
        if key and call.metadata.get(key) not in (None, ""):
            tenants[call.id] = str(call.metadata[key])
        yield call


def _balanced(
    ws: Workspace, dataset: Dataset, examples: Sequence[Example], tenants: Mapping[str, str]
) -> tuple[Dataset, list[Example]]:
    """The dataset without what balancing leaves out of its train split, counted by reason in `dropped`."""
    from rightsizer.tasks.dataset import hash_rows

    policy = Balance(**ws.settings.balance.model_dump(), min_train=_least_train(ws))
    if policy.is_idle:
        return dataset, list(examples)
    done = balance(examples, policy, tenants, seed=dataset.seed)
    rows = tuple(row for row in dataset.rows if row.call_id not in done.left_out)
    changed = {
        "rows": rows,
        "content_hash": hash_rows(rows),
        "dropped": {**dataset.dropped, **done.counts},
    }
    return dataset.model_copy(update=changed), [e for e in examples if e.call_id not in done.left_out]


def _least_train(ws: Workspace) -> int:
    """Balancing stops where a task would no longer have the train examples that a student is worth."""
    return int(ws.settings.gate.min_calls * ws.settings.split.train)


def candidates_for(ws: Workspace, task: Task, n_train: int) -> list[Candidate]:
    """Candidates in ladder order, the refused ones with their reason."""
    from rightsizer.training.encoder_tune import can_tune

    tuning = ws.precision if ws.settings.train.tune and can_tune() else None
    static = ws.settings.encoder.runtime == "static"
    return shortlist(task, n_train, ws.encoder is not None, tuning, static=static)


def enough_calibration(ws: Workspace, task: Task) -> int:
    """Sessions of calibration beyond which more would prove little: what is rarer takes more to prove."""
    strict = task.policy.alpha_write or (ws.settings.gate.alpha_write if task.output == "tool_call" else 0.0)
    alpha = min(alpha_of(ws, task), strict or 1.0)
    return round(ws.settings.split.most_calibration * max(1.0, ENOUGH_AT / alpha))


def alpha_of(ws: Workspace, task: Task) -> float:
    """The mean disagreement tolerated on a task: its own, else the setting for its kind of output."""
    return task.policy.alpha or ws.settings.gate.alpha(task.output)


def least_clean(ws: Workspace, task: Task) -> float:
    """Sessions served without a disagreement that prove anything, in a first batch of one decision."""
    from rightsizer.evaluation.spending import batch_delta

    return math.log(batch_delta(ws.settings.gate.delta, 1)) / math.log1p(-alpha_of(ws, task))


def calibration_growth(ws: Workspace, learning: Learning) -> Callable[[float], float]:
    """A log so many times as large → its calibration split, so many times as large as the present one."""
    from rightsizer.tasks.groups import fractions_for

    split, groups = ws.settings.split, len({row.group for row in learning.dataset.rows})
    least = least_clean(ws, learning.task) if split.adapt else 0.0
    most = enough_calibration(ws, learning.task)

    def sessions(times: float) -> float:
        n = max(1, round(times * groups))
        shares = (split.train, split.calibration, split.test)
        return n * fractions_for(n, shares, least_clean=least, most_calibration=most)[1]

    return lambda times: sessions(times) / sessions(1.0)


def spared(ws: Workspace, learning: Learning, students: Sequence[Student]) -> str:
    """Why no encoder is tuned for a task whose cheaper students are trained; empty where one may be."""
    if not any(c.accepted and c.method == "minilm-tuned" for c in learning.candidates):
        return ""
    frozen = next((s.recipe for s in students if s.method == "minilm-linear"), {})
    steady = learning.task.readiness_parts.get("steady")
    return why_not_tuned(frozen.get("held_out_right"), alpha_of(ws, learning.task), steady)


def train_students(
    ws: Workspace, learning: Learning, *, only: Sequence[str] = (), progress: Progress = silent
) -> list[Student]:
    """Train every accepted candidate (or those whose method is in `only`) on the train split (S5).

    An encoder is tuned only where the frozen one leaves something to gain (`spared`), or by its name.
    """
    from rightsizer.training.train import train

    ws.enter("train", task=learning.task.id, dataset=learning.dataset.id)
    students: list[Student] = []
    (ws.home / "artifacts").mkdir(mode=0o700, exist_ok=True)
    learn = policy_of(ws).learn  # how its examples were masked: it must serve so
    train_split = learning.part("train")[: ws.settings.train.max_examples]
    for candidate in learning.candidates:
        if not candidate.accepted or (only and candidate.method not in only):
            continue
        if candidate.method == "minilm-tuned" and not only and spared(ws, learning, students):
            continue
        student_id = new_id("student")
        artifact = f"artifacts/students/{student_id}"

        def tell(what: str, done: float, total: float | None, method: str = candidate.method) -> None:
            progress(f"train {method} · {learning.task.name} · {what}", done, total)

        with sealed(artifact_seal(ws)):
            trained = train(
                candidate,
                learning.task,
                train_split,
                ws.home / artifact,
                seed=ws.settings.train.seed,
                encoder=ws.encoder,
                progress=tell,
            )
        student = Student(
            id=student_id,
            task_id=learning.task.id,
            dataset_id=learning.dataset.id,
            rung=trained.rung,
            method=trained.method,
            artifact=artifact,
            artifact_hash=trained.artifact_hash,
            size_bytes=trained.size_bytes,
            train_s=trained.train_s,
            recipe=trained.recipe | ({"learn": learn} if learn else {}),
            created_at=datetime.now(UTC),
        )
        ws.store.records.put(student)
        students.append(student)
    return students
