"""The weights behind a server are part of the student: changed files and other files are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rightsizer.errors import ArtifactError, InputError
from rightsizer.students.artifact import load_student
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.students.weights import require_served, require_unchanged, told_weights, weights_of
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.llm_answers import completion
from rightsizer.training.train import train
from rightsizer.types import Candidate, Task


def server(says: dict[str, Any]) -> FakeLLM:
    """A server that answers these paths and no others."""

    def reply(received: Received) -> Reply:
        if received.target in says:
            return Reply((json.dumps(says[received.target]).encode(),))
        return Reply((completion("yes"),)) if received.target.endswith("completions") else Reply(status=404)

    return FakeLLM(reply)


def client(llm: FakeLLM) -> ChatServer:
    return ChatServer(Server(base_url=llm.url, model="small"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small-q4_k_m.gguf"
    path.write_bytes(b"GGUF weights")
    return path


@pytest.mark.parametrize("whose", ["llama.cpp", "vllm", "ollama"])
def test_what_servers_say_of_their_weights(file: Path, whose: str) -> None:
    weights = weights_of(file)
    blob = "# Modelfile\nFROM /usr/share/ollama/models/blobs/sha256-{}\nTEMPLATE x"
    says = {
        "llama.cpp": lambda path, digest: {"/props": {"model_path": path}},
        "vllm": lambda path, digest: {"/v1/models": {"data": [{"id": "small", "root": path}]}},
        "ollama": lambda path, digest: {"/api/show": {"modelfile": blob.format(digest)}},
    }[whose]
    with server(says(str(file), weights.sha256)) as llm:
        assert require_served(weights, client(llm)) == "the same"
    with server(says(str(file.parent / "other.gguf"), "0" * 64)) as llm, pytest.raises(ArtifactError):
        require_served(weights, client(llm))


def test_an_adapter_of_sglang_is_called_with_its_base(tmp_path: Path) -> None:
    """As SGLang 0.5.23 lists adapters, and as it reads a model's name (``serving_base.py``): base:adapter."""
    adapter = tmp_path / "intents"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    listed = [
        {"id": "base", "owned_by": "sglang", "root": "base"},
        {"id": "small", "owned_by": "sglang", "root": str(adapter), "parent": "base"},
    ]
    with server({"/v1/models": {"data": listed}}) as llm:
        named = ChatServer(Server(base_url=llm.url, model="base:small"))
        assert require_served(weights_of(adapter), named) == "the same"
        with pytest.raises(ArtifactError, match="with the base model") as refused:
            require_served(weights_of(adapter), client(llm))
        assert refused.value.hint == "name the model base:small"
    listed[1]["owned_by"] = "vllm"  # which takes the plain name
    with server({"/v1/models": {"data": listed}}) as llm:
        assert require_served(weights_of(adapter), client(llm)) == "the same"


def test_a_server_that_says_nothing_is_not_believed(file: Path) -> None:
    with server({"/v1/models": {"data": [{"id": "small", "root": "org/a-name"}]}}) as llm:
        assert told_weights(client(llm)) is None
        assert require_served(weights_of(file), client(llm)) == "not told"
    assert told_weights(ChatServer(Server(base_url="http://127.0.0.1:9/v1", model="small"))) is None


def test_changed_and_missing_weights_are_refused(file: Path) -> None:
    weights, folder = weights_of(file), weights_of(file.parent)
    require_unchanged(weights)
    require_unchanged(folder)
    file.write_bytes(b"GGUF Weights")
    for each in (weights, folder):
        with pytest.raises(ArtifactError, match="not the ones that were evaluated"):
            require_unchanged(each)
    file.unlink()
    with pytest.raises(ArtifactError):
        require_unchanged(weights)
    with pytest.raises(InputError, match="no weights"):
        weights_of(file)


def test_the_hash_is_in_the_student_and_checked_when_it_is_loaded(file: Path, tmp_path: Path) -> None:
    with server({"/props": {"model_path": str(file)}}) as llm:
        params = {"server": {"base_url": llm.url, "model": "small"}, "weights": str(file)}
        candidate = Candidate(rung="decoder", method="prompted", params=params)
        trained = train(candidate, Task(id="t", name="n", output="text"), label_examples(30), tmp_path / "s")
        assert trained.recipe["weights"]["sha256"] == weights_of(file).sha256
        assert "says that it serves these" in trained.notes[0]
        assert trained.recipe["asked_twice"] == {"calls": 20, "differ": 0}
        load_student(tmp_path / "s")
        file.write_bytes(b"re-quantised")
        with pytest.raises(ArtifactError, match="not the ones"):
            load_student(tmp_path / "s")


def test_a_server_that_changes_its_mind_is_told_on(file: Path, tmp_path: Path) -> None:
    examples = label_examples(30)
    asked: set[bytes] = set()

    def reply(received: Received) -> Reply:
        if not received.target.endswith("completions"):
            return Reply(status=404)
        wavers = received.body in asked and b"lamp" in received.body
        asked.add(received.body)
        return Reply((completion("no" if wavers else "yes"),))

    with FakeLLM(reply) as llm:
        params = {"server": {"base_url": llm.url, "model": "small"}, "weights": str(file)}
        candidate = Candidate(rung="decoder", method="prompted", params=params)
        trained = train(candidate, Task(id="t", name="n", output="text"), examples, tmp_path / "s")
    about_lamps = sum("lamp" in e.prompt.messages[-1].text for e in examples[:20])
    assert about_lamps > 0
    assert trained.recipe["asked_twice"] == {"calls": 20, "differ": about_lamps}
    assert trained.notes[1] == f"asked twice, {about_lamps} of 20 calls were answered differently"


def test_calls_left_in_the_text_are_read() -> None:
    from rightsizer.students.prompted import Prompting
    from rightsizer.training.prompted import build
    from rightsizer.types import Message, Request, TextPart

    tool = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
    request = Request(messages=(Message(role="user", parts=(TextPart(content="7"),)),), tools=(tool,))
    text = '<tool_call>\n{"name": "find", "arguments": {"id": 7}}\n</tool_call>'
    with FakeLLM(lambda _: Reply((completion(text),))) as llm:
        spec = Server(base_url=llm.url, model="small")
        student = build([], spec, Prompting(), output="tool_call")
        (found,) = student.predict([request])
    assert found.message is not None
    assert [(c.name, json.loads(c.arguments)) for c in found.message.tool_calls] == [("find", {"id": 7})]
