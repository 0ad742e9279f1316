"""Steps a second of our decoder training beside plain trl: same model, examples, batches, steps.

    python benchmarks/students/decoder_speed.py [--steps 30] [--rounds 3] [--one-length]

Needs the extra `decoders`. A random Llama of two layers; made-up calls whose prompts differ in length, as an
agent's do, or with ``--one-length`` do not: no padding to save then. Rounds alternate in one process,
each figure is CPU time of the training alone, and the table gives the median of the ratios of a round.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from rightsizer.students.decoder_format import DecoderFormat
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_lm import write_tiny_lm
from rightsizer.training.decoder.data import tokenize
from rightsizer.training.decoder.fit import fit
from rightsizer.training.decoder.load import adapter_config, load_model, load_tokenizer
from rightsizer.training.decoder.recipe import Recipe
from rightsizer.types import Example, Message, TextPart

WORDS = ("the", "order", "is", "late", "and", "nobody", "knows", "why")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--steps", type=int, default=30)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--one-length", action="store_true")
    given = arguments.parse_args()
    examples = of_all_lengths(label_examples(400), seed=0, one_length=given.one_length)
    print(f"{'method':8} {'ours, steps/CPU-s':>18} {'trl, steps/CPU-s':>18} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        texts = [m.text for e in examples for m in (*e.prompt.messages, e.completion)]
        base = write_tiny_lm(Path(folder) / "base", texts, width=128, layers=2)
        for tuning in ("lora", "full"):
            recipe = Recipe.model_validate(
                {
                    "base": str(base),
                    "tuning": tuning,
                    "max_steps": given.steps,
                    "save_steps": 10_000,
                    "bf16": False,
                }
            )
            ours, theirs = [], []
            for number in range(given.rounds):
                work = Path(folder) / f"{tuning}{number}"
                pair = [(ours, run_ours), (theirs, run_trl)]
                for into, run in pair if number % 2 else reversed(pair):
                    into.append(given.steps / run(recipe, examples, work / run.__name__))
            ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
            print(
                f"{tuning:8} {statistics.median(ours):18.2f} {statistics.median(theirs):18.2f} {ratio:6.2f}×",
                flush=True,
            )


def of_all_lengths(examples: list[Example], seed: int, one_length: bool) -> list[Example]:
    """The examples after histories of 0 to 200 words (what padding costs), or of 100 each."""
    rng = random.Random(seed)
    made = []
    for example in examples:
        words = " ".join(rng.choices(WORDS, k=100 if one_length else rng.randrange(200)))
        told = Message(role="user", parts=(TextPart(content=words),))
        prompt = example.prompt.model_copy(update={"messages": (told, *example.prompt.messages)})
        made.append(example.model_copy(update={"prompt": prompt}))
    return made


def run_ours(recipe: Recipe, examples: list[Example], work: Path) -> float:
    """CPU seconds of training as rightsizer does it."""
    form = DecoderFormat(load_tokenizer(recipe.base))
    rows, model = tokenize(examples, form, recipe.max_tokens), load_model(recipe)
    began = time.process_time()
    fit(model, form.tokenizer, rows, None, recipe, work)
    return time.process_time() - began


def run_trl(recipe: Recipe, examples: list[Example], work: Path) -> float:
    """CPU seconds of trl's own trainer on the same texts, completion only, with its defaults for batches."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    tokenizer: Any = load_tokenizer(recipe.base)
    form = DecoderFormat(tokenizer)
    rows = Dataset.from_dict(
        {
            "prompt": [form.prompt(e.prompt) for e in examples],
            "completion": [form.completion(e.completion) for e in examples],
        }
    )
    trainer = SFTTrainer(
        model=load_model(recipe),
        args=SFTConfig(
            output_dir=str(work),
            per_device_train_batch_size=recipe.batch_size,
            max_steps=recipe.max_steps,
            learning_rate=recipe.learning_rate,
            max_length=recipe.max_tokens,
            bf16=recipe.bf16,
            use_cpu=True,
            gradient_checkpointing=False,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=adapter_config(recipe, load_model(recipe)),
    )
    began = time.process_time()
    trainer.train()
    return time.process_time() - began


if __name__ == "__main__":
    main()
