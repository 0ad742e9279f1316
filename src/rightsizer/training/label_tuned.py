"""Training a label student with an encoder of its own, fine-tuned on the task and exported to ONNX.

The linear machine on words and vectors and the judge are those of `label`; what differs is where their
evidence comes from. An encoder has seen its own training rows, so they say nothing about new ones: the tuning
is rehearsed on a part of the rows, with a third of the classes hidden (related ones together), and the
judge learns from rows that the rehearsed encoder has not seen, strangers among them. Then all are learnt.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.errors import InputError
from rightsizer.students.artifact import save
from rightsizer.students.label import Base, LabelStudent, Own
from rightsizer.students.novelty import Space, fit_space, nearness
from rightsizer.students.own_encoder import export_encoder, open_encoder, pack_encoder
from rightsizer.training.encoder_tune import Tuned, Tuning, tune_encoder
from rightsizer.training.folds import deal_folds
from rightsizer.training.label import CrossFit, Material, read_material, related_thirds, say_why
from rightsizer.training.label_fit import Fitted, Rows, fit_judge, fit_linear, held_out, to_matrix
from rightsizer.training.trained import Progress, Trained, describe
from rightsizer.types import Candidate, Example, Task

if TYPE_CHECKING:
    import numpy.typing as npt

    from rightsizer.students.encoder import Encoder
    from rightsizer.students.encoder_files import EncoderFiles

    Floats = npt.NDArray[np.float32]

DEFAULTS: dict[str, Any] = {
    "c": 0.3,
    "dense_scale": 2.0,
    "max_terms": 40_000,
    "abstain": 0.05,
    "folds": 3,
    "rehearsals": 2,
    "check": 0.04,
    "precision": "fp32",
}
TUNING = {f.name for f in fields(Tuning)}


@dataclass(frozen=True)
class Teaching:
    """What is learnt from, and where the encoder to tune is."""

    material: Material
    files: EncoderFiles
    how: Tuning
    settings: dict[str, Any]
    seed: int
    tell: Progress

    @property
    def payloads(self) -> list[str]:
        return [one.payload for one in self.material.inputs]


def train_tuned_label(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Fine-tune `encoder` on `examples`, and save a label student that carries it in `out`.

    `candidate.params` may hold anything of `DEFAULTS` and of `Tuning`.

    Raises:
        InputError: there is no encoder, or none with weights that can be tuned.
        MissingExtra: the extra 'train' is not installed.
    """
    start = time.perf_counter()
    settings = {**DEFAULTS, **{k: v for k, v in candidate.params.items() if k not in TUNING}}
    how = Tuning(**{k: v for k, v in candidate.params.items() if k in TUNING})
    files = _tunable(encoder)
    tell = progress or (lambda what, done, total: None)
    tell("features", 0, None)
    material = read_material(task, examples, int(settings["max_terms"]))
    if isinstance(material, str):
        return say_why(material, candidate, len(examples), out, start)
    teaching = Teaching(material, files, replace(how, max_tokens=files.max_tokens), settings, seed, tell)
    assert encoder is not None  # `_tunable` saw its files
    vectors = np.asarray(encoder.encode(teaching.payloads, progress=tell), np.float32)
    crossed = rehearse(teaching, vectors)
    judge = fit_judge(crossed.evidence, crossed.right, crossed.foreign, abstain=float(settings["abstain"]))
    everything = np.arange(len(material.labels))
    tuned, served, own = _tune(teaching, everything, str(settings["precision"]))
    tell("final fit", 0, None)
    fitted = fit_linear(_rows(teaching, served), everything, float(settings["c"]), seed)
    student = LabelStudent(
        material.mask, material.classes.answers, material.features, fitted.linear, fitted.space, judge,
        np.zeros((0, 0), np.float16), served, own, Base(encoder, _space(material, vectors, everything)),
    )  # fmt: skip
    save(student.to_artifact(), out)
    recipe = {
        "method": candidate.method, "seed": seed, "settings": settings, "tuning": vars(teaching.how),
        "base": files.identity, "n_examples": len(examples), "n_answers": material.classes.n_answers,
        "steps": tuned.steps, "held_out_accuracy": [round(a, 4) for a in tuned.accuracies],
        "rehearsed_accuracy": round(float(crossed.right.mean()), 4), "n_strangers": len(crossed.foreign),
    }  # fmt: skip
    train_s = time.perf_counter() - start
    return describe(candidate, out, recipe=recipe, train_s=train_s, notes=material.notes)


def _tunable(encoder: Encoder | None) -> EncoderFiles:
    files: EncoderFiles | None = getattr(encoder, "files", None)
    if files is None or not (files.folder / "model.safetensors").is_file():
        raise InputError(
            "there is no sentence encoder whose weights can be tuned",
            hint="set encoder.path to a folder with config.json, tokenizer.json and model.safetensors",
        )
    return files


@dataclass(frozen=True)
class _Rehearsal:
    """A student of the rows `learn`, asked about others of `rows`; `base` holds the untuned `vectors`."""

    rows: Rows
    fitted: Fitted
    learn: npt.NDArray[np.int64]
    own: Own
    base: Space
    vectors: Floats

    def weigh(self, test: npt.NDArray[np.int64]) -> tuple[Any, Floats]:
        """(predicted label, evidence) of the rows `test`."""
        predicted, found = held_out(self.rows, self.fitted, self.learn, test, self.own.classes)
        best = np.searchsorted(self.fitted.classes, predicted)
        return predicted, np.hstack([found, nearness(self.base, self.vectors[test], best)])


def rehearse(teaching: Teaching, vectors: Floats) -> CrossFit:
    """Evidence of rows that a tuned encoder has not seen, and of rows of classes that it has not seen.

    `vectors` are what the untuned encoder makes of the payloads: they say which classes are related, too.
    """
    material, settings, seed = teaching.material, teaching.settings, teaching.seed
    third = related_thirds(_rows_of(teaching, vectors))
    folds = deal_folds(material.groups, material.labels, int(settings["folds"]), seed=seed)
    evidence, right, foreign = [], [], []
    for fold in range(int(settings["rehearsals"])):
        hidden = third[material.labels] == fold % 3 if len(third) >= 6 else np.zeros(len(folds), bool)
        learn = np.flatnonzero((folds != fold) & ~hidden)
        _, encoder, own = _tune(teaching, learn, "fp32")
        rows = _rows(teaching, encoder)
        teaching.tell("judge", fold, int(settings["rehearsals"]))
        fitted = fit_linear(rows, learn, float(settings["c"]), seed)
        new = np.flatnonzero((folds == fold) & ~hidden)
        base = _space(material, vectors, learn)
        at = _Rehearsal(rows, fitted, learn, own, base, vectors)
        predicted, found = at.weigh(new)
        evidence.append(found)
        right.append(predicted == rows.labels[new])
        strange = np.flatnonzero((folds == fold) & hidden)
        if len(strange):
            foreign.append(at.weigh(strange)[1])
    width = evidence[0].shape[1]
    far = np.concatenate(foreign) if foreign else np.zeros((0, width), np.float32)
    return CrossFit(np.concatenate(evidence), np.concatenate(right), far)


def _tune(teaching: Teaching, learn: npt.NDArray[np.int64], precision: str) -> tuple[Tuned, Encoder, Own]:
    """An encoder tuned on the rows `learn`, as it is served, with the class vectors it was tuned by."""
    material, files = teaching.material, teaching.files
    _, labels = np.unique(material.labels[learn], return_inverse=True)
    tuned = tune_encoder(
        files.folder,
        [teaching.payloads[i] for i in learn],
        labels.astype(np.int32),
        _to_check([material.groups[i] for i in learn], float(teaching.settings["check"]), teaching.seed),
        teaching.how,
        pooling=files.pooling,
        seed=teaching.seed,
        progress=teaching.tell,
    )
    model = export_encoder(files.folder, tuned.weights, precision)
    params, blobs = pack_encoder(
        model,
        (files.folder / "tokenizer.json").read_bytes(),
        size=files.size,
        max_tokens=files.max_tokens,
        pooling=files.pooling,
        precision=precision,
    )
    return tuned, open_encoder(params, blobs), Own(tuned.classes, params, blobs)


def _space(material: Material, vectors: Floats, learn: npt.NDArray[np.int64]) -> Space:
    """The untuned vectors of the rows `learn`, with their classes in the order of the labels."""
    classes, labels = np.unique(material.labels[learn], return_inverse=True)
    return fit_space(vectors[learn], labels.astype(np.int32), len(classes))


def _to_check(groups: Sequence[str], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Rows that decide when to stop: a share of the groups, drawn at random."""
    names = sorted(set(groups))
    drawn = np.random.default_rng(seed).permutation(len(names))[: round(share * len(names))]
    chosen = {names[i] for i in drawn}
    return np.array([g in chosen for g in groups], bool)


def _rows(teaching: Teaching, encoder: Encoder) -> Rows:
    vectors = np.asarray(encoder.encode(teaching.payloads, progress=teaching.tell), np.float32)
    return _rows_of(teaching, vectors)


def _rows_of(teaching: Teaching, vectors: Floats) -> Rows:
    material = teaching.material
    matrix = to_matrix(material.sparse, len(material.features.terms))
    return Rows(matrix, material.sparse, vectors, material.labels, float(teaching.settings["dense_scale"]))
