"""A prompted student is not trained: its examples are chosen, and how it is asked is written down."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rightsizer.errors import InputError
from rightsizer.students.artifact import save
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.students.prompted import PromptedStudent, Prompting
from rightsizer.students.shots import book_of
from rightsizer.students.weights import require_served, weights_of
from rightsizer.training.trained import Progress, Trained, describe
from rightsizer.training.verifier import fit_verifier, reserved
from rightsizer.types import Candidate, Example, Task
from rightsizer.views.answer import canonical_answer, plain_text
from rightsizer.views.view import fit_mask

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder

# Examples kept to retrieve from: more change little and slow the search.
MOST_SHOTS = 2_000
# A task whose calls have fewer different answers than this answers from a list.
MOST_CHOICES = 200
# Of the sessions, those that a decoder of ours keeps for early stopping: new to its weights.
VERIFIED_SHARE = 0.1
CALLS_PER_CHOICE = 4
# Calls of the train split that a server with known weights is asked twice.
ASKED_TWICE = 20


def train_prompted(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Choose the examples for a model behind a server. ``candidate.params``: ``server`` and ``how``.

    Raises:
        InputError: the candidate names no server, or weights that are not there.
        ArtifactError: the server says that it serves other weights.
    """
    start = time.perf_counter()
    if "server" not in candidate.params:
        raise InputError(
            "a prompted student needs a server", hint="--server http://localhost:8000/v1 --model NAME"
        )
    verify = int(candidate.params.get("verify", 0))
    kept = reserved(examples, VERIFIED_SHARE, seed)[:verify] if verify else []
    asked = {e.call_id for e in kept}
    student = build(
        [e for e in examples if e.call_id not in asked],
        Server.model_validate(candidate.params["server"]),
        Prompting.model_validate(candidate.params.get("how", {})),
        output=task.output,
        seed=seed,
        verified=bool(kept),
    )
    if kept:
        student = replace(student, verifier=fit_verifier(student, kept, task.policy))
    notes: tuple[str, ...] = (
        "the weights are the server's: the hash covers how it is asked, not what answers",
    )
    repeated: dict[str, Any] = {}
    if candidate.params.get("weights"):
        student, notes = _with_weights(student, Path(candidate.params["weights"]))
        asked_again, differ = asked_twice(student, examples)
        repeated = {"asked_twice": {"calls": asked_again, "differ": differ}}
        notes = (*notes, f"asked twice, {differ} of {asked_again} calls were answered differently")
    save(student.to_artifact(), out)
    recipe = {
        "method": candidate.method,
        "server": student.server.model_dump(),
        "how": student.how.model_dump(),
        "n_examples": len(examples),
        "n_verified": len(kept),
        "n_shots": len(student.book.shots),
        "seed": seed,
        **({"weights": student.weights.model_dump()} if student.weights else {}),
        **repeated,
    }
    return describe(candidate, out, recipe=recipe, train_s=time.perf_counter() - start, notes=notes)


def _with_weights(student: PromptedStudent, path: Path) -> tuple[PromptedStudent, tuple[str, ...]]:
    """The student bound to the file that its server has loaded, and what the server says of it."""
    weights = weights_of(path)
    told = require_served(weights, ChatServer(student.server))
    said = "the server says that it serves these weights"
    if told == "not told":
        said = "the server does not say which weights it serves: that it serves these is your word"
    return replace(student, weights=weights), (f"weights {weights.sha256[:12]}… at {path.name}: {said}",)


def asked_twice(student: PromptedStudent, examples: Sequence[Example]) -> tuple[int, int]:
    """(calls asked twice, those answered differently): the same file need not give the same answer twice.

    Servers compute several calls at once and keep what they computed of a prompt; sums are then made in
    another order, and where two tokens are all but equally likely the other one is written.
    """
    asked = [e.prompt for e in examples[:ASKED_TWICE]]
    first = student.predict(asked)
    again = student.predict(asked[::-1])[::-1]
    return len(asked), sum(a.message != b.message for a, b in zip(first, again, strict=True))


def build(
    examples: Sequence[Example],
    server: Server,
    how: Prompting,
    *,
    output: str,
    seed: int = 0,
    verified: bool = False,
) -> PromptedStudent:
    """The student that asks `server`, with examples to retrieve from these of the train split."""
    mask = fit_mask([e.prompt for e in examples])
    chosen = spread(examples, MOST_SHOTS, seed) if how.shots or verified else []
    return PromptedStudent(
        server=server,
        how=how,
        book=book_of(chosen, mask),
        known=choices(examples) if output == "label" else None,
    )


def choices(examples: Sequence[Example]) -> tuple[str, ...] | None:
    """The answers a label task chooses from; None where they are too many to be a list."""
    counts = Counter(plain_text(e.completion) for e in examples)
    few = len(counts) <= min(MOST_CHOICES, len(examples) / CALLS_PER_CHOICE)
    return tuple(sorted(counts)) if few and "" not in counts else None


def spread(examples: Sequence[Example], most: int, seed: int) -> list[Example]:
    """At most so many examples, drawn evenly over the answers, rare ones first kept."""
    if len(examples) <= most:
        return list(examples)
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[canonical_answer(example.completion)].append(example)
    rng = random.Random(seed)
    for key in sorted(groups):
        rng.shuffle(groups[key])
    drawn: list[Example] = []
    depth = 0
    while len(drawn) < most:
        layer = [groups[key][depth] for key in sorted(groups) if depth < len(groups[key])]
        rng.shuffle(layer)
        drawn += layer[: most - len(drawn)]
        depth += 1
    return drawn
