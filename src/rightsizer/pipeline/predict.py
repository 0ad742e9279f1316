"""A student as it serves: sensitive values are masked before it looks and put back after it spoke.

A student is trained on masked text only, so it must see masked text when it serves, and what it
copies (``<EMAIL_1>``) is turned back into this very request's value. Nothing of a value is ever
inside the student.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rightsizer.curation.mask import Masker
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.pseudonyms.tree import texts_of_message
from rightsizer.errors import AccessDenied, ArtifactError, StoreError
from rightsizer.pipeline.policy import mask_cache, policy_of
from rightsizer.pipeline.workspace import Workspace
from rightsizer.students.artifact import Seal, artifact_hash, load_student, sealed
from rightsizer.types import Call, Message, Prediction, Predictor, Request, Student


class MaskedPredictor:
    """Wraps a predictor: mask each request, predict, unmask each answer."""

    def __init__(self, inner: Predictor, cache: MaskCache | None = None) -> None:
        self.inner = inner
        self.cache = cache or MaskCache()

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        maskers = [Masker(self.cache) for _ in requests]
        masked = [m.mask_request(r) for m, r in zip(maskers, requests, strict=True)]
        answers = self.inner.predict(masked)
        return [_unmasked(m, a) for m, a in zip(maskers, answers, strict=True)]


def _unmasked(masker: Masker, answer: Prediction) -> Prediction:
    """The answer with this request's own values; an abstention if it names one that the request has not."""
    if answer.message is None:
        return answer
    if masker.unresolved(answer.message):
        return Prediction(message=None, reason="a placeholder stands for no value of this request")
    return answer.model_copy(update={"message": masker.unmask_message(answer.message)})


def masked_example(call: Call, cache: MaskCache) -> tuple[Request, Message]:
    """The (prompt, completion) a student may learn from: one mask over both."""
    if call.response is None:
        raise ValueError(f"call {call.id} has no answer to learn from")
    masker = Masker(cache)
    return masker.mask_request(call.request), masker.mask_message(call.response)


def still_hits(example: tuple[Request, Message], cache: MaskCache) -> bool:
    """Whether something sensitive is found in a masked example after all: not to be learned from."""
    prompt, completion = example
    texts = (text for m in (*prompt.messages, completion) for text in texts_of_message(m))
    return any(cache.find(text).values for text in texts)


def student_folder(ws: Workspace, student: Student) -> Path:
    return ws.home / student.artifact


def load_verified(ws: Workspace, student: Student) -> Predictor:
    """The student's predictor, after its files were checked against the recorded hash.

    Raises:
        ArtifactError: files are missing or differ from what was evaluated.
    """
    folder = student_folder(ws, student)
    found = student_hash(ws, student)
    if found != student.artifact_hash:
        raise ArtifactError(
            f"the files of {student.id} are not the ones that were evaluated",
            hint="restore the home folder from a backup, or train the task again",
        )
    with sealed(artifact_seal(ws)):
        return load_student(folder, encoder=ws.encoder)


def student_hash(ws: Workspace, student: Student) -> str:
    """The hash of a student's files as they are now. Raises `ArtifactError` if they are not sound."""
    with sealed(artifact_seal(ws)):
        try:
            return artifact_hash(student_folder(ws, student))
        except StoreError as error:
            if isinstance(error, AccessDenied):
                raise
            raise ArtifactError(
                f"the files of {student.id} were altered",
                hint="restore the home folder from a backup, or train the task again",
            ) from error


def artifact_seal(ws: Workspace) -> Seal:
    """How this home keeps its students."""
    return Seal(close=ws.store.seal_artifact, open=ws.store.open_artifact)


def serving_predictor(ws: Workspace, student: Student, cache: MaskCache | None = None) -> Predictor:
    """What a route calls: verified files, masked in and unmasked out (where masking is on).

    Raises:
        ArtifactError: the files differ from what was evaluated, or the student learned under another policy.
    """
    inner = load_verified(ws, student)
    if not ws.settings.curate.mask:
        return inner
    if student.recipe.get("learn", {}) != policy_of(ws).learn:
        raise ArtifactError(
            f"{student.id} learned under another policy: it would see other placeholders than it knows",
            hint="train the task again, or restore the table [learn] of the policy",
        )
    return MaskedPredictor(inner, cache or mask_cache(ws))
