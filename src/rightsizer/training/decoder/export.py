"""A trained decoder for other servers: merged weights, an Ollama Modelfile, a GGUF file, an ONNX folder.

Other servers read plain files: what is written for them is for its owner only (0700, 0600) and not sealed.
What is exported is another artifact than what was certified: other numbers, other rounding. Put it behind
its server and through the gate again (`train --server`, `evaluate`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from rightsizer.errors import InputError, MissingExtra, RightsizerError
from rightsizer.students.artifact import read
from rightsizer.students.decoder import WEIGHTS
from rightsizer.students.sealed_weights import opened_folder
from rightsizer.training.decoder.dense_hybrid import readable_config

Form = Literal["merged", "ollama", "gguf", "onnx"]
CONVERTER = "convert_hf_to_gguf.py"
QUANTIZER = "llama-quantize"
# What the converter writes by itself; every other format is made by llama.cpp's quantiser out of 16 bits.
DIRECT = ("f32", "f16", "bf16", "q8_0")
# What ONNX Runtime GenAI's builder calls the formats that it makes for a processor.
ONNX_PRECISIONS = {"f32": "fp32", "f16": "fp16", "q4_0": "int4"}
USUAL = {"gguf": "q8_0", "onnx": "q4_0"}
QUANTIZATIONS = (*DIRECT, "q6_k", "q5_k_m", "q4_k_m", "q4_0")


def export_decoder(folder: Path, out: Path, form: Form, *, name: str, quantization: str = "") -> list[Path]:
    """Write the student in `folder` in another form; the files made.

    Raises:
        InputError: it is no decoder, a program of llama.cpp is not found, or ONNX has no such format.
        MissingExtra: onnxruntime-genai is not installed.
        RightsizerError: a program of llama.cpp failed.
    """
    artifact = read(folder)
    if artifact.kind != "decoder":
        raise InputError(f"a student of kind '{artifact.kind}' has no such form", hint="export a decoder")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    with opened_folder(folder / WEIGHTS) as weights:
        merge(weights, str(artifact.params["base"]), str(artifact.params["tuning"]), out)
    made = sorted(p for p in out.iterdir() if p.is_file())
    if form == "ollama":
        modelfile = out / "Modelfile"
        modelfile.write_text(_modelfile(int(artifact.params["max_new_tokens"])), encoding="utf-8")
        made.append(modelfile)
    if form == "gguf":
        with readable_config(out):
            made.append(write_gguf(out, name, quantization or USUAL[form]))
    if form == "onnx":
        with readable_config(out):
            made += write_onnx(out, quantization or USUAL[form])
    out.chmod(0o700)
    for path in made:
        path.chmod(0o600)
    return made


def merge(weights: Path, base: str, tuning: str, out: Path) -> None:
    """The whole model with the adapter worked into its weights, as safetensors with the tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any
    if tuning == "full":
        model = AutoModelForCausalLM.from_pretrained(weights)
    else:
        from peft import PeftModel

        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), weights)
        model = model.merge_and_unload()
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(weights).save_pretrained(out)
    # What transformers does not save again, and llama.cpp's converter reads (Phi-3, Gemma, Llama 2).
    pieces = Path(base) / "tokenizer.model"
    if pieces.is_file():
        shutil.copyfile(pieces, out / pieces.name)


def find_program(name: str) -> Path | None:
    """A program of llama.cpp: in ``LLAMA_CPP_DIR`` or its ``build/bin``, or on the path."""
    folder = os.environ.get("LLAMA_CPP_DIR")
    for place in ("", "build/bin", "bin") if folder else ():
        if (found := Path(str(folder)) / place / name).is_file():
            return found
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def write_gguf(model: Path, name: str, quantization: str) -> Path:
    """One GGUF file; the 16-bit file that a quantiser starts from is not kept."""
    converter = _needed(CONVERTER, "a checkout of llama.cpp")
    target = model / f"{name}-{quantization}.gguf"
    if quantization in DIRECT:
        _run(
            [sys.executable, str(converter), str(model), "--outfile", str(target), "--outtype", quantization],
            target,
        )
        return target
    quantizer = _needed(QUANTIZER, "a built checkout of llama.cpp")
    whole = model / f"{name}-16.gguf"
    try:
        _run(
            [sys.executable, str(converter), str(model), "--outfile", str(whole), "--outtype", "bf16"], whole
        )
        _run([str(quantizer), str(whole), str(target), quantization.upper()], target)
    finally:
        whole.unlink(missing_ok=True)
    return target


def write_onnx(model: Path, quantization: str) -> list[Path]:
    """The model in ``onnx`` below its folder, by the builder of ONNX Runtime GenAI; the files made."""
    if quantization not in ONNX_PRECISIONS:
        raise InputError(
            f"ONNX has no {quantization}", hint=f"--quantization {', '.join(sorted(ONNX_PRECISIONS))}"
        )
    if find_spec("onnxruntime_genai") is None:
        raise MissingExtra("genai", "a decoder in ONNX")
    target = model / "onnx"
    target.mkdir(mode=0o700, exist_ok=True)
    precision = ONNX_PRECISIONS[quantization]
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
    _run([*builder, "-i", str(model), "-o", str(target), "-p", precision, "-e", "cpu"], target / "model.onnx")
    return sorted(p for p in target.iterdir() if p.is_file())


def _needed(program: str, what: str) -> Path:
    found = find_program(program)
    if found is None:
        raise InputError(f"llama.cpp's {program} is not found", hint=f"set LLAMA_CPP_DIR to {what}")
    return found


def _run(command: list[str], target: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not target.is_file():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        words = [w for w in command if w not in (sys.executable, "-m")]
        raise RightsizerError(
            f"{Path(words[0]).name} failed: {last}",
            hint="does this version of it know the architecture and the tokenizer?",
        )


def _modelfile(max_tokens: int) -> str:
    """Ollama reads the weights, the tokenizer and the template from this folder."""
    return f"FROM .\nPARAMETER temperature 0\nPARAMETER num_predict {max_tokens}\n"
