"""The label student: chooses one of the answers the teacher gave, or abstains.

Scores are linear in sparse text features and, where there is an encoder, in the payload's embedding (one
squared-hinge machine per class, trained on both together). Evidence of nearness to the training inputs is
folded into the confidence, and inputs unlike all of them are not answered at all (see `novelty`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.students.answers import stamp
from rightsizer.students.artifact import Artifact
from rightsizer.students.encoder import Untuned
from rightsizer.students.features import Sparse, TextFeatures
from rightsizer.students.inputs import Input, read_inputs
from rightsizer.students.novelty import Judge, Space, gather_evidence, nearness
from rightsizer.students.own_encoder import encoder_of, untuned_of
from rightsizer.students.static_encoder import StaticEncoder
from rightsizer.types import Message, Prediction, Request
from rightsizer.views.view import PayloadMask

if TYPE_CHECKING:
    import numpy.typing as npt

    from rightsizer.students.encoder import Encoder

    Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Linear:
    """Class scores: ``sparse · terms + dense_scale * dense · vectors + bias``."""

    terms: npt.NDArray[np.float16]
    vectors: Floats
    bias: Floats
    dense_scale: float

    def scores(self, sparse: Sparse, dense: Floats) -> Floats:
        """Float32 (rows, classes)."""
        return np.asarray(
            sparse.dot(self.terms) + (self.dense_scale * dense) @ self.vectors + self.bias, np.float32
        )


@dataclass(frozen=True)
class Own:
    """An encoder tuned for this student: the class vectors it was tuned by, its parameters, its files."""

    classes: Floats
    params: Mapping[str, Any]
    blobs: Mapping[str, bytes]


@dataclass(frozen=True)
class Base:
    """The untuned encoder beside a tuned one, and the training inputs as it sees them.

    Tuning folds away the directions that tell no two answers apart, and strangers lie in those.
    """

    encoder: Encoder
    space: Space

    def nearness(self, payloads: Sequence[str], best: npt.NDArray[np.int64]) -> Floats:
        """The columns of `novelty.nearness` in this space."""
        return nearness(self.space, np.asarray(self.encoder.encode(payloads), np.float32), best)


@dataclass(frozen=True)
class LabelStudent:
    """A `Predictor` over fixed answers. ``answers[i]`` is None for the class of all rare answers.

    `projection` (terms, dims) makes the vectors of the no-encoder runtime; it is empty with an encoder.
    With `own`, the encoder is this student's own and lies in its folder; `base` is the untuned one beside it:
    in the same file, or (students trained before that was so) the shared one.
    """

    mask: PayloadMask | None
    answers: tuple[Message | None, ...]
    features: TextFeatures
    linear: Linear
    space: Space
    judge: Judge
    projection: npt.NDArray[np.float16]
    encoder: Encoder | None
    own: Own | None = None
    base: Base | None = None

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order."""
        if not requests:
            return []
        best, evidence = self.weigh(read_inputs(requests, self.mask))
        confidence = self.judge.confidence(evidence)
        foreign = self.judge.is_foreign(evidence)
        return [
            self._prediction(request, int(best[i]), float(confidence[i]), bool(foreign[i]))
            for i, request in enumerate(requests)
        ]

    def weigh(self, inputs: Sequence[Input]) -> tuple[npt.NDArray[np.int64], Floats]:
        """The best class of each input, and the evidence for it."""
        sparse = self.features.transform(inputs)
        dense = self.dense(inputs, sparse)
        scores = self.linear.scores(sparse, dense)
        own = self.own.classes if self.own is not None else None
        best = scores.argmax(1)
        evidence = gather_evidence(scores, sparse.unknown, dense, self.space, own)
        if self.base is not None:
            evidence = np.hstack([evidence, self.base.nearness([one.payload for one in inputs], best)])
        return best, evidence

    def dense(self, inputs: Sequence[Input], sparse: Sparse) -> Floats:
        """Unit vectors of the inputs: the encoder's, or the projected sparse features."""
        if self.encoder is not None:
            return np.asarray(self.encoder.encode([one.payload for one in inputs]), np.float32)
        return project(sparse, self.projection)

    def _prediction(self, request: Request, best: int, confidence: float, foreign: bool) -> Prediction:
        answer = self.answers[best]
        if answer is None:
            return Prediction(message=None, confidence=0.0, reason="an answer seen too rarely to be learnt")
        if foreign:
            return Prediction(message=None, confidence=0.0, reason="unlike anything in the training calls")
        return Prediction(message=stamp(answer, request), confidence=confidence)

    def to_artifact(self) -> Artifact:
        params = {
            "mask": self.mask.model_dump(mode="json") if self.mask is not None else None,
            "answers": [a.model_dump(mode="json") if a is not None else None for a in self.answers],
            "terms": list(self.features.terms),
            "dense_scale": self.linear.dense_scale,
        }
        arrays: dict[str, npt.NDArray[Any]] = {
            "features.idf": self.features.idf,
            "linear.terms": self.linear.terms,
            "linear.vectors": self.linear.vectors,
            "linear.bias": self.linear.bias,
            "projection": self.projection,
            **self.space.arrays(),
            **self.judge.arrays(),
        }
        if self.own is not None:
            params["own_encoder"] = dict(self.own.params)
            arrays["own.classes"] = self.own.classes
            if self.base is not None:
                arrays |= self.base.space.arrays("base")
            beside = self.base is not None and not isinstance(self.base.encoder, Untuned)
            shared = self.base.encoder.identity if self.base is not None and beside else None
            return Artifact("label", params, arrays, shared, self.own.blobs)
        if isinstance(self.encoder, StaticEncoder):
            params["static_pieces"] = list(self.encoder.pieces)
            return Artifact("label", params, arrays | self.encoder.arrays(), None)
        identity = self.encoder.identity if self.encoder is not None else None
        return Artifact("label", params, arrays, identity)


def project(sparse: Sparse, projection: npt.NDArray[np.float16]) -> Floats:
    """Sparse rows as unit vectors in the projected space (zero rows stay zero)."""
    raw = sparse.dot(projection)
    return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9), np.float32)


def load_label(artifact: Artifact, encoder: Encoder | None) -> LabelStudent:
    """The student of a 'label' artifact."""
    params, arrays = artifact.params, artifact.arrays
    own = base = None
    used = encoder_of(artifact, encoder)
    if "own_encoder" in params:
        own = Own(arrays["own.classes"], params["own_encoder"], artifact.blobs)
        beside = untuned_of(used, encoder)
        if beside is not None and "base.points" in arrays:
            base = Base(beside, Space.from_arrays(arrays, "base"))
    return LabelStudent(
        mask=PayloadMask.model_validate(params["mask"]) if params["mask"] is not None else None,
        answers=tuple(Message.model_validate(a) if a is not None else None for a in params["answers"]),
        features=TextFeatures({t: i for i, t in enumerate(params["terms"])}, arrays["features.idf"]),
        linear=Linear(
            arrays["linear.terms"],
            arrays["linear.vectors"],
            arrays["linear.bias"],
            float(params["dense_scale"]),
        ),
        space=Space.from_arrays(arrays),
        judge=Judge.from_arrays(arrays),
        projection=arrays["projection"],
        encoder=used,
        own=own,
        base=base,
    )
