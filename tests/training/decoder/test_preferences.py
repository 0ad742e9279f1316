"""Preferences come from the student's own disagreements, and move it towards the teacher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rightsizer.errors import InputError
from rightsizer.students.decoder_format import DecoderFormat
from rightsizer.testing.label_calls import label_examples
from rightsizer.training.decoder.preferences import disagreements, prefer
from rightsizer.training.decoder.recipe import Recipe
from rightsizer.types import Message, TaskPolicy, TextPart

EXAMPLES = label_examples(12)


def test_only_disagreements_become_pairs() -> None:
    wrong = Message(role="assistant", parts=(TextPart(content='{"intent": "other"}'),))
    answers = [EXAMPLES[0].completion, wrong, None, wrong]
    pairs = disagreements(EXAMPLES[:4], answers, TaskPolicy())
    assert [p.chosen for p in pairs] == [EXAMPLES[1].completion, EXAMPLES[3].completion]
    assert {p.rejected.text for p in pairs} == {wrong.text}


def test_the_preferred_answer_becomes_likelier(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    from rightsizer.training.decoder.load import load_model, load_tokenizer

    recipe = Recipe(base=str(tiny("llama")), max_steps=6, batch_size=4, learning_rate=5e-3, bf16=False)
    form = DecoderFormat(load_tokenizer(recipe.base))
    wrong = Message(role="assistant", parts=(TextPart(content='{"intent": "other"}'),))
    pairs = disagreements(EXAMPLES, [wrong] * len(EXAMPLES), TaskPolicy())
    fitted = prefer(load_model(recipe), form, pairs, recipe, tmp_path)
    assert fitted.steps == 6
    assert hasattr(fitted.model, "peft_config")
    with pytest.raises(InputError, match="disagrees nowhere"):
        prefer(fitted.model, form, [], recipe, tmp_path)


def test_preferences_are_an_objective_of_training(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    from rightsizer.students.artifact import load_student
    from rightsizer.training.train import train
    from rightsizer.types import Candidate, Task

    params = {"objective": "preferences", "max_steps": 3, "batch_size": 4, "rank": 4, "bf16": False}
    candidate = Candidate(rung="decoder", method="lora", base_model=str(tiny("qwen3")), params=params)
    # enough calls for a list of known answers, which even a random model is held to
    trained = train(candidate, Task(id="t", name="n", output="label"), label_examples(60), tmp_path / "s")
    assert trained.recipe["recipe"]["objective"] == "preferences"
    assert trained.recipe["steps"] == 3
    assert load_student(tmp_path / "s").predict([EXAMPLES[0].prompt])[0].message is not None
