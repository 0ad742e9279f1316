"""Training a label student: classes, features, cross-fitted evidence, the final fit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.students.artifact import save
from rightsizer.students.cache import MajorityStudent
from rightsizer.students.features import Sparse, TextFeatures, count_terms, fit_features
from rightsizer.students.inputs import Input, read_inputs
from rightsizer.students.label import LabelStudent, project
from rightsizer.training.folds import deal_folds
from rightsizer.training.label_classes import Classes, find_classes
from rightsizer.training.label_fit import Rows, fit_judge, fit_linear, fit_projection, held_out, to_matrix
from rightsizer.training.strangers import are_far, meet_strangers
from rightsizer.training.trained import Progress, Trained, describe
from rightsizer.types import Candidate, Example, Task
from rightsizer.views.view import PayloadMask, fit_mask

if TYPE_CHECKING:
    import numpy.typing as npt

    from rightsizer.students.encoder import Encoder

    Floats = npt.NDArray[np.float32]

DEFAULTS: dict[str, Any] = {
    "c": [0.1, 0.3, 1.0],
    "folds": 3,
    "dense_scale": [1.0, 2.0],
    "max_terms": 40_000,
    "projection_dims": 128,
    "abstain": 0.05,
    "strangers": True,
}
# Below this share of answers seen often enough, the student could answer next to nothing.
MIN_LEARNABLE = 0.05
# Answers built from fields or arguments: the structured student makes them, recurring whole or not.
MIN_RECURRING = 0.5
# From here on one fold is enough to choose a setting by, and so many rows.
LARGE = 1000
CHOOSE_ON = 4000


@dataclass(frozen=True)
class CrossFit:
    """What models said of rows they were not fitted on: evidence, whether right, evidence of foreign rows."""

    evidence: Floats
    right: npt.NDArray[np.bool_]
    foreign: Floats


@dataclass(frozen=True)
class Material:
    """The learnable examples of a task, read: one input, group and label a row."""

    classes: Classes
    mask: PayloadMask | None
    inputs: Sequence[Input]
    groups: tuple[str, ...]
    features: TextFeatures
    sparse: Sparse
    notes: tuple[str, ...]
    strangers: Sequence[Input]

    @property
    def labels(self) -> npt.NDArray[np.int32]:
        return self.classes.labels


def train_label(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a label student on `examples` and save it in `out`. See `DEFAULTS` for `candidate.params`."""
    start = time.perf_counter()
    settings = {**DEFAULTS, **candidate.params}
    tell = progress or (lambda what, done, total: None)
    tell("features", 0, None)
    material = read_material(
        task, examples, int(settings["max_terms"]), seed, teach_strangers=bool(settings["strangers"])
    )
    if isinstance(material, str):
        return say_why(material, candidate, len(examples), out, start)
    classes, mask, features = material.classes, material.mask, material.features
    rows, strangers, projection = _rows(material, encoder, settings, seed, tell)
    folds = deal_folds(material.groups, classes.labels, int(settings["folds"]), seed=seed)
    scales = settings["dense_scale"] if encoder is not None else (0.0,)
    chosen = choose_settings(rows, folds, settings["c"], scales, seed, tell)
    rows = replace(rows, dense_scale=chosen.dense_scale)
    crossed = cross_fit(rows, folds, chosen.c, seed, tell, strangers)
    judge = fit_judge(crossed.evidence, crossed.right, crossed.foreign, abstain=float(settings["abstain"]))
    tell("final fit", 0, None)
    fitted = fit_linear(rows, np.arange(len(rows)), chosen.c, seed, strangers)
    student = LabelStudent(
        mask, classes.answers, features, fitted.linear, fitted.space, judge, projection, encoder
    )
    save(student.to_artifact(), out)
    recipe = {
        "method": candidate.method,
        "seed": seed,
        "settings": settings,
        "c": chosen.c,
        "dense_scale": chosen.dense_scale,
        "n_examples": len(examples),
        "n_answers": classes.n_answers,
        "learnable": round(classes.learnable, 4),
        "n_terms": len(features.terms),
        "n_strangers": len(strangers),
        "encoder": encoder.identity if encoder else None,
        "cross_validated_accuracy": round(chosen.accuracy, 4),
        "held_out_right": round(float(crossed.right.mean()), 4),
    }
    return describe(
        candidate,
        out,
        recipe=recipe,
        train_s=time.perf_counter() - start,
        notes=material.notes,
    )


def read_material(
    task: Task, examples: Sequence[Example], max_terms: int, seed: int, *, teach_strangers: bool = True
) -> Material | str:
    """What there is to learn from, or the reason why nothing can be learnt."""
    classes = find_classes(examples)
    built = task.output in ("fields", "tool_call")
    if classes.n_answers < 2 or classes.learnable < (MIN_RECURRING if built else MIN_LEARNABLE):
        return _why_not(classes, len(examples), built)
    used = [examples[i] for i in classes.rows]
    mask = fit_mask([e.prompt for e in examples])
    inputs = read_inputs([e.prompt for e in used], mask)
    counted = [count_terms(one) for one in inputs]
    features = fit_features(counted, max_terms=max_terms)
    return Material(
        classes,
        mask,
        inputs,
        tuple(e.group for e in used),
        features,
        features.weigh(counted),
        _notes(classes, len(examples)),
        meet_strangers(inputs, seed) if teach_strangers else [],
    )


def _rows(
    material: Material, encoder: Encoder | None, settings: dict[str, Any], seed: int, tell: Progress
) -> tuple[Rows, Rows, npt.NDArray[np.float16]]:
    """The training rows, strangers far from them, and the projection that makes their vectors (empty where
    an encoder does)."""
    projection = np.zeros((0, 0), np.float16)
    if encoder is None:
        # The projected vectors hold nothing that the sparse terms do not: they only measure nearness.
        matrix = to_matrix(material.sparse, len(material.features.terms))
        projection = fit_projection(matrix, int(settings["projection_dims"]), seed)

    def dense(inputs: Sequence[Input], sparse: Sparse) -> Floats:
        if encoder is None:
            return project(sparse, projection)
        return np.asarray(encoder.encode([one.payload for one in inputs], progress=tell), np.float32)

    known = dense(material.inputs, material.sparse)
    strange = dense(material.strangers, material.features.transform(material.strangers))
    far = np.flatnonzero(are_far(strange, known, material.groups, seed))
    return rows_of(material, known), strangers_of(material, far, strange[far]), projection


def rows_of(material: Material, vectors: Floats, dense_scale: float = 0.0) -> Rows:
    """The training rows with these vectors."""
    matrix = to_matrix(material.sparse, len(material.features.terms))
    return Rows(matrix, material.sparse, vectors, material.labels, dense_scale)


def strangers_of(material: Material, far: npt.NDArray[np.int64], vectors: Floats) -> Rows:
    """The strangers `far`, with these vectors, as rows of no class (-1)."""
    sparse = material.features.transform([material.strangers[i] for i in far])
    matrix = to_matrix(sparse, len(material.features.terms))
    return Rows(matrix, sparse, vectors, np.full(len(far), -1, np.int32), 0.0)


@dataclass(frozen=True)
class Choice:
    """Inverse regularisation, weight of the dense vectors, and the held-out accuracy they gave."""

    c: float
    dense_scale: float
    accuracy: float


def choose_settings(
    rows: Rows,
    folds: npt.NDArray[np.int64],
    grid: Sequence[float],
    scales: Sequence[float],
    seed: int,
    tell: Progress,
) -> Choice:
    """First the weight of the dense vectors at the middle of `grid`, then the regularisation at that weight.

    Within half a standard error of the best, the last weight and the strongest regularisation win.
    """
    if len(rows) > CHOOSE_ON:
        left_out = np.random.default_rng(seed).permutation(len(rows))[CHOOSE_ON:]
        folds = folds.copy()
        folds[left_out] = -1
    middle = sorted(grid)[len(grid) // 2]
    tried: dict[tuple[float, float], float] = {}

    def accuracy(c: float, scale: float) -> float:
        if (c, scale) not in tried:
            tell("choose settings", len(tried), None)
            tried[c, scale] = held_out_accuracy(replace(rows, dense_scale=scale), folds, c, seed)
        return tried[c, scale]

    def good(options: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        best = max(accuracy(c, s) for c, s in options)
        slack = 0.5 * (best * (1 - best) / len(rows)) ** 0.5
        return [(c, s) for c, s in options if accuracy(c, s) >= best - slack]

    scale = good([(middle, s) for s in scales])[-1][1] if len(scales) > 1 else scales[0]
    c = min(good([(c, scale) for c in grid]))[0] if len(grid) > 1 else grid[0]
    return Choice(c, scale, accuracy(c, scale))


def held_out_accuracy(rows: Rows, folds: npt.NDArray[np.int64], c: float, seed: int) -> float:
    """Share of right answers on rows held out, of one fold only where there are many; fold -1 is left out."""
    hits = []
    for fold in range(1 if len(rows) >= LARGE else int(folds.max()) + 1):
        train, test = np.flatnonzero((folds != fold) & (folds >= 0)), np.flatnonzero(folds == fold)
        predicted, _ = held_out(rows, fit_linear(rows, train, c, seed), train, test)
        hits.append(predicted == rows.labels[test])
    return float(np.concatenate(hits).mean())


def cross_fit(
    rows: Rows, folds: npt.NDArray[np.int64], c: float, seed: int, tell: Progress, strangers: Rows
) -> CrossFit:
    """Evidence of every row from a model that saw neither it nor its group; and evidence of foreign rows:
    each fold once more, for the rows of a third of the classes, from a model that never saw those; and for
    the strangers that it was not taught."""
    n_classes = int(rows.labels.max()) + 1
    third = related_thirds(rows)
    evidence, right, foreign = [], [], []
    k = int(folds.max()) + 1
    turn = np.arange(len(strangers)) % k
    for fold in range(k):
        tell("cross-fit", fold, k)
        taught, met = strangers.rows(turn != fold), strangers.rows(turn == fold)
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        fitted = fit_linear(rows, train, c, seed, taught)
        predicted, found = held_out(rows, fitted, train, test)
        evidence.append(found)
        right.append(predicted == rows.labels[test])
        if len(met):
            foreign.append(held_out(rows, fitted, train, np.arange(len(met)), asked=met)[1])
        if n_classes < 3:
            continue
        hidden = third[rows.labels] == fold % 3
        train, test = train[~hidden[train]], test[hidden[test]]
        if len(np.unique(rows.labels[train])) >= 2 and len(test):
            foreign.append(held_out(rows, fit_linear(rows, train, c, seed, taught), train, test)[1])
    width = evidence[0].shape[1]
    far = np.concatenate(foreign) if foreign else np.zeros((0, width), np.float32)
    return CrossFit(np.concatenate(evidence), np.concatenate(right), far)


def related_thirds(rows: Rows) -> npt.NDArray[np.int64]:
    """The third, 0 … 2, of each class, related classes together: a foreign input is foreign to its
    neighbourhood too, not to one class alone. Order of leaves of an average linkage of the class means."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    n_classes = int(rows.labels.max()) + 1
    if n_classes < 3:
        return np.zeros(n_classes, np.int64)
    means = np.stack([rows.dense[rows.labels == c].mean(0) for c in range(n_classes)])
    third = np.zeros(n_classes, np.int64)
    third[leaves_list(linkage(means, "average"))] = np.arange(n_classes) * 3 // n_classes
    return third


def _why_not(classes: Classes, n: int, built: bool) -> str:
    if classes.n_answers == 0:
        return (
            f"open answers: {classes.n_distinct} different ones in {n} calls, none often enough to be learnt"
        )
    if classes.n_answers == 1:
        return "only one answer is given often enough to be learnt"
    why = f"open answers: only {classes.learnable:.0%} of the calls have one that recurs"
    return f"{why}; the structured student builds such answers from their parts" if built else why


def say_why(why: str, candidate: Candidate, n: int, out: Path, start: float) -> Trained:
    """A student that always abstains, and says why: an answer like any other for the gate to refuse."""
    save(MajorityStudent(None, 0.0, why).to_artifact(), out)
    recipe = {"method": candidate.method, "n_examples": n, "abstains": why}
    return describe(candidate, out, recipe=recipe, train_s=time.perf_counter() - start, notes=(why,))


def _notes(classes: Classes, n: int) -> tuple[str, ...]:
    if classes.learnable >= 0.995:
        return ()
    rare = classes.n_distinct - classes.n_answers
    return (
        f"{1 - classes.learnable:.0%} of the {n} training calls have one of {rare} answers too rare to be "
        "learnt; the student abstains on their like",
    )
