"""Steps a second of our decoder training beside plain trl: same model, examples, batches, steps.

    python benchmarks/students/decoder_speed.py [--steps 30] [--rounds 3] [--one-length]

Needs the extra `decoders`. A random Llama of two layers; made-up calls whose prompts differ in length, as an
agent's do, or with ``--one-length`` do not: no padding to save then. Rounds alternate in one process, the
first is left out. The table gives the median of the ratios of a round: of the steps after the first alone,
and of everything from the examples to the trained model (texts to tokens, set-up, steps).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

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
    print(f"{'':8} {'steps, one after another':^41} {'examples to trained model':^41}")
    heads = f"{'ours, CPU-s':>12} {'trl':>6} {'ratio':>7} {'(wall)':>7}"
    print(f"{'method':8} {heads:>41} {heads:>41}")
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
            for number in range(given.rounds + 1):
                work = Path(folder) / f"{tuning}{number}"
                pair = [(ours, run_ours), (theirs, run_trl)]
                for into, run in pair if number % 2 else reversed(pair):
                    into.append(run(recipe, examples, work / run.__name__))
            # the first round warms up: imports, kernels, files
            print(f"{tuning:8} {told(ours[1:], theirs[1:], 0)} {told(ours[1:], theirs[1:], 1)}", flush=True)


class Took(NamedTuple):
    """(CPU, wall) seconds of the steps after the first, and of everything from the examples on."""

    steps: tuple[float, float]
    whole: tuple[float, float]


def told(ours: list[Took], theirs: list[Took], which: int) -> str:
    """Medians of both, and the median over the rounds of the ratio of speeds, by CPU and by wall time."""
    cpu = [statistics.median(took[which][0] for took in side) for side in (ours, theirs)]
    by_cpu, by_wall = (
        statistics.median(b[which][i] / a[which][i] for a, b in zip(ours, theirs, strict=True))
        for i in (0, 1)
    )
    return f"{cpu[0]:12.2f} {cpu[1]:6.2f} {by_cpu:6.2f}x {by_wall:6.2f}x".rjust(41)


class Clock:
    """Times of a run: `tick` at the end of every step."""

    def __init__(self) -> None:
        self.began = self._now()
        self.steps: list[tuple[float, float]] = []

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.process_time(), time.perf_counter()

    def tick(self, *_: object) -> None:
        self.steps.append(self._now())

    def took(self) -> Took:
        """From the first step's end to the last one's, and from the beginning until now."""
        now, (first, last) = self._now(), (self.steps[0], self.steps[-1])
        return Took(
            (last[0] - first[0], last[1] - first[1]), (now[0] - self.began[0], now[1] - self.began[1])
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


def run_ours(recipe: Recipe, examples: list[Example], work: Path) -> Took:
    """Training as rightsizer does it."""
    form, model, clock = DecoderFormat(load_tokenizer(recipe.base)), load_model(recipe), Clock()
    rows = tokenize(examples, form, recipe.max_tokens)
    fit(model, form.tokenizer, rows, None, recipe, work, progress=clock.tick)
    return clock.took()


def run_trl(recipe: Recipe, examples: list[Example], work: Path) -> Took:
    """trl's own trainer on the same texts, completion only, with its defaults for batches."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Ticking(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: object, **__: object) -> None:
            clock.tick()

    tokenizer: Any = load_tokenizer(recipe.base)
    form, model = DecoderFormat(tokenizer), load_model(recipe)
    clock = Clock()
    rows = Dataset.from_dict(
        {
            "prompt": [form.prompt(e.prompt) for e in examples],
            "completion": [form.completion(e.completion) for e in examples],
        }
    )
    trainer = SFTTrainer(
        model=model,
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
        peft_config=adapter_config(recipe, model),
        callbacks=[Ticking()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return clock.took()


if __name__ == "__main__":
    main()
