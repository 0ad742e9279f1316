"""Decoders as verbs: a candidate for a base model, exports, and the reference server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rightsizer.errors import InputError
from rightsizer.pipeline.predict import artifact_seal, load_verified, student_folder
from rightsizer.pipeline.workspace import Workspace
from rightsizer.students.artifact import sealed
from rightsizer.types import Candidate, Student

if TYPE_CHECKING:
    from rightsizer.serving.model_server import ModelServer
    from rightsizer.serving.runtimes import Served
    from rightsizer.training.decoder.export import Form


def decoder_candidate(base: str, method: str, settings: Mapping[str, Any]) -> Candidate:
    """A base model to fine-tune.

    Raises:
        InputError: a setting that a recipe does not have, or a value it cannot take.
    """
    from rightsizer.training.decoder.recipe import Recipe

    try:
        Recipe.model_validate({"base": base, "tuning": method, **settings})
    except ValidationError as error:
        first = error.errors()[0]
        known = ", ".join(name for name in Recipe.model_fields if name not in ("base", "tuning"))
        raise InputError(
            f"recipe: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}", hint=f"settings are {known}"
        ) from error
    return Candidate(rung="decoder", method=method, base_model=base, params=dict(settings))


def export_student(
    ws: Workspace, student: Student, out: Path, form: Form, quantization: str = ""
) -> list[Path]:
    """Write a decoder student for another server; the files made.

    Raises:
        ArtifactError: its files are not those that were evaluated.
        InputError: it is no decoder, or the form needs something that is not there.
    """
    from rightsizer.training.decoder.export import export_decoder

    load_verified(ws, student)
    with sealed(artifact_seal(ws)):
        return export_decoder(
            student_folder(ws, student), out, form, name=student.id[-8:], quantization=quantization
        )


def served(ws: Workspace, student: Student) -> Served:
    """What a start command has to know of a student.

    An adapter that lies sealed is written out for the server: ``served/<student>`` in the home, for its owner
    only, until it is removed by hand.
    """
    from rightsizer.serving.runtimes import Served
    from rightsizer.students.sealed_weights import open_into

    recipe = student.recipe.get("recipe", {})
    if recipe.get("tuning") not in ("lora", "qlora", "dora"):
        return Served(student.id[-8:])
    adapter = ws.home / "served" / student.id
    adapter.mkdir(parents=True, exist_ok=True, mode=0o700)
    open_into(student_folder(ws, student) / "model", adapter, artifact_seal(ws))
    return Served(student.id[-8:], str(adapter), str(recipe["base"]), int(recipe["rank"]))


def model_server(ws: Workspace, student: Student, onnx: Path | None = None) -> ModelServer:
    """The reference server of a decoder student, with its weights loaded, or those of its export in `onnx`.

    Raises:
        ArtifactError: its files are not those that were evaluated.
        InputError: it is no decoder, or there is no such export.
    """
    from rightsizer.serving.model_server import ModelServer
    from rightsizer.students.decoder import DecoderStudent

    predictor = load_verified(ws, student)
    if not isinstance(predictor, DecoderStudent):
        raise InputError(
            f"{student.id} is no decoder: it answers inside the gateway",
            hint="rightsizer release, then gateway",
        )
    first = [predictor.format.tokenizer.eos_token]
    if onnx is None:
        predictor.write(first, [None], max_tokens=1)
        return ModelServer(predictor, student.id)
    from rightsizer.students.onnx_decoder import OnnxWriter

    most = int(predictor.params["max_new_tokens"])
    writer = OnnxWriter(onnx, predictor.format.tokenizer, most)
    writer.write(first, [None], max_tokens=1)
    return ModelServer(predictor, student.id, writer, str(onnx.resolve()))
