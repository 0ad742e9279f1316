"""Template cores: the shingles that nearly all texts of one template carry, and which texts carry them.

Fit: shingles seen in several sessions only (a retrieved passage or a customer's name is none) → leader
pass → core = shingles in ≥ 70 % of a group's texts → groups with equal cores merge → every text goes to
the core it contains, weighted by how few cores share a shingle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rightsizer.tasks.shingles import U64, common, is_in, jaccard, places

LEADER_JACCARD = 0.5
IN_CORE = 0.7  # share of a group's texts that carry a core shingle
MERGE_JACCARD = 0.6
CONTAINED = 0.75  # weighted share of a core that a text must carry
MIN_CORE = 8  # shingles; fewer are no template (unless they are all the texts there are)
VARIED = 3  # distinct texts from which on a group is a template with something filled in
SAMPLE = 60
SKETCH = 64
KEPT = 256  # shingles of a core that are kept: the smallest hashes, an unbiased sample


@dataclass(frozen=True)
class Text:
    """A distinct text of one zone: its shingles, how much stands behind it (sessions, or 1), and its
    `frame`, a key of how it begins and ends (empty: too short to have one)."""

    shingles: U64
    support: int
    frame: str = ""


@dataclass(frozen=True)
class Core:
    """`hashes` sorted, `weights` beside them; `size` is the number of shingles before sampling."""

    hashes: U64
    weights: NDArray[np.float64]
    size: int

    @property
    def mass(self) -> float:
        """How specific the core is: its weight, scaled to its full size."""
        return float(self.weights.sum()) * self.size / max(len(self.hashes), 1)


class CoreIndex:
    """Which of many cores a text contains; the cost grows with the text, not with the number of cores."""

    def __init__(self, cores: Sequence[Core]) -> None:
        self.n = len(cores)
        if not cores:
            return
        hashes = np.concatenate([c.hashes for c in cores])
        owner = np.repeat(np.arange(self.n), [len(c.hashes) for c in cores])
        weights = np.concatenate([c.weights for c in cores])
        order = np.argsort(hashes, kind="stable")
        self._owner, self._weights = owner[order], weights[order]
        self._hashes, starts = np.unique(hashes[order], return_index=True)
        self._starts = np.append(starts, len(hashes))
        self._total = np.bincount(owner, weights, minlength=self.n)

    def contained(self, shingles: U64) -> NDArray[np.float64]:
        """Weighted share of every core that the text carries, shape (n,)."""
        if not self.n or not len(shingles):
            return np.zeros(self.n)
        if len(shingles) < len(self._hashes):
            at = places(shingles, self._hashes)
        else:
            at = np.flatnonzero(is_in(self._hashes, shingles))
        starts = self._starts[at]
        counts = self._starts[at + 1] - starts
        rows = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        hits = np.bincount(self._owner[rows], self._weights[rows], minlength=self.n)
        return np.asarray(hits / np.maximum(self._total, 1e-12))


def fit_cores(
    texts: Sequence[Text], *, min_support: int, min_core: int = MIN_CORE, allow_short: bool = False
) -> list[Core]:
    """The template cores of these texts, most frequent first.

    Args:
        min_support: a shingle counts when texts of at least so much support carry it together; also the
            least support of a group.
        min_core: shingles a core has at least.
        allow_short: a text of fewer than `min_core` shingles that repeats as it is counts as a template.
    """
    frequent = _frequent(texts, min_support)
    sets = [t.shingles[is_in(t.shingles, frequent)] for t in texts]
    order = sorted(range(len(texts)), key=lambda i: (-texts[i].support, texts[i].shingles[:4].tobytes()))
    usable = [i for i in order if len(sets[i]) >= min_core or (allow_short and _is_short(texts[i], sets[i]))]
    framed, loose = _frame(usable, texts)
    groups = [*framed, *_lead(loose, sets)]
    for _ in range(3):
        fitted = [(_core(g, sets, texts, min_support), len(g)) for g in groups]
        cores = _merge(_without_instances([(c, n) for c, n in fitted if len(c)]))
        weighed = weigh(cores)
        groups = _regroup(usable, sets, CoreIndex(weighed), weighed)
    return weigh([c for c in cores if len(c) >= min_core or allow_short])


def weigh(cores: Sequence[U64]) -> list[Core]:
    """Cores with weights log(1 + number of cores / number of cores that share the shingle)."""
    if not cores:
        return []
    values, counts = np.unique(np.concatenate(cores), return_counts=True)
    weights = np.log1p(len(cores) / counts)
    return [Core(c[:KEPT], weights[np.searchsorted(values, c[:KEPT])], len(c)) for c in cores]


def reweigh(cores: Sequence[Core]) -> list[Core]:
    """Cores of several fits weighted against one another."""
    return [replace(c, size=old.size) for c, old in zip(weigh([c.hashes for c in cores]), cores, strict=True)]


def best_core(contained: NDArray[np.float64], masses: NDArray[np.float64]) -> int | None:
    """The heaviest core that is contained, or None."""
    inside = contained >= CONTAINED
    if not inside.any():
        return None
    return int(np.argmax(np.where(inside, masses * contained, -1.0)))


def _is_short(text: Text, frequent: U64) -> bool:
    return 0 < len(text.shingles) < MIN_CORE and len(frequent) == len(text.shingles)


def _frequent(texts: Sequence[Text], min_support: int) -> U64:
    if not texts:
        return np.empty(0, np.uint64)
    hashes = np.concatenate([t.shingles for t in texts])
    support = np.repeat([t.support for t in texts], [len(t.shingles) for t in texts])
    values, inverse = np.unique(hashes, return_inverse=True)
    df = np.bincount(inverse, support, minlength=len(values))
    return values[df >= min_support]


def _frame(order: Sequence[int], texts: Sequence[Text]) -> tuple[list[list[int]], list[int]]:
    """Groups of texts that begin and end alike, and the rest.

    What stands between may be a document that several texts quote, which the leader pass would take for
    their template.
    """
    by_frame: dict[str, list[int]] = {}
    for i in order:
        by_frame.setdefault(texts[i].frame, []).append(i)
    loose = by_frame.pop("", [])
    groups = [g for g in by_frame.values() if len(g) >= VARIED]
    loose += [i for g in by_frame.values() if len(g) < VARIED for i in g]
    rank = {i: place for place, i in enumerate(order)}
    return groups, sorted(loose, key=rank.__getitem__)


def _lead(order: Sequence[int], sets: Sequence[U64]) -> list[list[int]]:
    """One pass: a text joins the most similar leader of Jaccard ≥ `LEADER_JACCARD`, or becomes one."""
    groups: list[list[int]] = []
    leaders: dict[int, list[int]] = {}
    for i in order:
        sketch = sets[i][:SKETCH].tolist()
        hits = Counter(g for h in sketch for g in leaders.get(h, ()))
        best, best_score = -1, LEADER_JACCARD
        for g, _ in sorted(hits.items(), key=lambda kv: (-kv[1], kv[0]))[:6]:
            score = jaccard(sets[i], sets[groups[g][0]])
            if score > best_score:
                best, best_score = g, score
        if best >= 0:
            groups[best].append(i)
            continue
        for h in sketch:
            leaders.setdefault(h, []).append(len(groups))
        groups.append([i])
    return groups


def _regroup(
    order: Sequence[int], sets: Sequence[U64], index: CoreIndex, cores: Sequence[Core]
) -> list[list[int]]:
    masses = np.array([c.mass for c in cores])
    groups: list[list[int]] = [[] for _ in cores]
    for i in order:
        best = best_core(index.contained(sets[i]), masses)
        if best is not None:
            groups[best].append(i)
    return groups


def _core(group: Sequence[int], sets: Sequence[U64], texts: Sequence[Text], min_support: int) -> U64:
    """Shingles in ≥ 70 % of (a sample of) the group's texts; empty where too little stands behind."""
    if sum(texts[i].support for i in group) < min_support:
        return np.empty(0, np.uint64)
    sample = [group[k * len(group) // SAMPLE] for k in range(SAMPLE)] if len(group) > SAMPLE else group
    values, counts = np.unique(np.concatenate([sets[i] for i in sample]), return_counts=True)
    return values[counts >= IN_CORE * len(sample)]


def _without_instances(fitted: Sequence[tuple[U64, int]]) -> list[U64]:
    """Cores without those that are one filled-in form of another.

    A text that repeats as it is (the same scenario run several times) looks like a template; it is an
    instance where it carries the core of a group whose texts do vary. `fitted`: core, distinct texts.
    """
    varied = [c for c, n in fitted if n >= VARIED]
    return [
        core
        for core, n in fitted
        if n >= VARIED
        or not any(len(v) < len(core) and common(v, core) >= CONTAINED * len(v) >= MIN_CORE for v in varied)
    ]


def _merge(cores: Sequence[U64]) -> list[U64]:
    """Cores that are nearly the same become the larger group's (which comes first)."""
    kept: list[U64] = []
    for core in cores:
        if not any(_same(core, other) for other in kept):
            kept.append(core)
    return kept


def _same(a: U64, b: U64) -> bool:
    if min(len(a), len(b)) < MERGE_JACCARD * max(len(a), len(b)):
        return False
    both = common(a, b)
    return both >= MERGE_JACCARD * (len(a) + len(b) - both)
