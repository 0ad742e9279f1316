"""The two simplest students: repeat what was answered to the same input, or always the same answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rightsizer.students.answers import stamp
from rightsizer.students.artifact import Artifact
from rightsizer.types import Message, Prediction, Request
from rightsizer.views.view import PayloadMask, view

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder


def input_key(request: Request, mask: PayloadMask | None) -> str:
    """What makes two requests of one task the same input: payload, context and the tools called so far.

    White space at the ends and its amount inside do not count. 128 bits of SHA-256, in hexadecimal.
    """
    seen = view(request, mask)
    offered = sorted(request.tool_names)
    parts = [" ".join(seen.payload.split()), " ".join(seen.context.split()), *seen.tools_called, seen.step]
    text = json.dumps([parts, offered, request.response_format], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class CacheStudent:
    """Answers an input that training saw, as it was answered. `entries`: key → (answer, sureness)."""

    mask: PayloadMask | None
    answers: tuple[Message, ...]
    entries: Mapping[str, tuple[int, float]]

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order."""
        return [self._predict(r) for r in requests]

    def _predict(self, request: Request) -> Prediction:
        hit = self.entries.get(input_key(request, self.mask))
        if hit is None:
            return Prediction(message=None, reason="not seen before")
        return Prediction(message=stamp(self.answers[hit[0]], request), confidence=hit[1])

    def to_artifact(self) -> Artifact:
        params = {
            "mask": self.mask.model_dump(mode="json") if self.mask is not None else None,
            "answers": [a.model_dump(mode="json") for a in self.answers],
            "entries": {key: list(value) for key, value in self.entries.items()},
        }
        return Artifact("cache", params)


def load_cache(artifact: Artifact, encoder: Encoder | None) -> CacheStudent:
    """The student of a 'cache' artifact."""
    params = artifact.params
    return CacheStudent(
        mask=PayloadMask.model_validate(params["mask"]) if params["mask"] is not None else None,
        answers=tuple(Message.model_validate(a) for a in params["answers"]),
        entries={key: (int(i), float(sure)) for key, (i, sure) in params["entries"].items()},
    )


@dataclass(frozen=True)
class MajorityStudent:
    """Gives the most frequent answer of the training calls, whatever is asked; None always abstains.

    The floor every other student must beat; on its own it passes only where the task has one answer.
    """

    answer: Message | None
    share: float
    reason: str = ""

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order."""
        if self.answer is None:
            return [Prediction(message=None, reason=self.reason) for _ in requests]
        return [Prediction(message=stamp(self.answer, r), confidence=self.share) for r in requests]

    def to_artifact(self) -> Artifact:
        answer = self.answer.model_dump(mode="json") if self.answer is not None else None
        return Artifact("majority", {"answer": answer, "share": self.share, "reason": self.reason})


def load_majority(artifact: Artifact, encoder: Encoder | None) -> MajorityStudent:
    """The student of a 'majority' artifact."""
    answer = artifact.params["answer"]
    message = Message.model_validate(answer) if answer is not None else None
    return MajorityStudent(message, float(artifact.params["share"]), str(artifact.params["reason"]))
