"""A quick trial: how often a student that takes a second to train would give the answer, out of fold.

It learns which *frame* an answer has (see `recipe.py`) from hashed words: ridge regression to one column
per frame, solved in its dual form (Saunders et al. 1998) at one cost for any number of frames, in folds by
session. It is weaker than the students of the ladder, on purpose: what is asked is how tasks compare, not
how good a student gets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rightsizer.tasks.policy import TrialRules
from rightsizer.tasks.sketch import BITS, unpack
from rightsizer.views.tokens import digest

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from rightsizer.tasks.scan import Fact

FOLDS = 3
RIDGE = 0.5
NEVER = -1e9  # how sure it is of a frame that it has not learned
MOST_CLASSES = 200  # commonest frames that are told apart; the rest are one class that is never right


@dataclass(frozen=True)
class Trial:
    """Of one call: whether the quick student chose the teacher's frame and how sure it was, the chance that
    the values are copied right, and whether always giving the commonest answer would have been right."""

    hit: bool
    sure: float
    odds: float
    majority: bool


def run_trial(facts: Sequence[Fact], rules: TrialRules) -> dict[str, Trial]:
    """Call id → trial, for a fixed sample of the answered calls; empty where there are too few to learn."""
    sample = _sample([f for f in facts if f.kind is not None], rules.calls)
    folds = np.array([int(digest(f.session)[:8], 16) % FOLDS for f in sample])
    if len(sample) < rules.least_calls or any(not (folds == k).any() for k in range(FOLDS)):
        return {}
    found: dict[str, Trial] = {}
    matrix = _matrix(sample)
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        answers = [sample[i].frame for i in train]
        common = {a for a, n in Counter(answers).most_common(MOST_CLASSES) if n >= 2}
        labels = [a if a in common else "" for a in answers]
        guesses, margins = _predict(matrix[train], labels, matrix[test])
        top = Counter(answers).most_common(1)[0][0]
        for i, guess, sure in zip(test, guesses, margins, strict=True):
            f = sample[i]
            hit, fixed = bool(guess) and guess == f.frame, f.frame == top and not f.copied
            found[f.call_id] = Trial(hit, sure if guess else NEVER, copy_odds(f, rules), fixed)
    return found


def copy_odds(fact: Fact, rules: TrialRules) -> float:
    """Chance that every value that must be copied is copied right."""
    if fact.kind == "label":
        return 1.0
    return float(rules.span_odds**fact.spans * rules.found_odds ** (fact.copied - fact.spans))


def served_share(trials: Sequence[Trial], agreement: float) -> float:
    """The share of calls a student would serve: as many as it can, the surest first, while `agreement` of
    the frames are right; each counts by the chance that its values are copied right."""
    if not trials:
        return 0.0
    order = sorted(trials, key=lambda t: (-t.sure, t.hit))
    means = np.cumsum([t.hit for t in order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(means >= agreement)
    last = int(enough[-1]) + 1 if len(enough) else 0
    return sum(t.odds for t in order[:last]) / len(order)


def _sample(facts: list[Fact], most: int) -> list[Fact]:
    if len(facts) <= most:
        return facts
    return sorted(facts, key=lambda f: digest(f.call_id))[:most]


def _matrix(sample: Sequence[Fact]) -> csr_matrix:
    """Rows of unit length: 1 per feature, weighted by its rareness in the sample (Spärck Jones 1972)."""
    from scipy.sparse import csr_matrix, diags
    from sklearn.preprocessing import normalize

    rows = [unpack(f.sketch) for f in sample]
    columns = np.concatenate(rows)
    places = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    raw = csr_matrix((np.ones(len(columns)), columns, places), shape=(len(rows), 1 << BITS))
    spread = np.bincount(columns, minlength=1 << BITS)
    return csr_matrix(normalize(raw @ diags(np.log1p(len(rows) / np.maximum(spread, 1)))))


def _predict(known: csr_matrix, labels: Sequence[str], asked: csr_matrix) -> tuple[list[str], list[float]]:
    """The likeliest label of each row that is asked, and the margin to the next."""
    from scipy.linalg import cho_factor, cho_solve

    names = sorted(set(labels))
    if len(names) == 1:
        return [names[0]] * asked.shape[0], [1.0] * asked.shape[0]
    place = {name: i for i, name in enumerate(names)}
    target = np.zeros((len(labels), len(names)))
    target[np.arange(len(labels)), [place[label] for label in labels]] = 1
    gram = (known @ known.T).toarray() + 1  # + 1: how common a label is
    gram[np.diag_indices_from(gram)] += RIDGE
    weights = cho_solve(cho_factor(gram, overwrite_a=True), target)
    scores = ((asked @ known.T).toarray() + 1) @ weights
    best = np.argpartition(scores, -2, axis=1)[:, -2:]
    rows = np.arange(len(scores))
    best = np.where((scores[rows, best[:, 0]] > scores[rows, best[:, 1]])[:, None], best[:, ::-1], best)
    margin = scores[rows, best[:, 1]] - scores[rows, best[:, 0]]
    return [names[b] for b in best[:, 1]], margin.tolist()
