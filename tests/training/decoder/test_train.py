"""Every architecture of the founding text: trained for some steps, saved, reloaded, served."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rightsizer.errors import ArtifactError, InputError
from rightsizer.students.artifact import load_student
from rightsizer.students.decoder import DecoderStudent
from rightsizer.testing import tiny_lm
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_lm import ARCHITECTURES
from rightsizer.training.decoder.recipe import Recipe
from rightsizer.training.train import train
from rightsizer.training.trained import Trained
from rightsizer.types import Candidate, Task

Tiny = Callable[[str], Path]
EXAMPLES = label_examples(60)
TASK = Task(id="t", name="intents", output="label")


def run(base: Path, out: Path, method: str = "lora", **more: Any) -> Trained:
    params = {"max_steps": 3, "batch_size": 4, "learning_rate": 1e-2, "rank": 4, **more}
    candidate = Candidate(rung="decoder", method=method, base_model=str(base), params=params)
    return train(candidate, TASK, EXAMPLES, out)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_trains_saves_loads_and_serves(
    tiny: Tiny, tmp_path: Path, architecture: str
) -> None:
    trained = run(tiny(architecture), tmp_path / "s")
    assert trained.recipe["steps"] == 3
    student = load_student(tmp_path / "s")
    assert isinstance(student, DecoderStudent)
    found = student.predict([e.prompt for e in EXAMPLES[:5]])
    known = {e.completion.text for e in EXAMPLES}
    # untrained as it is, it can only say what the grammar lets it say
    assert all(p.message is not None and p.message.text in known for p in found)
    assert all(0 < p.confidence <= 1 for p in found)


@pytest.mark.parametrize("method", ["full", "dora"])
def test_other_tunings(tiny: Tiny, tmp_path: Path, method: str) -> None:
    trained = run(tiny("llama"), tmp_path / "s", method)
    assert trained.method == method
    assert load_student(tmp_path / "s").predict([EXAMPLES[0].prompt])[0].message is not None


@pytest.mark.parametrize("rows", [64, 1024])
def test_answers_are_held_where_a_model_has_more_rows_than_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    for package in ("torch", "trl", "llguidance"):
        pytest.importorskip(package, reason="needs the extra 'decoders'")
    monkeypatch.setattr(tiny_lm, "ROWS", rows)  # makers round up further: Qwen3 by 267
    said = [m.text for e in EXAMPLES for m in (*e.prompt.messages, e.completion)]
    base = tiny_lm.write_tiny_lm(tmp_path / "base", said, vocabulary=390)
    run(base, tmp_path / "s", "full")
    student = load_student(tmp_path / "s")
    assert isinstance(student, DecoderStudent)
    assert student._model.config.vocab_size == {64: 448, 1024: 1024}[rows]
    known = {e.completion.text for e in EXAMPLES}
    found = student.predict([e.prompt for e in EXAMPLES[:5]])
    assert all(p.message is not None and p.message.text in known for p in found)


def test_calls_are_held_to_what_the_caller_allows(tiny: Tiny, tmp_path: Path) -> None:
    run(tiny("llama"), tmp_path / "s", "full")
    student = load_student(tmp_path / "s")
    assert isinstance(student, DecoderStudent)
    free = {"known": None, "known_answers": None, "max_new_tokens": 100}
    student = replace(student, params={**student.params, **free})
    which = {"type": "object", "properties": {"which": {"enum": ["a", "b"]}}, "required": ["which"]}
    which["additionalProperties"] = False
    tools = tuple({"type": "function", "function": {"name": n, "parameters": which}} for n in ("f", "g"))
    named = {"type": "function", "function": {"name": "g"}}
    for choice, names in (("required", {"f", "g"}), (named, {"g"})):
        params = {"tool_choice": choice, "parallel_tool_calls": False}
        asked = [
            e.prompt.model_copy(update={"tools": tools, "params": {**e.prompt.params, **params}})
            for e in EXAMPLES[:4]
        ]
        for found in student.predict(asked):  # it has never seen a call, and can write nothing else
            assert found.message is not None
            (call,) = found.message.tool_calls
            assert call.name in names
            assert json.loads(call.arguments)["which"] in ("a", "b")


def test_four_bits(tiny: Tiny, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="needs the extra 'qlora'")
    from rightsizer.training.decoder.load import load_model

    recipe = Recipe.model_validate({"base": str(tiny("llama")), "tuning": "qlora"})
    kinds = [type(module).__name__ for module in load_model(recipe).modules()]
    assert kinds.count("Linear4bit") == 2 * 7, "seven matrices in each of two layers"
    trained = run(tiny("llama"), tmp_path / "s", "qlora", max_steps=30)
    assert trained.recipe["recipe"]["tuning"] == "qlora"
    assert trained.recipe["loss_last"] < 0.9 * trained.recipe["loss_first"]
    assert load_student(tmp_path / "s").predict([EXAMPLES[0].prompt])[0].message is not None


def test_it_learns(tiny: Tiny, tmp_path: Path) -> None:
    trained = run(tiny("qwen3"), tmp_path / "s", "full", max_steps=60, learning_rate=3e-3)
    assert trained.recipe["loss_last"] < 0.5 * trained.recipe["loss_first"]


def test_the_same_recipe_gives_the_same_student(tiny: Tiny, tmp_path: Path) -> None:
    first, second = (run(tiny("llama"), tmp_path / n, bf16=False) for n in "ab")
    probe = [e.prompt for e in EXAMPLES[:4]]
    assert first.recipe["loss_last"] == second.recipe["loss_last"]
    assert load_student(tmp_path / "a").predict(probe) == load_student(tmp_path / "b").predict(probe)


def test_only_the_completion_is_learned(tiny: Tiny) -> None:
    from rightsizer.students.decoder_format import DecoderFormat
    from rightsizer.training.decoder.data import tokenize
    from rightsizer.training.decoder.load import load_tokenizer

    tokenizer = load_tokenizer(str(tiny("llama")))
    row = tokenize(EXAMPLES[:1], DecoderFormat(tokenizer), 4096).rows[0]
    learned = [i for i, m in zip(row["input_ids"], row["completion_mask"], strict=True) if m]
    assert tokenizer.decode(learned) == EXAMPLES[0].completion.text + tokenizer.eos_token


def test_a_run_that_was_cut_off_goes_on(tiny: Tiny, tmp_path: Path) -> None:
    class Crash(Exception):
        pass

    def stop(what: str, done: float, total: float | None) -> None:
        if done >= 4:
            raise Crash

    params = {"max_steps": 6, "batch_size": 4, "save_steps": 2, "rank": 4}
    candidate = Candidate(rung="decoder", method="lora", base_model=str(tiny("llama")), params=params)
    with pytest.raises(Crash):
        train(candidate, TASK, EXAMPLES, tmp_path / "s", progress=stop)
    again = train(candidate, TASK, EXAMPLES, tmp_path / "s")
    assert again.recipe["resumed_at"] >= 2
    assert again.recipe["steps"] == 6
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".training")]


def test_distilling_logits_from_the_same_and_another_tokenizer(tiny: Tiny, tmp_path: Path) -> None:
    from rightsizer.testing.tiny_lm import write_tiny_lm

    other = write_tiny_lm(tmp_path / "teacher", ["quite other words"] * 5, architecture="qwen2")
    for name, teacher in (("same", tiny("qwen3")), ("other", other)):
        trained = run(tiny("llama"), tmp_path / name, objective="logits", teacher=str(teacher))
        assert trained.recipe["loss_last"] is None or trained.recipe["loss_last"] > 0
        assert trained.recipe["steps"] == 3


def test_a_changed_template_is_not_served(tiny: Tiny, tmp_path: Path) -> None:
    run(tiny("llama"), tmp_path / "s")
    template = tmp_path / "s" / "model" / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    with pytest.raises(ArtifactError, match="chat template"):
        load_student(tmp_path / "s").predict([EXAMPLES[0].prompt])


def test_what_cannot_be_trained_says_why(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="base model"):
        train(Candidate(rung="decoder", method="lora"), TASK, EXAMPLES, tmp_path / "s")
    with pytest.raises(InputError, match="cannot be loaded"):
        run(tmp_path / "nowhere", tmp_path / "s")
    with pytest.raises(InputError, match="none of the 60 examples"):
        run(tiny("llama"), tmp_path / "s", max_tokens=16)
    folder = tiny("llama")
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in folder.iterdir():
        if file.name != "chat_template.jinja":
            (bare / file.name).write_bytes(file.read_bytes())
    config = json.loads((bare / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (bare / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="no chat template"):
        run(bare, tmp_path / "s")
