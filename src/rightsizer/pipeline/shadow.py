"""What a student in shadow answered beside the LLM, as the answer that an example's own is preferred to.

It is masked like the example it belongs to: with the placeholders of this very request. An answer in which
something sensitive still hits after that is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from rightsizer.curation.mask import Masker
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.errors import InputError
from rightsizer.pipeline.decoders import decoder_candidate
from rightsizer.pipeline.predict import load_verified, still_hits, student_folder
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Call, Candidate, Example, Message, Student, Task

# Of adapters that already know their task: a tenth of what they were trained with, once through the pairs.
RECIPE = {"learning_rate": 2e-5, "epochs": 1.0}
KEPT = ("rank", "alpha", "dropout", "shots", "max_tokens", "bf16")


@dataclass(frozen=True)
class ShadowAnswer:
    """What a student would have said to a call that the LLM answered."""

    student_id: str
    message: Message


def shadow_answer(call: Call, cache: MaskCache | None) -> ShadowAnswer | None:
    """The answer recorded in shadow, masked as the call's example is; None if there is none to learn from."""
    said = call.source.get("shadow")
    if not isinstance(said, dict) or not said.get("message") or call.response is None:
        return None
    try:
        message = Message.model_validate(said["message"])
    except ValidationError:
        return None
    student_id = str(said.get("student_id", ""))
    if cache is None:
        return ShadowAnswer(student_id, message)
    masker = Masker(cache)
    prompt = masker.mask_request(call.request)
    masker.mask_message(call.response)
    masked = masker.mask_message(message)
    return None if still_hits((prompt, masked), cache) else ShadowAnswer(student_id, masked)


def with_rejected(examples: Sequence[Example], answers: Mapping[str, ShadowAnswer]) -> list[Example]:
    """Examples of the train split with what was said in shadow; the sealed splits stay as they are."""
    return [
        e.model_copy(update={"rejected": said.message, "rejected_by": said.student_id})
        if (said := answers.get(e.call_id)) is not None and e.split == "train"
        else e
        for e in examples
    ]


def preferring_candidate(
    ws: Workspace, task: Task, student: Student, settings: Mapping[str, object]
) -> Candidate:
    """A decoder student to go on with, by preferences from what was answered in shadow.

    Raises:
        ArtifactError: its files are not those that were evaluated.
        InputError: it is no decoder that was trained here on this task, or a setting is none of a recipe.
    """
    recipe = student.recipe.get("recipe", {})
    if student.task_id != task.id:
        raise InputError(f"{student.id} is of another task", hint=f"rightsizer train {student.task_id}")
    if student.rung != "decoder" or "base" not in recipe:
        raise InputError(
            f"{student.id} is no decoder that was trained here",
            hint="train a decoder on its disagreements: --base MODEL --recipe objective=preferences "
            "--recipe pairs=shadow",
        )
    load_verified(ws, student)
    start = str(student_folder(ws, student))
    kept = {name: recipe[name] for name in KEPT if name in recipe}
    return decoder_candidate(
        str(recipe["base"]),
        str(recipe["tuning"]),
        {**kept, **RECIPE, **settings, "objective": "preferences", "pairs": "shadow", "start": start},
    )
