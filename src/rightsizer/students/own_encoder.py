"""An encoder that belongs to one student and lies in its folder: fine-tuned, exported, perhaps quantised.

It is run exactly as the shared encoder is, by ONNX Runtime and without torch; the gate scores these very
files, whose digests are in the student's manifest.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rightsizer.errors import MissingExtra
from rightsizer.students.bert_onnx import load_weights, to_onnx
from rightsizer.students.encoder_files import EncoderFiles, quantise
from rightsizer.students.static_encoder import StaticEncoder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rightsizer.students.artifact import Artifact
    from rightsizer.students.encoder import Encoder

    Floats = npt.NDArray[np.float32]

MODEL = "encoder.onnx"
TOKENIZER = "tokenizer.json"


def export_encoder(
    folder: Path, weights: dict[str, Floats], precision: str, *, untuned: bool = False
) -> bytes:
    """The ONNX file of tuned `weights` of the model in `folder`, quantised where `precision` is int8.

    With `untuned` it also says what the model in `folder` itself says; layers that are equal run once.
    """
    model = to_onnx(folder, weights, load_weights(folder / "model.safetensors") if untuned else None)
    if precision == "fp32":
        return model
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "fp32.onnx"
        source.write_bytes(model)
        return quantise(source, Path(scratch) / "int8.onnx").read_bytes()


def pack_encoder(
    model: bytes, tokenizer: bytes, *, size: int, max_tokens: int, pooling: str, precision: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(parameters, blobs) of an artifact that carries this encoder."""
    params = {"size": size, "max_tokens": max_tokens, "pooling": pooling, "precision": precision}
    return params, {MODEL: model, TOKENIZER: tokenizer}


def open_encoder(params: Mapping[str, Any], blobs: Mapping[str, bytes]) -> Encoder:
    """The encoder of `pack_encoder`.

    Raises:
        MissingExtra: ONNX Runtime or the tokenizer's library is not installed.
        KeyError: a part is missing.
    """
    from rightsizer.students.encoder import OnnxEncoder

    model, tokenizer = blobs[MODEL], blobs[TOKENIZER]
    digest = hashlib.sha256(hashlib.sha256(model).digest() + hashlib.sha256(tokenizer).digest()).hexdigest()
    files = EncoderFiles(
        folder=Path(),
        onnx=None,
        size=int(params["size"]),
        max_tokens=int(params["max_tokens"]),
        pooling=str(params["pooling"]),
        precision=str(params["precision"]),
        digest=digest,
    )
    try:
        return OnnxEncoder(files, model, tokenizer=tokenizer)
    except ModuleNotFoundError as error:
        raise MissingExtra("encoder", "a student with an encoder of its own") from error


def untuned_of(encoder: Encoder | None, shared: Encoder | None) -> Encoder | None:
    """What says how far an input is in the untuned space: the tuned model itself, where it holds both."""
    from rightsizer.students.encoder import OnnxEncoder

    return (encoder.untuned() if isinstance(encoder, OnnxEncoder) else None) or shared


def encoder_of(artifact: Artifact, shared: Encoder | None) -> Encoder | None:
    """The encoder an artifact is served with: its own, else the shared one it names, else none."""
    if "static_pieces" in artifact.params:
        return StaticEncoder.from_arrays(artifact.params["static_pieces"], artifact.arrays)
    if MODEL in artifact.blobs:
        return open_encoder(artifact.params["own_encoder"], artifact.blobs)
    return shared if artifact.encoder is not None else None
