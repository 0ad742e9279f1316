"""llama.cpp for real: converted, quantised, served, asked and certified. Skipped where it is not built.

LLAMA_CPP_DIR=…/llama.cpp python -m pytest tests/training/decoder/test_llama_cpp.py
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from rightsizer.errors import ArtifactError
from rightsizer.evaluation.evaluate import evaluate
from rightsizer.evaluation.run import score
from rightsizer.students.artifact import load_student
from rightsizer.students.prompted import PromptedStudent
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_lm import ARCHITECTURES, write_converter, write_tiny_lm
from rightsizer.training.decoder.export import export_decoder, find_program
from rightsizer.training.train import train
from rightsizer.types import Candidate, Dataset, Example, Student, Task, TaskPolicy

EXAMPLES = label_examples(60)
TASK = Task(id="t", name="intents", output="label")
SCHEMA = {
    "type": "object",
    "properties": {"intent": {"type": "string", "enum": ["warranty", "return_item"]}},
    "required": ["intent"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {
        "name": "find",
        "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
    },
}


@pytest.fixture(autouse=True)
def llama_cpp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = os.environ.get("LLAMA_CPP_DIR")
    if not folder or find_program("llama-server") is None:
        pytest.skip("needs LLAMA_CPP_DIR, a built checkout of llama.cpp")
    made = write_converter(Path(folder), tmp_path / "llama.cpp")
    monkeypatch.setenv("LLAMA_CPP_DIR", str(made))
    return made


def trained(base: Path, out: Path, method: str = "lora", steps: int = 3) -> Path:
    params = {"max_steps": steps, "batch_size": 8, "learning_rate": 3e-3, "rank": 4}
    train(Candidate(rung="decoder", method=method, base_model=str(base), params=params), TASK, EXAMPLES, out)
    return out


def exported(student: Path, out: Path, quantization: str) -> Path:
    return export_decoder(student, out, "gguf", name="small", quantization=quantization)[-1]


@contextmanager
def served(gguf: Path, log: Path) -> Iterator[str]:
    """llama-server on a free loopback port, as `students runtimes` starts it; gives its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = find_program("llama-server")
    command = [str(program), "-m", str(gguf), "--alias", "small", "--port", str(port), "--jinja"]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, "-c", "4096", "-t", "1", "-np", "2"], stdout=out, stderr=subprocess.STDOUT
        )
        try:
            _wait(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "llama-server ended"
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("llama-server does not come up")


def student(url: str, weights: Path, out: Path, **how: Any) -> PromptedStudent:
    params = {"server": {"base_url": url, "model": "small"}, "weights": str(weights), "how": how}
    candidate = Candidate(rung="decoder", method="prompted", params=params)
    told = train(candidate, TASK, EXAMPLES, out)
    assert "the server says that it serves these weights" in told.notes[0]
    found = load_student(out)
    assert isinstance(found, PromptedStudent)
    return found


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_is_exported_and_served(
    tiny: Callable[[str], Path], tmp_path: Path, architecture: str
) -> None:
    gguf = exported(trained(tiny(architecture), tmp_path / "s"), tmp_path / "out", "q8_0")
    with served(gguf, tmp_path / "log") as url:
        asked = student(url, gguf, tmp_path / "p", repair=False, max_tokens=16)
        assert asked.vote(EXAMPLES[0].prompt).n_votes == 1  # it answers; what, is no matter untrained


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wide enough for the K formats, which take 256 weights at a time, and taught its task."""
    for package in ("torch", "trl", "llguidance"):
        pytest.importorskip(package, reason="needs the extra 'decoders'")
    folder = tmp_path_factory.mktemp("wide")
    texts = [m.text for e in EXAMPLES for m in (*e.prompt.messages, e.completion)]
    base = write_tiny_lm(folder / "base", texts, width=256, vocabulary=600)
    return trained(base, folder / "s", "full", steps=40)


@pytest.mark.parametrize("quantization", ["q8_0", "q4_k_m"])
def test_the_gate_runs_on_the_very_file_that_serves(wide: Path, tmp_path: Path, quantization: str) -> None:
    gguf = exported(wide, tmp_path / "out", quantization)
    with served(gguf, tmp_path / "log") as url:
        behind = student(url, gguf, tmp_path / "p")
        fresh = label_examples(40, seed=5, split="test")
        scores = score(behind, fresh, TaskPolicy())
        here = load_student(wide).predict([e.prompt for e in fresh])
        said = behind.predict([e.prompt for e in fresh])
        same = sum(a.message == b.message for a, b in zip(here, said, strict=True))
        assert same >= (
            36 if quantization == "q8_0" else 20
        )  # rounding changes some answers: that is the point
        assert sum(s.loss == 0 for s in scores) > 20
        record = Student(
            id="s", task_id="t", dataset_id="d", rung="decoder", method="prompted", artifact="p",
            artifact_hash="a" * 64, recipe={"weights": {"sha256": behind.weights.sha256}},
        )  # fmt: skip
        found = evaluate(record, _dataset(fresh), scores[:20], scores[20:], alpha=0.3, delta=0.1)
        assert found.weights_hash == behind.weights.sha256
        gguf.write_bytes(gguf.read_bytes()[:-1] + b"x")
        with pytest.raises(ArtifactError, match="not the ones"):
            load_student(tmp_path / "p")


def test_schema_and_tools_are_held_by_the_server(wide: Path, tmp_path: Path) -> None:
    gguf = exported(wide, tmp_path / "out", "q8_0")
    wanted = {"type": "json_schema", "json_schema": {"name": "i", "strict": True, "schema": SCHEMA}}
    with served(gguf, tmp_path / "log") as url:
        behind = student(url, gguf, tmp_path / "p", repair=False)
        plain = EXAMPLES[1].prompt
        (held,) = behind.predict([plain.model_copy(update={"response_format": wanted})])
        assert held.message is None or json.loads(held.message.text)["intent"] in ("warranty", "return_item")
        free = PromptedStudent(behind.server, behind.how, behind.book, known=None)
        called = free.vote(
            plain.model_copy(update={"tools": (TOOL,), "params": {**plain.params, "tool_choice": "required"}})
        )
        assert called.leader is not None
        (call,) = called.leader.message.tool_calls
        assert call.name == "find"
        assert isinstance(json.loads(call.arguments)["id"], int)


def _dataset(examples: list[Example]) -> Dataset:
    return Dataset(id="d", task_id="t", rows=(), content_hash="h", seed=0)
