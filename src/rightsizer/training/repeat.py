"""Training the students that repeat: the cache, and the majority baseline."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rightsizer.scoring.agree import answer as answer_of
from rightsizer.students.answers import most_written
from rightsizer.students.artifact import save
from rightsizer.students.cache import CacheStudent, MajorityStudent, input_key
from rightsizer.training.trained import Progress, Trained, describe
from rightsizer.types import Candidate, Example, Task, TaskPolicy
from rightsizer.views.answer import canonical_answer
from rightsizer.views.view import fit_mask

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder


def train_majority(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """The student that always gives the most frequent answer."""
    start = time.perf_counter()
    counts = Counter(canonical_answer(e.completion) for e in examples)
    answer, n = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    share = n / len(examples)
    save(MajorityStudent(most_written([e.completion for e in examples])[answer], share).to_artifact(), out)
    recipe = {"method": candidate.method, "n_examples": len(examples), "share": round(share, 4)}
    return describe(candidate, out, recipe=recipe, train_s=time.perf_counter() - start)


def train_cache(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """The student that repeats answers: an input is kept where it came up in two or more groups and was
    always answered alike; it is surer the more often that was (Laplace's rule: (n+1)/(n+2))."""
    start = time.perf_counter()
    mask = fit_mask([e.prompt for e in examples])
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    groups: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        key = input_key(example.prompt, mask)
        answers[key][canonical_answer(example.completion)] += 1
        groups[key].add(example.group)
    kept = {k: next(iter(c)) for k, c in answers.items() if len(c) == 1 and len(groups[k]) >= 2}
    messages = most_written([e.completion for e in examples])
    names = sorted(set(kept.values()))
    index = {name: i for i, name in enumerate(names)}
    entries = {}
    for key in sorted(kept):
        n = len(groups[key])
        entries[key] = (index[kept[key]], (n + 1) / (n + 2))
    save(CacheStudent(mask, tuple(messages[n] for n in names), entries).to_artifact(), out)
    repeated = sum(len(groups[k]) >= 2 for k in answers)
    recipe = {
        "method": candidate.method,
        "n_examples": len(examples),
        "n_inputs": len(answers),
        "n_repeated": repeated,
        "n_kept": len(kept),
    }
    notes = (
        ("no input came up twice with the same answer: the cache abstains on everything",) if not kept else ()
    )
    return describe(candidate, out, recipe=recipe, train_s=time.perf_counter() - start, notes=notes)


def repeat_agreement(train: Sequence[Example], test: Sequence[Example], policy: TaskPolicy) -> float:
    """Share of `test` that a cache would have answered right: an input of `train`, always answered so."""
    mask = fit_mask([e.prompt for e in train])
    known: dict[str, set[str]] = defaultdict(set)
    for example in train:
        known[input_key(example.prompt, mask)].add(_key(example, policy))
    right = sum(known.get(input_key(e.prompt, mask)) == {_key(e, policy)} for e in test)
    return right / len(test) if test else 0.0


def _key(example: Example, policy: TaskPolicy) -> str:
    return answer_of(example.completion, ignore_fields=policy.ignore_fields, tools=example.prompt.tools).key
