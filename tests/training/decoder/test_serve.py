"""A trained decoder behind the OpenAI protocol, and in other forms, answers as it did in process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.errors import InputError
from rightsizer.serving.model_server import ModelServer
from rightsizer.students.artifact import Artifact, load_student, save
from rightsizer.students.decoder import DecoderStudent
from rightsizer.testing.label_calls import label_examples
from rightsizer.training.decoder.export import export_decoder
from rightsizer.training.train import train
from rightsizer.types import Candidate, Task
from rightsizer.wire.request import request_to_chat

EXAMPLES = label_examples(60)


@pytest.fixture(scope="module")
def folder(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("student") / "s"
    params = {"max_steps": 5, "batch_size": 8, "learning_rate": 1e-2, "rank": 4}
    candidate = Candidate(rung="decoder", method="lora", base_model=str(tiny("qwen3")), params=params)
    train(candidate, Task(id="t", name="n", output="label"), EXAMPLES, out)
    return out


def ask(app: ModelServer, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(event: Any) -> None:
        sent.append(event)

    asyncio.run(app({"type": "http", "method": method, "path": path}, receive, send))
    return sent[0]["status"], b"".join(e.get("body", b"") for e in sent[1:])


@pytest.fixture(scope="module")
def app(folder: Path) -> ModelServer:
    student = load_student(folder)
    assert isinstance(student, DecoderStudent)
    return ModelServer(student, "small-1")


def test_served_as_in_process(app: ModelServer) -> None:
    request = EXAMPLES[3].prompt
    (here,) = app.student.predict([request])
    status, raw = ask(app, "POST", "/v1/chat/completions", json.dumps(request_to_chat(request)).encode())
    answer = json.loads(raw)
    assert status == 200
    assert here.message is not None
    assert answer["choices"][0]["message"]["content"] == here.message.text
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] > 0


def test_streamed_it_says_the_same(app: ModelServer) -> None:
    chat = request_to_chat(EXAMPLES[3].prompt)
    whole = json.loads(ask(app, "POST", "/v1/chat/completions", json.dumps(chat).encode())[1])
    raw = ask(app, "POST", "/v1/chat/completions", json.dumps({**chat, "stream": True}).encode())[1]
    events = [line[6:] for line in raw.decode().splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    assert json.loads(events[0])["choices"][0]["delta"] == whole["choices"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/health", b"", 200),
        ("GET", "/v1/models", b"", 200),
        ("GET", "/", b"", 404),
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/chat/completions", b'{"messages": 3}', 400),
        ("POST", "/v1/chat/completions", b" " * 8_000_001, 413),
    ],
)
def test_other_requests(app: ModelServer, method: str, path: str, body: bytes, status: int) -> None:
    assert ask(app, method, path, body)[0] == status


def test_merged_weights_write_the_same(folder: Path, app: ModelServer, tmp_path: Path) -> None:
    made = export_decoder(folder, tmp_path / "out", "ollama", name="small")
    assert {"Modelfile", "model.safetensors", "config.json"} <= {p.name for p in made}
    whole = tmp_path / "whole"
    whole.mkdir()
    (tmp_path / "out").rename(whole / "model")
    params = {**dict(app.student.params), "tuning": "full"}
    save(Artifact("decoder", params), whole)
    again = load_student(whole)
    prompts = [e.prompt for e in EXAMPLES[:6]]
    assert [p.message for p in again.predict(prompts)] == [p.message for p in app.student.predict(prompts)]


def test_forms_that_cannot_be_made_say_why(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLAMA_CPP_DIR", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="convert_hf_to_gguf"):
        export_decoder(folder, tmp_path / "out", "gguf", name="small")
    save(Artifact("majority", {"answer": None, "share": 0.0, "reason": ""}), tmp_path / "m")
    with pytest.raises(InputError, match="majority"):
        export_decoder(tmp_path / "m", tmp_path / "out", "merged", name="small")
