"""Start commands are complete, many adapters are one server, and a health address is really asked."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from rightsizer.errors import InputError
from rightsizer.serving.runtimes import RUNTIMES, Served, called, commands, state
from rightsizer.testing.fake_llm import FakeLLM, Reply

ADAPTERS = [Served("intents", "/s/1/model", "/b/qwen3", 16), Served("spans", "/s/2/model", "/b/qwen3", 24)]


def filled(*students: Served) -> dict[str, str]:
    return {r.name: c for r, c in commands(students, student="student_1", model="/out")}


@pytest.mark.parametrize("one", [Served("n"), ADAPTERS[0]])
def test_every_command_is_filled_in(one: Served) -> None:
    found = filled(one)
    assert (
        found.keys() == {r.name for r in RUNTIMES} >= {"rightsizer", "vllm", "llama.cpp", "ollama", "dynamo"}
    )
    for runtime in RUNTIMES:
        assert "{" not in found[runtime.name]
        assert one.name in found[runtime.name] or runtime.name in ("rightsizer", "onnxruntime")
        assert runtime.health.startswith("http://127.0.0.1:")


def test_many_adapters_are_one_server_on_their_base() -> None:
    found = filled(*ADAPTERS)
    assert found.keys() == {"vllm", "sglang"}  # the others serve one model each
    words = shlex.split(found["vllm"])
    assert words[:3] == ["vllm", "serve", "/b/qwen3"]
    first = words.index("--lora-modules") + 1
    assert words[first : first + 3] == ["intents=/s/1/model", "spans=/s/2/model", "--enable-auto-tool-choice"]
    assert words[words.index("--max-lora-rank") + 1] == "32"  # the least of vLLM's list that holds 24
    assert words[words.index("--max-loras") + 1] == "2"


def test_tools_are_read_as_our_decoders_write_them() -> None:
    """vLLM refuses requests that offer tools unless it is told how calls are written (`test_vllm.py`)."""
    held = "--enable-auto-tool-choice --tool-call-parser hermes --tool-strict-level parameter"
    for found in (filled(*ADAPTERS), filled(Served("n"))):
        assert held in found["vllm"]
        assert "--tool-call-parser hermes" in found["sglang"]
    assert "--dyn-tool-call-parser hermes" in filled(Served("n"))["dynamo"]


def test_what_an_adapter_is_called() -> None:
    names = {r.name: called(r, ADAPTERS) for r, _ in commands(ADAPTERS, student="s", model="/o")}
    assert names == {"vllm": ("intents", "spans"), "sglang": ("base:intents", "base:spans")}
    assert {called(r, [Served("n")]) for r in RUNTIMES} == {("n",)}
    assert "--served-model-name base " in filled(*ADAPTERS)["sglang"]


def test_students_of_different_bases_are_no_one_server() -> None:
    with pytest.raises(InputError, match="one base"):
        filled(ADAPTERS[0], replace(ADAPTERS[1], base="/b/other"))
    with pytest.raises(InputError, match="one base"):
        filled(Served("a"), Served("b"))


def test_health_is_what_the_server_says() -> None:
    status = [200]
    with FakeLLM(lambda _: Reply((b"{}",), status=status[0])) as llm:
        runtime = replace(RUNTIMES[1], health=llm.url.removesuffix("/v1") + "/health")
        assert state(runtime) == "up"
        status[0] = 503  # still loading
        assert state(runtime) == "down"
        assert llm.received[0].target == "/health"
    assert state(runtime) == "down"
