"""A trained decoder for other servers: merged weights, an Ollama Modelfile, a GGUF file.

What is exported is another artifact than what was certified: other numbers, other rounding. Put it behind
its server and through the gate again (`train --server`, `evaluate`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from rightsizer.errors import InputError, RightsizerError
from rightsizer.students.artifact import read
from rightsizer.students.decoder import WEIGHTS

Form = Literal["merged", "ollama", "gguf"]
CONVERTER = "convert_hf_to_gguf.py"


def export_decoder(
    folder: Path, out: Path, form: Form, *, name: str, quantization: str = "q8_0"
) -> list[Path]:
    """Write the student in `folder` in another form; the files made.

    Raises:
        InputError: it is no decoder, or llama.cpp's converter is not found.
        RightsizerError: the converter failed.
    """
    artifact = read(folder)
    if artifact.kind != "decoder":
        raise InputError(f"a student of kind '{artifact.kind}' has no such form", hint="export a decoder")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    merge(folder / WEIGHTS, str(artifact.params["base"]), str(artifact.params["tuning"]), out)
    made = sorted(p for p in out.iterdir() if p.is_file())
    if form == "ollama":
        modelfile = out / "Modelfile"
        modelfile.write_text(_modelfile(int(artifact.params["max_new_tokens"])), encoding="utf-8")
        made.append(modelfile)
    if form == "gguf":
        made.append(_gguf(out, name, quantization))
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
    model.save_pretrained(out, safe_serialization=True)
    AutoTokenizer.from_pretrained(weights).save_pretrained(out)


def find_converter() -> Path | None:
    """llama.cpp's converter: in ``LLAMA_CPP_DIR``, or on the path."""
    folder = os.environ.get("LLAMA_CPP_DIR")
    if folder and (Path(folder) / CONVERTER).is_file():
        return Path(folder) / CONVERTER
    found = shutil.which(CONVERTER)
    return Path(found) if found else None


def _gguf(model: Path, name: str, quantization: str) -> Path:
    converter = find_converter()
    if converter is None:
        raise InputError(
            "llama.cpp's convert_hf_to_gguf.py is not found",
            hint="set LLAMA_CPP_DIR to a checkout of llama.cpp",
        )
    target = model / f"{name}.gguf"
    command = [
        sys.executable,
        str(converter),
        str(model),
        "--outfile",
        str(target),
        "--outtype",
        quantization,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not target.is_file():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RightsizerError(
            f"llama.cpp's converter failed: {last}", hint="is this architecture supported there?"
        )
    return target


def _modelfile(max_tokens: int) -> str:
    """Ollama reads the weights, the tokenizer and the template from this folder."""
    return f"FROM .\nPARAMETER temperature 0\nPARAMETER num_predict {max_tokens}\n"
