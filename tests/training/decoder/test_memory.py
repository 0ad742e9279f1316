"""Memory is estimated before a run, and what cannot fit is refused with what to change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rightsizer.errors import InputError
from rightsizer.training.decoder.memory import estimate, require_memory
from rightsizer.training.decoder.recipe import Recipe


def config(width: int = 4096, layers: int = 32, vocabulary: int = 128_000) -> Any:
    text = SimpleNamespace(hidden_size=width, num_hidden_layers=layers, vocab_size=vocabulary)
    return SimpleNamespace(get_text_config=lambda: text)


def total(tuning: str, longest: int = 512, **more: Any) -> float:
    recipe = Recipe.model_validate({"base": "b", "tuning": tuning, "batch_size": 1, **more})
    return estimate(config(), recipe, parameters=8_000_000_000, longest_tokens=longest).total_bytes / 1e9


def test_the_known_order_of_an_8b_model() -> None:
    # what people find: full above 120 GB, LoRA above 16, QLoRA fits a 16 GB card at a short context
    assert total("full") > 120
    assert 16 < total("lora") < 30
    assert total("qlora") < 16


def test_longer_examples_and_larger_batches_take_more_up_to_the_limit() -> None:
    assert total("lora", 4096) > total("lora", 512)
    assert total("lora", 512, batch_size=8) > total("lora", 512)
    assert total("lora", 9_000, max_tokens=1024) == total("lora", 1024, max_tokens=1024)


@pytest.mark.parametrize(("tuning", "longest", "says"), [("lora", 16, "qlora"), ("lora", 4096, "batch_size")])
def test_what_does_not_fit_says_what_to_change(tuning: str, longest: int, says: str) -> None:
    recipe = Recipe.model_validate({"base": "b", "tuning": tuning, "batch_size": 16 if longest > 99 else 1})
    needed = estimate(config(), recipe, parameters=8_000_000_000, longest_tokens=longest)
    with pytest.raises(InputError, match="GB are free") as caught:
        require_memory(needed, 1_000_000_000, recipe)
    assert says in caught.value.hint
    require_memory(needed, needed.total_bytes, recipe)


def test_a_processor_holds_frozen_weights_in_32_bits() -> None:
    recipe = Recipe.model_validate({"base": "b", "tuning": "lora", "batch_size": 1})
    gpu, cpu = (
        estimate(config(), recipe, parameters=1_000_000, longest_tokens=16, half=half)
        for half in (True, False)
    )
    assert cpu.weights_bytes == 2 * gpu.weights_bytes == 4_000_000
