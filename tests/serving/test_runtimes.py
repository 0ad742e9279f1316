"""Start commands are complete, and those with adapters name base and adapter."""

from __future__ import annotations

from rightsizer.serving.runtimes import RUNTIMES, commands


def test_every_command_is_filled_in() -> None:
    for adapter in ("", "/home/a"):
        for runtime, command in commands(student="s", name="n", model="/m", base="/b", adapter=adapter):
            assert "{" not in command, runtime.name
            assert runtime.health.startswith("http://127.0.0.1:")


def test_many_adapters_on_one_base() -> None:
    by_name = {r.name: c for r, c in commands(student="s", name="n", model="/m", base="/b", adapter="/a")}
    assert "n=/a" in by_name["vllm"]
    assert "/b" in by_name["vllm"]
    assert {"rightsizer", "vllm", "llama.cpp", "ollama", "dynamo"} <= {r.name for r in RUNTIMES}
