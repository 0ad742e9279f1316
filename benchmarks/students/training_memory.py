"""The estimate of a training run's memory beside what it took: random models, each in a process of its own.

    python benchmarks/students/training_memory.py [--steps 2] [--only NAME]

Needs the extra `decoders`; on a processor, Linux. Before each run a tiny one loads the libraries; measured is
by how much the highest resident memory of loading and training exceeds what the process had before: once
as the product trains where memory is tight, giving freed blocks back, once as glibc does by itself, which
keeps what lies between others.
Rows are of one length: the longest is what the estimate speaks of.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from decoder_speed import of_all_lengths

from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_lm import write_tiny_lm
from rightsizer.training.decoder.recipe import Recipe
from rightsizer.types import Example, Message, TaskPolicy, TextPart

# name → (architecture, width, layers, vocabulary)
MODELS: dict[str, tuple[str, int, int, int]] = {
    "llama 9 M": ("llama", 256, 6, 8_000),
    "llama 61 M": ("llama", 640, 8, 32_000),
    "qwen3 44 M": ("qwen3", 512, 10, 32_000),
    "gemma3 57 M": ("gemma3_text", 512, 8, 64_000),
}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("llama 9 M", {"tuning": "lora"}),
    ("llama 9 M", {"tuning": "full"}),
    ("llama 61 M", {"tuning": "lora"}),
    ("llama 61 M", {"tuning": "lora", "checkpoints": True}),
    ("llama 61 M", {"tuning": "lora", "bf16": True}),
    ("llama 61 M", {"tuning": "full"}),
    ("llama 61 M", {"tuning": "full", "checkpoints": True}),
    ("llama 61 M", {"tuning": "lora", "objective": "preferences"}),
    ("llama 61 M", {"tuning": "full", "objective": "preferences"}),
    ("qwen3 44 M", {"tuning": "dora"}),
    ("qwen3 44 M", {"tuning": "full"}),
    ("gemma3 57 M", {"tuning": "lora"}),
    ("gemma3 57 M", {"tuning": "full", "checkpoints": True}),
]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--steps", type=int, default=2)
    arguments.add_argument("--only", default="", help="models whose name holds this")
    arguments.add_argument("--run", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.run:
        print(json.dumps(measured(**json.loads(given.run))))
        return
    print(f"{'':45} {'MB:':>10} {'given back at once':>18} {'as glibc does':>18}")
    heads = f"{'estimated':>10} {'measured':>10} {'off by':>7} {'measured':>10} {'off by':>7}"
    print(f"{'model':12} {'what':24} {'tokens':>7} {heads}")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, settings) in enumerate(CASES):
            if given.only not in name:
                continue
            base = Path(folder) / name.replace(" ", "-")
            if not base.exists():
                write(base, *MODELS[name])
            asked = {"base": str(base), "work": f"{folder}/{number}", "steps": given.steps, **settings}
            live, usual = (run_apart({**asked, "back": back}) for back in (True, False))
            what = ", ".join(k if v is True else v for k, v in settings.items())
            row = f"{name:12} {what:24} {live['tokens']:>7} {live['estimated'] / 1e6:10.0f}"
            for found in (live, usual):
                row += f" {found['measured'] / 1e6:10.0f} {found['estimated'] / found['measured'] - 1:+7.1%}"
            print(row, flush=True)


def run_apart(asked: dict[str, Any]) -> dict[str, int]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "--run", json.dumps(asked)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, int] = json.loads(ran.stdout.splitlines()[-1])
    return found


def write(base: Path, architecture: str, width: int, layers: int, vocabulary: int) -> None:
    """A random model with a vocabulary larger than that of its tokenizer."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    texts = [m.text for e in made() for m in (*e.prompt.messages, e.completion)]
    write_tiny_lm(base, texts, architecture=architecture, width=width, layers=layers)
    config: Any = AutoConfig.from_pretrained(base)
    config.vocab_size, config.intermediate_size = vocabulary, 3 * width
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).save_pretrained(base)


def made() -> list[Example]:
    return of_all_lengths(label_examples(64), seed=0, one_length=True)


def measured(base: str, work: str, steps: int, back: bool, **settings: Any) -> dict[str, int]:
    """Estimated and measured bytes of one run; `back`: as the product trains where memory is tight."""
    from rightsizer.training.decoder.memory import give_back

    if back and not give_back():
        sys.exit("this allocator is not glibc's")
    tiny = Path(work) / "tiny"
    write_tiny_lm(tiny, ["a few words"], width=32)
    told = {"bf16": False, "batch_size": 8, "max_steps": steps, "save_steps": 10_000, **settings}
    train(
        Recipe.model_validate({**told, "base": str(tiny), "batch_size": 1, "max_steps": 2}), Path(work) / "t"
    )
    recipe = Recipe.model_validate({**told, "base": base})
    before = settled()
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts again from here
    needed, tokens = train(recipe, Path(work) / "w")
    return {"estimated": needed, "measured": status("VmHWM") - before, "tokens": tokens}


def train(recipe: Recipe, work: Path) -> tuple[int, int]:
    """One run of the product's training; (bytes estimated before it, tokens of a batch)."""
    from rightsizer.students.decoder_format import DecoderFormat
    from rightsizer.training.decoder.data import tokenize
    from rightsizer.training.decoder.fit import fit
    from rightsizer.training.decoder.load import load_model, load_tokenizer
    from rightsizer.training.decoder.memory import estimate_of
    from rightsizer.training.decoder.preferences import disagreements, prefer

    form = DecoderFormat(load_tokenizer(recipe.base))
    rows = tokenize(made(), form, recipe.max_tokens)
    needed = estimate_of(recipe, longest_tokens=rows.longest_tokens, answer_tokens=rows.longest_answer)
    model = load_model(recipe)
    if recipe.objective == "preferences":
        wrong = Message(role="assistant", parts=(TextPart(content='{"intent": "other"}'),))
        pairs = disagreements(rows.kept, [wrong] * len(rows.kept), TaskPolicy())
        prefer(model, form, pairs, recipe, work)
    else:
        fit(model, form.tokenizer, rows, None, recipe, work)
    return needed.total_bytes, recipe.batch_size * rows.longest_tokens


def settled() -> int:
    """Resident bytes once everything that can be given back is."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return status("VmRSS")


def status(name: str) -> int:
    lines = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) * 1024


if __name__ == "__main__":
    main()
