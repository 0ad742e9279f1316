"""Memory is estimated before a run, and what cannot fit is refused with what to change."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.errors import InputError
from rightsizer.testing.tiny_lm import ARCHITECTURES
from rightsizer.training.decoder import memory
from rightsizer.training.decoder.memory import (
    TrainingMemory,
    available_bytes,
    estimate,
    make_room,
    require_memory,
)
from rightsizer.training.decoder.recipe import Recipe

torch = pytest.importorskip("torch", reason="needs the extra 'decoders'")
pytest.importorskip("peft", reason="needs the extra 'decoders'")


def config(width: int = 4096, layers: int = 32, vocabulary: int = 128_000) -> Any:
    """Llama 3 8B by default."""
    from transformers import AutoConfig

    return AutoConfig.for_model(
        "llama",
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=int(3.5 * width),
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        num_key_value_heads=max(1, width // 256),
    )


def of(tuning: str, longest: int = 512, *, gpu: bool = True, **more: Any) -> TrainingMemory:
    recipe = Recipe.model_validate({"base": "b", "tuning": tuning, "batch_size": 1, **more})
    shape = config() if gpu else config(width=256, layers=4, vocabulary=4_000)
    return estimate(shape, recipe, longest_tokens=longest, answer_tokens=32, gpu=gpu)


def test_the_known_order_of_an_8b_model() -> None:
    # what people find: full above 120 GB, LoRA above 16, QLoRA fits a 16 GB card at a short context
    full, lora, qlora = (of(t, checkpoints=True).total_bytes / 1e9 for t in ("full", "lora", "qlora"))
    assert full > 120
    assert 16 < lora < 30
    assert qlora < 16


def test_what_a_step_keeps() -> None:
    small: dict[str, Any] = {"gpu": False, "bf16": False}
    plain = of("lora", **small)
    assert of("lora", 1024, **small).step_bytes > 1.8 * plain.step_bytes
    assert of("lora", batch_size=4, **small).step_bytes > 3 * plain.step_bytes
    assert of("lora", 9_000, max_tokens=512, **small).total_bytes == plain.total_bytes
    assert of("lora", checkpoints=True, **small).step_bytes < 0.6 * plain.step_bytes
    assert of("lora", objective="preferences", **small).step_bytes > 1.8 * plain.step_bytes
    copied = of("full", objective="preferences", **small)
    assert copied.weights_bytes == 2 * of("full", **small).weights_bytes, "the reference is a copy"


def test_full_training_takes_four_numbers_a_weight() -> None:
    small = of("full", 16, gpu=False, bf16=False)
    n = small.weights_bytes / 4
    assert small.optimizer_bytes == pytest.approx(8 * n, rel=0.001)
    assert small.step_bytes > 3.9 * n, "gradients, and the activations of a few tokens"


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_it_is_what_is_alive_in_a_real_step(
    tiny: Callable[[str], Path], architecture: str, tuning: str
) -> None:
    """Counted over the storages of a step that is really made."""
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    from rightsizer.training.decoder.dry_run import _Alive, _loss, dry_run
    from rightsizer.training.decoder.load import adapter_config

    recipe = Recipe.model_validate({"base": "b", "tuning": tuning, "rank": 4, "batch_size": 2, "bf16": False})
    model: Any = AutoModelForCausalLM.from_pretrained(tiny(architecture), dtype=torch.float32)
    told = dry_run(model.config, recipe, tokens=64, answer_tokens=9, gpu=False)
    if tuning == "lora":
        model = get_peft_model(model, adapter_config(recipe, model))
    with _Alive() as alive:
        for tensor in (*model.parameters(), *model.buffers()):
            alive.count(tensor.untyped_storage())
        _loss(model.train(), torch.ones((2, 64), dtype=torch.long), 10).backward()
    assert told.weights_bytes == pytest.approx(
        sum({p: p.nbytes for p in model.parameters()}.values()), rel=0.02
    )
    assert told.peak_bytes == pytest.approx(alive.peak, rel=0.1)


@pytest.mark.parametrize(("tuning", "longest", "says"), [("lora", 16, "qlora"), ("lora", 512, "batch_size")])
def test_what_does_not_fit_says_what_to_change(tuning: str, longest: int, says: str) -> None:
    recipe = Recipe.model_validate({"base": "b", "tuning": tuning})
    needed = of(tuning, longest, gpu=False, batch_size=16 if longest > 99 else 1)
    with pytest.raises(InputError, match="GB are free") as caught:
        require_memory(needed, 1_000_000, recipe)
    assert says in caught.value.hint
    require_memory(needed, needed.total_bytes, recipe)


@pytest.mark.parametrize(("tuning", "most"), [("lora", 2.5), ("full", 1.25)])
def test_freed_memory_is_given_back_only_where_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, tuning: str, most: float
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(memory, "give_back", lambda: asked.append(1) or True)
    recipe = Recipe.model_validate({"base": "b", "tuning": tuning})
    needed = of(tuning, gpu=False)
    assert make_room(needed, round(most * needed.total_bytes) + 1, recipe) is False
    assert asked == []
    assert make_room(needed, round(most * needed.total_bytes) - 9, recipe) is True
    assert make_room(needed, needed.total_bytes, recipe) is True
    assert asked == [1, 1]
    with pytest.raises(InputError, match="GB are free"):
        make_room(needed, needed.total_bytes - 1, recipe)
    monkeypatch.setattr(memory, "on_gpu", lambda: True)  # which has an allocator of its own
    assert make_room(needed, needed.total_bytes, recipe) is False


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_what_is_freed_is_gone() -> None:
    """In a process of its own: a block that lies below another stays resident, until it is given back."""
    program = (
        "import sys\n"
        "from rightsizer.training.decoder.memory import give_back\n"
        "if sys.argv[1] == 'back': assert give_back()\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "import ctypes\n"
        "bytearray(33_000_000)\n"  # the largest block ever mapped and freed: glibc then keeps smaller ones
        "blocks = [bytearray(b'x') * 1_000_000 for _ in range(200)]\n"
        "full = resident(); blocks = blocks[-1:]; print((full - resident()) // 1_000_000)\n"
    )

    def freed(how: str) -> int:
        ran = subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, check=True)
        return int(ran.stdout)

    assert freed("back") >= 190
    assert freed("as usual") < 100


def test_a_processor_holds_frozen_weights_in_32_bits() -> None:
    recipe = Recipe.model_validate({"base": "b", "tuning": "lora", "batch_size": 1})
    shape = config(width=128, layers=2, vocabulary=1_000)
    gpu, cpu = (
        estimate(shape, recipe, longest_tokens=16, answer_tokens=4, gpu=gpu).weights_bytes
        for gpu in (True, False)
    )
    assert 1.5 * gpu < cpu < 2 * gpu, "twice the base; the adapter is in 32 bits either way"


def test_a_container_has_what_it_was_given(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9000 kB\nMemFree: 1 kB\nMemAvailable: 5000 kB\n")
    assert available_bytes(meminfo, tmp_path) == 5000 * 1024
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert available_bytes(meminfo, tmp_path) == 2_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_bytes(meminfo, tmp_path) == 5000 * 1024
