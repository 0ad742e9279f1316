"""Small or large is a matter of the device, and every model is one of the two there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.candidates.catalog import find_model, load_catalog
from rightsizer.candidates.devices import THIS_MACHINE, find_device, load_devices
from rightsizer.candidates.fit import fits
from rightsizer.errors import ConfigError, NotFound


def small(model: str, device: str, **more: int) -> bool:
    card = find_model(load_catalog(), model)
    return fits(card, find_device(load_devices(), device), **more).small


@pytest.mark.parametrize(
    ("model", "device", "expected"),
    [
        ("Qwen3-0.6B", "laptop-8gb", True),
        ("Qwen3-8B", "laptop-8gb", False),
        ("Qwen3-8B", "rtx-4090-24gb", True),
        ("Qwen3-30B-A3B-Instruct-2507", "rtx-4060-8gb", False),
        ("Qwen3-30B-A3B-Instruct-2507", "rtx-4090-24gb", True),
    ],
)
def test_the_same_model_is_small_here_and_large_there(model: str, device: str, expected: bool) -> None:
    assert small(model, device, prompt_tokens=1000, shared_tokens=700) is expected


def test_what_does_not_fit_says_why() -> None:
    card = find_model(load_catalog(), "Qwen3-14B")
    fit = fits(card, find_device(load_devices(), "rtx-4060-8gb"))
    assert not fit.small
    assert "GB" in fit.reason
    assert "RTX 4060" in fit.reason


def test_a_long_prompt_makes_a_model_large_unless_its_beginning_is_kept() -> None:
    assert not small("Qwen3-1.7B", "laptop-16gb", prompt_tokens=8000)
    assert small("Qwen3-1.7B", "laptop-16gb", prompt_tokens=8000, shared_tokens=7500)


def test_experts_are_read_in_part_only() -> None:
    devices = load_devices()
    moe = find_model(load_catalog(), "Qwen3-30B-A3B-Instruct-2507")
    dense = moe.model_copy(update={"active_parameters_b": moe.parameters_b})
    gpu = find_device(devices, "rtx-4090-24gb")
    assert fits(moe, gpu).ms_per_token < fits(dense, gpu).ms_per_token / 5


def test_your_own_device(tmp_path: Path) -> None:
    own = tmp_path / "devices.toml"
    own.write_text(
        '[[device]]\nname = "rack"\nkind = "server"\nmemory_gb = 500\nbandwidth_gb_s = 9000\ntflops = 4000\n'
    )
    assert fits(find_model(load_catalog(), "Qwen3-14B"), find_device(load_devices(own), "rack")).small
    own.write_text('[[device]]\nname = "rack"\nkind = "server"\nmemory_gb = -1\n')
    with pytest.raises(ConfigError, match="memory_gb"):
        load_devices(own)


def test_this_machine_and_no_machine() -> None:
    assert find_device(load_devices(), THIS_MACHINE).memory_gb > 0
    with pytest.raises(NotFound, match="laptop-17gb"):
        find_device(load_devices(), "laptop-17gb")
