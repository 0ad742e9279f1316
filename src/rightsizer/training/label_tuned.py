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
from rightsizer.students.novelty import NOVEL, TUNED_EVIDENCE, Space, fit_space, nearness
from rightsizer.students.own_encoder import export_encoder, open_encoder, pack_encoder, untuned_of
from rightsizer.training.encoder_tune import Tuned, Tuning, tune_encoder
from rightsizer.training.folds import deal_folds
from rightsizer.training.label import (
    CrossFit,
    Material,
    read_material,
    related_thirds,
    rows_of,
    say_why,
    strangers_of,
)
from rightsizer.training.label_fit import Fitted, Rows, fit_judge, fit_linear, held_out
from rightsizer.training.strangers import are_far
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
    "abstain": 0.045,
    "folds": 3,
    "rehearsals": 2,
    "check": 0.04,
    "precision": "fp32",
    "strangers": True,
}
TUNING = {f.name for f in fields(Tuning)}


@dataclass(frozen=True)
class Teaching:
    """What is learnt from, and where the encoder to tune is. `far` are the strangers that are some."""

    material: Material
    files: EncoderFiles
    how: Tuning
    settings: dict[str, Any]
    seed: int
    tell: Progress
    far: npt.NDArray[np.int64]

    @property
    def payloads(self) -> list[str]:
        return [one.payload for one in self.material.inputs]

    @property
    def strange(self) -> list[str]:
        return [self.material.strangers[i].payload for i in self.far]


@dataclass(frozen=True)
class Seen:
    """The training rows and the strangers as one encoder sees them."""

    known: Rows
    strangers: Rows


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
    material = read_material(
        task, examples, int(settings["max_terms"]), seed, teach_strangers=bool(settings["strangers"])
    )
    if isinstance(material, str):
        return say_why(material, candidate, len(examples), out, start)
    assert encoder is not None  # `_tunable` saw its files
    teaching = Teaching(
        material, files, replace(how, max_tokens=files.max_tokens), settings, seed, tell,
        far_strangers(material, encoder, seed),
    )  # fmt: skip
    untuned = _see(teaching, encoder)
    crossed = rehearse(teaching, untuned)
    judge = fit_judge(
        crossed.evidence, crossed.right, crossed.foreign, abstain=float(settings["abstain"]),
        novel=[TUNED_EVIDENCE.index(name) for name in NOVEL],
    )  # fmt: skip
    everything = np.arange(len(material.labels))
    precision = str(settings["precision"])
    tuned, served, own = _tune(teaching, everything, teaching.strange, precision, beside=True)
    tell("final fit", 0, None)
    seen = _see(teaching, served)
    beside = untuned_of(served, encoder)
    assert beside is not None  # there is `encoder` at least
    fitted = fit_linear(seen.known, everything, float(settings["c"]), seed, seen.strangers)
    base = Base(beside, _space(_see(teaching, beside).known, everything))
    student = LabelStudent(
        material.mask, material.classes.answers, material.features, fitted.linear, fitted.space, judge,
        np.zeros((0, 0), np.float16), served, own, base,
    )  # fmt: skip
    save(student.to_artifact(), out)
    recipe = {
        "method": candidate.method, "seed": seed, "settings": settings, "tuning": vars(teaching.how),
        "base": files.identity, "n_examples": len(examples), "n_answers": material.classes.n_answers,
        "steps": tuned.steps, "held_out_accuracy": [round(a, 4) for a in tuned.accuracies],
        "rehearsed_accuracy": round(float(crossed.right.mean()), 4),
        "n_strangers": len(crossed.foreign), "n_taught": len(teaching.far),
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
    """A student of the rows `learn`, asked about others; `base` is the untuned space of those rows."""

    seen: Seen
    untuned: Seen
    fitted: Fitted
    learn: npt.NDArray[np.int64]
    own: Own
    base: Space

    def weigh(self, test: npt.NDArray[np.int64], *, strangers: bool = False) -> tuple[Any, Floats]:
        """(predicted label, evidence) of the rows `test`: known ones, or strangers."""
        asked, plain = (
            (self.seen.strangers, self.untuned.strangers) if strangers else (None, self.untuned.known)
        )
        predicted, found = held_out(self.seen.known, self.fitted, self.learn, test, self.own.classes, asked)
        best = np.searchsorted(self.fitted.classes, predicted)
        return predicted, np.hstack([found, nearness(self.base, plain.dense[test], best)])


def rehearse(teaching: Teaching, untuned: Seen) -> CrossFit:
    """Evidence of rows that a tuned encoder has not seen, of rows of classes that it has not seen, and of
    strangers that it has not met. `untuned` says which classes are related, too."""
    material, settings, seed = teaching.material, teaching.settings, teaching.seed
    third = related_thirds(untuned.known)
    folds = deal_folds(material.groups, material.labels, int(settings["folds"]), seed=seed)
    turn = np.arange(len(teaching.far)) % 2
    evidence, right, foreign = [], [], []
    for fold in range(int(settings["rehearsals"])):
        hidden = third[material.labels] == fold % 3 if len(third) >= 6 else np.zeros(len(folds), bool)
        learn = np.flatnonzero((folds != fold) & ~hidden)
        met = np.flatnonzero(turn == fold % 2)
        taught = np.flatnonzero(turn != fold % 2)
        _, encoder, own = _tune(teaching, learn, [teaching.strange[i] for i in taught], "fp32")
        seen = _see(teaching, encoder)
        teaching.tell("judge", fold, int(settings["rehearsals"]))
        fitted = fit_linear(
            seen.known, learn, float(settings["c"]), seed, seen.strangers.rows(turn != fold % 2)
        )
        at = _Rehearsal(seen, untuned, fitted, learn, own, _space(untuned.known, learn))
        new = np.flatnonzero((folds == fold) & ~hidden)
        predicted, found = at.weigh(new)
        evidence.append(found)
        right.append(predicted == material.labels[new])
        strange = np.flatnonzero((folds == fold) & hidden)
        if len(strange):
            foreign.append(at.weigh(strange)[1])
        if len(met):
            foreign.append(at.weigh(met, strangers=True)[1])
    width = evidence[0].shape[1]
    far = np.concatenate(foreign) if foreign else np.zeros((0, width), np.float32)
    return CrossFit(np.concatenate(evidence), np.concatenate(right), far)


def far_strangers(material: Material, encoder: Encoder, seed: int) -> npt.NDArray[np.int64]:
    """Which strangers are far from the training inputs, as the untuned encoder sees them."""
    known, strange = (
        np.asarray(encoder.encode([one.payload for one in inputs]), np.float32)
        for inputs in (material.inputs, material.strangers)
    )
    return np.flatnonzero(are_far(strange, known, material.groups, seed))


def _tune(
    teaching: Teaching,
    learn: npt.NDArray[np.int64],
    strangers: Sequence[str],
    precision: str,
    *,
    beside: bool = False,
) -> tuple[Tuned, Encoder, Own]:
    """An encoder tuned on the rows `learn`, as it is served, with the class vectors it was tuned by. What the
    untuned one says is in the same file if it is to serve `beside`."""
    material, files = teaching.material, teaching.files
    _, labels = np.unique(material.labels[learn], return_inverse=True)
    tuned = tune_encoder(
        files.folder,
        [teaching.payloads[i] for i in learn],
        labels.astype(np.int32),
        _to_check([material.groups[i] for i in learn], float(teaching.settings["check"]), teaching.seed),
        teaching.how,
        strangers=strangers,
        pooling=files.pooling,
        seed=teaching.seed,
        progress=teaching.tell,
    )
    model = export_encoder(files.folder, tuned.weights, precision, untuned=beside)
    params, blobs = pack_encoder(
        model,
        (files.folder / "tokenizer.json").read_bytes(),
        size=files.size,
        max_tokens=files.max_tokens,
        pooling=files.pooling,
        precision=precision,
    )
    return tuned, open_encoder(params, blobs), Own(tuned.classes, params, blobs)


def _space(untuned: Rows, learn: npt.NDArray[np.int64]) -> Space:
    """The untuned vectors of the rows `learn`, with their classes in the order of the labels."""
    classes, labels = np.unique(untuned.labels[learn], return_inverse=True)
    return fit_space(untuned.dense[learn], labels.astype(np.int32), len(classes))


def _to_check(groups: Sequence[str], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Rows that decide when to stop: a share of the groups, drawn at random."""
    names = sorted(set(groups))
    drawn = np.random.default_rng(seed).permutation(len(names))[: round(share * len(names))]
    chosen = {names[i] for i in drawn}
    return np.array([g in chosen for g in groups], bool)


def _see(teaching: Teaching, encoder: Encoder) -> Seen:
    scale = float(teaching.settings["dense_scale"])
    known, strange = (
        np.asarray(encoder.encode(texts, progress=teaching.tell), np.float32)
        for texts in (teaching.payloads, teaching.strange)
    )
    rows = rows_of(teaching.material, known, scale)
    return Seen(rows, strangers_of(teaching.material, teaching.far, strange))
